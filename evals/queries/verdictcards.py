"""A candidate's verdict as people read it: the answer first, then what it rests on."""

from dataclasses import dataclass

from evals.domain.bars import CriterionState
from evals.domain.specs import Comparator, CriterionSpec
from evals.domain.verdicts import Verdict
from evals.queries import figures
from evals.queries.barlines import bound_text
from evals.queries.outcomes import CandidateName, Outcome, Results, lines_of
from evals.queries.results import Document
from evals.queries.verdictchanges import changes_of
from evals.queries.verdictfacts import Fact, verdict_facts

ORDER = (Verdict.GO.value, Verdict.UNDECIDED.value, Verdict.NO_GO.value, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictCard:
    """The answer for one candidate."""

    verdict: str
    run_id: int
    candidate: CandidateName
    headline: str
    evidence: str
    facts: tuple[Fact, ...]
    changes: tuple[str, ...]
    stale_reason: str


def verdict_cards(results: Results) -> tuple[VerdictCard, ...]:
    """Return a card for each candidate but the incumbent, GO before UNDECIDED before NO-GO."""
    challengers = sorted(results.challengers, key=lambda o: ORDER.index(o.verdict))
    return tuple(_card(results, outcome) for outcome in challengers)


def _card(results: Results, outcome: Outcome) -> VerdictCard:
    return VerdictCard(
        verdict=outcome.verdict,
        run_id=outcome.run.pk,
        candidate=outcome.name,
        headline=_headline(results, outcome),
        evidence=_evidence(results, outcome),
        facts=verdict_facts(results, outcome),
        changes=tuple(changes_of(results, outcome)),
        stale_reason=outcome.stale_reason,
    )


def _deciding(results: Results, outcome: Outcome) -> tuple[CriterionSpec, Document] | None:
    """Return the line to name first: the first required one in the state that decided."""
    wanted = {
        Verdict.GO.value: CriterionState.MET.value,
        Verdict.NO_GO.value: CriterionState.MISSED.value,
    }.get(outcome.verdict, CriterionState.UNSETTLED.value)
    lines = [
        (criterion, line)
        for criterion, line in lines_of(results, outcome)
        if criterion.required and line["state"] == wanted
    ]
    return lines[0] if lines else None


def _headline(results: Results, outcome: Outcome) -> str:
    name, deciding = outcome.spec.name, _deciding(results, outcome)
    if not outcome.judged:
        return f"{name} has no answer to judge yet."
    if deciding is None:
        return f"{name} cannot be decided: the bar has no required criterion."
    criterion, line = deciding
    word = {Verdict.GO.value: "clears the bar", Verdict.NO_GO.value: "misses the bar"}
    start = f"{name} {word.get(outcome.verdict, 'is not settled')}"
    label = figures.metric_label(criterion.metric)
    if line["value"] is None:
        return f"{start}: its {label} is unknown."
    value = figures.metric_value(criterion.metric, line["value"])
    limit = figures.threshold(criterion.metric, criterion.threshold)
    if criterion.comparator is Comparator.AT_MOST:
        return f"{start}: {value} {label} against at most {limit} allowed."
    return f"{start}: {value} {label} against {limit} required."


def _evidence(results: Results, outcome: Outcome) -> str:
    deciding = _deciding(results, outcome)
    if deciding is None or deciding[1]["value"] is None:
        return f"{outcome.judged:,} of {results.planned:,} planned answers were judged."
    criterion, line = deciding
    estimate = outcome.estimate(criterion.metric)
    interval = ""
    if estimate.low is not None and estimate.high is not None:
        low = figures.metric_value(criterion.metric, estimate.low).removesuffix(" s")
        high = figures.metric_value(criterion.metric, estimate.high)
        interval = f"95 % interval {low} to {high}, "
    method = line["method"].partition(";")[0]
    bound = bound_text(criterion, line).removeprefix("bound ")
    return (
        f"{interval}n = {line['n']:,} of {results.planned:,}. "
        f"Judged by the {method} ({bound}), alpha {results.spec.plan.alpha:g}."
    )
