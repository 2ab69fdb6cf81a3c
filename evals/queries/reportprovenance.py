"""The second part of a report: from what, with what and by whom everything was made."""

from evals.domain.reportdocuments import Fact, Section, Table
from evals.domain.seals import digest
from evals.domain.specidentity import part_identity
from evals.domain.specs import CandidateSpec
from evals.queries import figures
from evals.queries.candidaterows import in_order
from evals.queries.outcomes import SERVED, Outcome, Results

TRIALS = ("ok", "no_answer", "model_error", "infra_error", "scorer_error", "skipped")


def provenance(results: Results) -> tuple[Section, ...]:
    """Return what somebody needs who wants to do it all again."""
    return (_grounds(results), _candidates(results))


def _grounds(results: Results) -> Section:
    evaluation, plan = results.evaluation, results.spec.plan
    version, ended = evaluation.version, evaluation.finished_at
    return Section(
        key="provenance",
        title="What it rests on",
        facts=(
            Fact(label="Evaluation", value=f"{evaluation.number}"),
            Fact(
                label="Eval set",
                value=f"v{version.number}, {figures.plural(version.sample_count, 'sample')}",
                note=f"SHA-256 {version.sha256}",
            ),
            Fact(label="Bar", value=f"v{evaluation.bar.number}"),
            Fact(
                label="Scorers",
                value=", ".join(scorer.name for scorer in results.spec.scorers),
                note=f"v{evaluation.scorer_set.number}",
            ),
            Fact(
                label="Plan",
                value=f"seed {plan.seed}, {figures.plural(plan.epochs, 'epoch')}",
                note="stops when settled" if plan.stop_early else "read once, at the end",
            ),
            Fact(label="Started", value=figures.moment(evaluation.created_at)),
            Fact(label="Ended", value=figures.moment(ended) if ended else "not yet"),
        ),
    )


def _candidates(results: Results) -> Section:
    outcomes = in_order(results)
    return Section(
        key="raw",
        title="Every candidate, as asked",
        tables=(
            Table(
                title="Model, host and harness",
                columns=("Candidate", "Model", "Revision", "Served by", "Harness", "Price"),
                rows=tuple(_asked(outcome.spec) for outcome in outcomes),
            ),
            Table(
                title="Raw counts of trials",
                columns=("Candidate", *(state.replace("_", " ") for state in TRIALS)),
                rows=tuple(_counts(outcome) for outcome in outcomes),
                numeric=tuple(range(1, len(TRIALS) + 1)),
            ),
        ),
    )


def _asked(spec: CandidateSpec) -> tuple[str, ...]:
    return (
        spec.name,
        spec.model.id,
        spec.model.revision or "not pinned",
        SERVED.get(spec.endpoint.kind) or spec.endpoint.base_url or spec.endpoint.kind.value,
        digest(part_identity(spec.harness))[:12],
        _price(spec),
    )


def _price(spec: CandidateSpec) -> str:
    price = spec.price
    if price is None:
        return "unknown"
    named = {
        "input": price.input_usd_per_mtok,
        "output": price.output_usd_per_mtok,
        "request": price.usd_per_request,
        "hour": price.usd_per_hour,
    }
    known = [f"{figures.usd(usd)} {name}" for name, usd in named.items() if usd is not None]
    return ", ".join(known)


def _counts(outcome: Outcome) -> tuple[str, ...]:
    trials = outcome.document["trials"]
    return (outcome.spec.name, *(figures.count(trials[state]) for state in TRIALS))
