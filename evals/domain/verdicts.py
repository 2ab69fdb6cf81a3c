"""From judged criteria to a verdict, from verdicts to an exit status, and both in plain words."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from evals.domain.attempts import AttemptMetric
from evals.domain.bars import CriterionResult, CriterionState
from evals.domain.measured import COST_PER_ACCEPTED, COSTS, ERROR_RATE, SPEED_QUANTILES
from evals.domain.metrics import COST_PER_1K, Metric, RunFacts
from evals.domain.specs import Comparator

PLAIN_BELOW = 1000  # from here on seconds and dollars are whole, with thousands apart


class Verdict(StrEnum):
    """What the evidence says about one candidate, or about the whole question."""

    GO = "go"
    NO_GO = "no_go"
    UNDECIDED = "undecided"


class Standing(NamedTuple):
    """One candidate as the overall verdict sees it; the incumbent has no verdict."""

    is_open: bool
    is_incumbent: bool
    verdict: Verdict | None


Key = tuple[str, tuple[tuple[str, str], ...]]
Figures = Mapping[Key, Metric]
EXIT_STATUS = {Verdict.GO: 0, Verdict.NO_GO: 1, Verdict.UNDECIDED: 2}
WORDS = {Verdict.GO: "GO", Verdict.NO_GO: "NO-GO", Verdict.UNDECIDED: "UNDECIDED"}
LABELS = {
    "latency_p50_seconds": "p50 latency",
    "latency_p95_seconds": "p95 latency",
    "latency_p99_seconds": "p99 latency",
    "ttft_p50_seconds": "p50 time to first token",
    "ttft_p95_seconds": "p95 time to first token",
    "ttft_p99_seconds": "p99 time to first token",
    COST_PER_1K: "cost per 1,000 tasks",
    COST_PER_ACCEPTED: "cost per accepted answer",
    ERROR_RATE: "error rate",
}


def decide(results: Sequence[CriterionResult]) -> Verdict:
    """Return GO if every required criterion is met, NO-GO if one is missed, else UNDECIDED.

    Advisory criteria never decide, and without a required one there is nothing to clear.
    """
    states = [result.state for result in results if result.criterion.required]
    if CriterionState.MISSED in states:
        return Verdict.NO_GO
    if states and all(state is CriterionState.MET for state in states):
        return Verdict.GO
    return Verdict.UNDECIDED


def overall(candidates: Sequence[Standing], *, require_all: bool = False) -> Verdict:
    """Return the verdict on the whole question: can the task move to an open model?

    The open candidates other than the incumbent count; where there is none, all others do.
    One GO is enough and only NO-GO everywhere is NO-GO; with `require_all` every one has to
    be GO and a single NO-GO is NO-GO. A candidate without a verdict is undecided.
    """
    others = [candidate for candidate in candidates if not candidate.is_incumbent]
    counted = [candidate for candidate in others if candidate.is_open] or others
    if not counted:
        return Verdict.UNDECIDED
    enough, too_much = (all, any) if require_all else (any, all)
    if enough(candidate.verdict is Verdict.GO for candidate in counted):
        return Verdict.GO
    if too_much(candidate.verdict is Verdict.NO_GO for candidate in counted):
        return Verdict.NO_GO
    return Verdict.UNDECIDED


def exit_status(candidates: Sequence[Standing], *, require_all: bool) -> int:
    """Return the command's exit status: 0 for GO, 1 for NO-GO, 2 for UNDECIDED."""
    return EXIT_STATUS[overall(candidates, require_all=require_all)]


def sentence(
    *,
    name: str,
    verdict: Verdict | None,
    results: Sequence[CriterionResult],
    figures: Sequence[Metric],
    facts: RunFacts,
) -> str:
    """Return the verdict on one candidate in one plain sentence, without a full stop.

    GO names every required criterion, NO-GO those that are missed, UNDECIDED what is missing.
    The incumbent (`verdict` None) is described. Intervals are two-sided 95 %.

    Args:
        name: The candidate's.
        verdict: As decided; None for the incumbent.
        results: Of every criterion.
        figures: What was measured, with intervals; a difference from the incumbent as `against`.
        facts: For what is missing.
    """
    known = {_key(figure): figure for figure in figures}
    required = [result for result in results if result.criterion.required]
    if verdict is None:
        return f"Incumbent: {name} has {_described(required, figures)}"
    if verdict is Verdict.GO:
        parts = [_met(result, known, is_alone=len(required) == 1) for result in required]
    elif verdict is Verdict.NO_GO:
        missed = [result for result in required if result.state is CriterionState.MISSED]
        parts = [f"misses {_against(result, known)}" for result in missed]
    else:
        parts = _doubts(required, known, facts)
    return f"{WORDS[verdict]}: {name} {'; '.join(parts)}"


def against(metric: str) -> str:
    """Return the name of a metric's difference from the incumbent."""
    return f"{metric} against the incumbent"


def _key(figure: Metric) -> Key:
    return figure.metric, _items(figure.slice)


def _items(wanted: Mapping[str, str] | None) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((wanted or {}).items()))


def _described(results: Sequence[CriterionResult], figures: Sequence[Metric]) -> str:
    """Return the incumbent's figures; its first score where the bar compares others with it."""
    known = {_key(figure): figure for figure in figures}
    alone = [r for r in results if not r.criterion.is_paired and r.value is not None]
    if alone:
        return "; ".join(f"{_label(result)} {_figure(result, known)}" for result in alone)
    scores = [f for f in figures if f.slice is None and f.metric not in LABELS]
    first = next((f for f in scores if f.value is not None), None)
    return "no figure yet" if first is None else f"{first.metric} {_brackets(first)}"


def _brackets(score: Metric) -> str:
    """Return a score as "0.882 [0.861, 0.901], n = 820"."""
    interval = "" if score.low is None else f" [{score.low:.3f}, {score.high:.3f}]"
    return f"{score.value:.3f}{interval}, n = {score.n:,}"


def _met(result: CriterionResult, figures: Figures, *, is_alone: bool) -> str:
    """Return "clears 0.85 with 0.882 [0.861, 0.901], n = 820" and its like."""
    threshold, figure = _threshold(result), _figure(result, figures)
    if result.criterion.is_paired:
        return f"stays within {threshold} of the incumbent in {_label(result)} with {figure}"
    if result.criterion.comparator is Comparator.AT_MOST:
        return f"keeps {_label(result)} within {threshold} with {figure}"
    is_plain = not result.criterion.slice and AttemptMetric.of(result.criterion.metric) is None
    label = "" if is_alone and is_plain else f"{_label(result)} "
    return f"clears {label}{threshold} with {figure}"


def _against(result: CriterionResult, figures: Figures) -> str:
    """Return "exact_match at least 0.85 with 0.71 [0.68, 0.74], n = 820" and its like."""
    wanted = result.criterion.comparator.replace("_", " ")
    limit = _threshold(result) + (" of the incumbent" if result.criterion.is_paired else "")
    return f"{_label(result)} {wanted} {limit} with {_figure(result, figures)}"


def _doubts(required: Sequence[CriterionResult], figures: Figures, facts: RunFacts) -> list[str]:
    if not facts.counts.judged:
        return ["has no verdict yet, nothing was judged"]
    if not required:
        return ["cannot be decided, the bar has no required criterion"]
    unsettled = [result for result in required if result.state is CriterionState.UNSETTLED]
    doubts = [_doubt(result, figures) for result in unsettled]
    if gap := facts.missing + facts.counts.unscored:
        doubts.append(f"{gap:,} of {facts.planned:,} planned trials count against it unscored")
    return doubts


def _doubt(result: CriterionResult, figures: Figures) -> str:
    if result.value is None:
        return f"has an unknown {_label(result)}"
    unsettled = f"does not settle {_against(result, figures)}"
    if result.samples_needed is None:
        return f"{unsettled}, and more samples alone would not"
    return f"{unsettled}, about {result.samples_needed:,} more samples would"


def _label(result: CriterionResult) -> str:
    label = LABELS.get(result.criterion.metric, result.criterion.metric)
    wanted = ", ".join(f"{column}: {value}" for column, value in _items(result.criterion.slice))
    return f"{label} ({wanted})" if wanted else label


def _threshold(result: CriterionResult) -> str:
    threshold = result.criterion.threshold
    if result.criterion.metric in LABELS:
        return _with_unit(_shown(threshold, result), result)
    return f"{threshold:g}"


def _figure(result: CriterionResult, figures: Figures) -> str:
    """Return "0.882 [0.861, 0.901], n = 820", without brackets where the interval is unknown."""
    criterion = result.criterion
    name = against(criterion.metric) if criterion.is_paired else criterion.metric
    metric = figures.get((name, _items(criterion.slice)))
    if metric is None or metric.value is None:
        if result.value is None:
            return f"an unknown value, n = {result.n:,}"
        return f"{_with_unit(_shown(result.value, result), result)}, n = {result.n:,}"
    value = _with_unit(_shown(metric.value, result), result)
    if metric.low is None or metric.high is None:
        return f"{value}, n = {metric.n:,}"
    low, high = _shown(metric.low, result), _shown(metric.high, result)
    return f"{value} [{low}, {high}], n = {metric.n:,}"


def _with_unit(number: str, result: CriterionResult) -> str:
    if result.criterion.metric in SPEED_QUANTILES:
        return f"{number} s"
    return f"${number}" if result.criterion.metric in COSTS else number


def _shown(number: float, result: CriterionResult) -> str:
    """Return a rate with three decimals, seconds with three digits, dollars with their cents."""
    if result.criterion.metric not in LABELS:
        return f"{number:.3f}"
    if number >= PLAIN_BELOW:
        return f"{number:,.0f}"
    if result.criterion.metric in COSTS and number >= 1:
        return f"{number:.2f}"
    return f"{Decimal(f'{number:.3g}'):f}"
