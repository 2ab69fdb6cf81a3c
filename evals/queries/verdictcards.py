"""A candidate's verdict as people read it: the answer first, then what it rests on."""

from dataclasses import dataclass

from evals.domain.bars import CriterionState
from evals.domain.metrics import COST_PER_1K, LATENCY_QUANTILES
from evals.domain.specs import Comparator, CriterionSpec
from evals.domain.verdicts import Verdict
from evals.queries import figures
from evals.queries.outcomes import CandidateName, Outcome, Results, lines_of
from evals.queries.results import Document

SIGNS = {Comparator.AT_LEAST: "≥", Comparator.AT_MOST: "≤"}
P95 = "latency_p95_seconds"
ORDER = (Verdict.GO.value, Verdict.UNDECIDED.value, Verdict.NO_GO.value, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One of the three figures beside a verdict."""

    label: str
    value: str
    note: str
    is_estimated: bool = False
    is_simulated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BarLine:
    """One line of the bar as a candidate stands against it."""

    text: str
    is_advisory: bool
    state: str
    value: str
    bound: str
    n: str
    method: str
    probability: str


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


def bar_lines(results: Results, outcome: Outcome) -> tuple[BarLine, ...]:
    """Return every line of the bar with the candidate's value, bound and state."""
    return tuple(_bar_line(criterion, line) for criterion, line in lines_of(results, outcome))


def criterion_text(criterion: CriterionSpec) -> str:
    """Return "exact match ≥ 0.85"."""
    limit = figures.threshold(criterion.metric, criterion.threshold)
    return f"{figures.metric_label(criterion.metric)} {SIGNS[criterion.comparator]} {limit}"


def _card(results: Results, outcome: Outcome) -> VerdictCard:
    return VerdictCard(
        verdict=outcome.verdict,
        run_id=outcome.run.pk,
        candidate=outcome.name,
        headline=_headline(results, outcome),
        evidence=_evidence(results, outcome),
        facts=(
            _against(results, outcome),
            _monthly(results, outcome),
            _latency(results, outcome),
        ),
        changes=tuple(_changes(results, outcome)),
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
    bound = _bound(criterion, line).removeprefix("bound ")
    return (
        f"{interval}n = {line['n']:,} of {results.planned:,}. "
        f"Decided by the {method} ({bound}), alpha {results.spec.plan.alpha:g}."
    )


def _bound(criterion: CriterionSpec, line: Document) -> str:
    if line["bound"] is None:
        return "bound unknown"
    if criterion.metric in LATENCY_QUANTILES:
        limit = figures.threshold(criterion.metric, criterion.threshold)
        return f"{line['bound']:.1%} within {limit}".replace("%", " %")
    return f"bound {figures.metric_value(criterion.metric, line['bound'])}"


def _against(results: Results, outcome: Outcome) -> Fact:
    incumbent, paired = results.incumbent, outcome.document["paired"]
    if incumbent is None:
        return Fact(label="Against the incumbent", value=figures.UNKNOWN, note="no incumbent")
    label = f"Against {incumbent.spec.name}"
    if paired is None:
        return Fact(label=label, value=figures.UNKNOWN, note="no answers in common")
    interval = figures.difference_interval(paired["low"], paired["high"])
    return Fact(
        label=label,
        value=figures.difference(paired["difference"]),
        note=f"{interval + ', ' if interval else ''}paired",
        is_simulated=incumbent.spec.is_simulated or outcome.spec.is_simulated,
    )


def _monthly(results: Results, outcome: Outcome) -> Fact:
    cost, incumbent = outcome.document["cost"], results.incumbent
    instead = incumbent.document["cost"]["monthly_usd"] if incumbent else None
    if cost["per_1k_tasks_usd"] is None:
        note = "price unknown" if cost["price"] is None else "usage unknown"
    elif cost["monthly_usd"] is None:
        note = "no monthly volume is set"
    elif instead is None:
        note = "the incumbent's is unknown" if incumbent else ""
    else:
        note = f"instead of {figures.usd(instead)}"
    return Fact(
        label="Monthly cost",
        value=figures.usd(cost["monthly_usd"]),
        note=note,
        is_estimated=cost["estimated"] and cost["monthly_usd"] is not None,
        is_simulated=cost["monthly_usd"] is not None
        and (outcome.spec.is_simulated or bool(incumbent and incumbent.spec.is_simulated)),
    )


def _latency(results: Results, outcome: Outcome) -> Fact:
    p95 = outcome.estimate(P95)
    limits = [c.threshold for c in results.spec.bar if c.metric == P95]
    if limits:
        note = f"limit {figures.threshold(P95, limits[0])}"
    elif p95.value is None:
        note = "not known"
    else:
        note = "no limit is set"
    return Fact(
        label="p95 latency",
        value=figures.seconds(p95.value),
        note=note,
        is_simulated=outcome.spec.is_simulated and p95.value is not None,
    )


def _bar_line(criterion: CriterionSpec, line: Document) -> BarLine:
    chance = line.get("probability")
    return BarLine(
        text=criterion_text(criterion),
        is_advisory=criterion.advisory,
        state=line["state"],
        value=figures.metric_value(criterion.metric, line["value"]),
        bound="" if line["bound"] is None else _bound(criterion, line),
        n=figures.count(line["n"]),
        method=line["method"],
        probability="" if chance is None else _chance(criterion, chance),
    )


def _chance(criterion: CriterionSpec, chance: float) -> str:
    limit = figures.threshold(criterion.metric, criterion.threshold)
    return f"The chance that the true rate is at least {limit} is {figures.probability(chance)}."


def _changes(results: Results, outcome: Outcome) -> list[str]:
    """Return what would change the verdict, one sentence each."""
    changes = [
        said
        for criterion, line in lines_of(results, outcome)
        if criterion.required and (said := _change(criterion, line))
    ]
    if outcome.unscored:
        failed = figures.plural(outcome.unscored, "trial")
        changes.append(f"{failed} could not be scored and count against it: ask them again.")
    if missing := results.planned - outcome.done:
        changes.append(f"{figures.plural(missing, 'planned trial')} were never asked.")
    return changes


def _change(criterion: CriterionSpec, line: Document) -> str:
    label = figures.metric_label(criterion.metric)
    if line["state"] == CriterionState.UNSETTLED:
        return _more_samples(label, line)
    if line["bound"] is None or criterion.metric in LATENCY_QUANTILES:
        return ""
    bound = figures.metric_value(criterion.metric, line["bound"])
    is_at_least = criterion.comparator is Comparator.AT_LEAST
    noun = "limit" if criterion.metric == COST_PER_1K else "bar"
    if line["state"] == CriterionState.MET:
        side = "above" if is_at_least else "below"
        return f"A {noun} {side} {bound} for {label} would no longer be met by this evidence."
    side = "no higher than" if is_at_least else "no lower than"
    return f"A {noun} {side} {bound} for {label} would no longer be missed."


def _more_samples(label: str, line: Document) -> str:
    if line["value"] is None:
        return f"The {label} would have to be known."
    if line["samples_needed"] is None:
        return f"No number of further samples alone would settle {label}."
    more = figures.plural(line["samples_needed"], "more sample")
    return f"About {more} would settle {label}, if they go as these did."
