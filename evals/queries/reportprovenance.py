"""The second part of a report: from what, with what and by whom everything was made."""

from collections.abc import Iterable, Sequence

from evals.domain.quantisations import quantisation_of
from evals.domain.reportdocuments import Fact, Section, Table
from evals.domain.seals import digest
from evals.domain.specidentity import part_identity
from evals.domain.specs import CandidateSpec, EndpointKind, PriceSpec
from evals.queries import figures
from evals.queries.candidaterows import in_order
from evals.queries.outcomes import SERVED, Outcome, Results

TRIALS = ("ok", "no_answer", "model_error", "infra_error", "scorer_error", "skipped")
SHOWN_OF_HASH = 16
IN_WORKER = (EndpointKind.OPENVINO, EndpointKind.HF, EndpointKind.VLLM, EndpointKind.LM_EVAL)


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
            Fact(label="Judge", value="none", note="no model scored the answers"),
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
            _table(
                "Model and host",
                ("Candidate", "Model", "Revision", "Quantisation", "Served by"),
                (_served(outcome.spec) for outcome in outcomes),
            ),
            _table(
                "Harness",
                ("Candidate", "Harness SHA-256", "Prompt SHA-256", "Decoding"),
                (_asked(outcome.spec) for outcome in outcomes),
            ),
            _table(
                "Price snapshot",
                ("Candidate", "Price", "Source", "As of"),
                (_priced(outcome) for outcome in outcomes),
            ),
            _table(
                "Raw counts of trials",
                ("Candidate", *(state.replace("_", " ") for state in TRIALS)),
                (_counts(outcome) for outcome in outcomes),
                numeric=tuple(range(1, len(TRIALS) + 1)),
            ),
        ),
    )


def _table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[tuple[str, ...]],
    numeric: tuple[int, ...] = (),
) -> Table:
    return Table(title=title, columns=tuple(columns), rows=tuple(rows), numeric=numeric)


def _served(spec: CandidateSpec) -> tuple[str, ...]:
    endpoint = spec.endpoint
    host = SERVED.get(endpoint.kind) or endpoint.base_url or endpoint.kind.value
    if endpoint.kind in IN_WORKER:
        host += f" ({endpoint.device})" if endpoint.kind is not EndpointKind.OPENVINO else ""
    else:
        host += f", at most {endpoint.concurrency} at once"
    return (
        spec.name,
        spec.model.id,
        spec.model.revision or "not pinned",
        quantisation_of(spec) or "not known",
        host,
    )


def _asked(spec: CandidateSpec) -> tuple[str, ...]:
    harness = spec.harness
    prompt = digest({"system": harness.system, "prompt": harness.prompt})
    heat = "the vendor's own" if harness.temperature is None else f"{harness.temperature:g}"
    settings = {
        "temperature": heat,
        "max tokens": harness.max_tokens,
        "top p": harness.top_p,
        "seed": harness.seed,
        "stop": len(harness.stop) or None,
    }
    said = ", ".join(f"{name} {value}" for name, value in settings.items() if value is not None)
    whole = digest(part_identity(harness))
    return (spec.name, whole[:SHOWN_OF_HASH], prompt[:SHOWN_OF_HASH], said)


def _priced(outcome: Outcome) -> tuple[str, ...]:
    known = outcome.document["cost"]["price"] or {}
    source = known.get("source") or ("the candidate's own" if outcome.spec.price else "unknown")
    return (
        outcome.spec.name,
        _price(outcome.spec.price),
        source,
        known.get("dated_on") or "no date",
    )


def _price(price: PriceSpec | None) -> str:
    if price is None:
        return "unknown"
    named = {
        "/Mtok in": price.input_usd_per_mtok,
        "/Mtok out": price.output_usd_per_mtok,
        "/Mtok cached": price.cached_input_usd_per_mtok,
        " a request": price.usd_per_request,
        " an hour": price.usd_per_hour,
    }
    known = [f"{figures.usd(usd)}{unit}" for unit, usd in named.items() if usd is not None]
    tiers = f"{figures.plural(len(price.tiers), 'dearer tier')}" if price.tiers else ""
    return ", ".join([*filter(None, (price.gpu, price.catalogue)), *known, *filter(None, (tiers,))])


def _counts(outcome: Outcome) -> tuple[str, ...]:
    trials = outcome.document["trials"]
    return (outcome.spec.name, *(figures.count(trials[state]) for state in TRIALS))
