"""What an evaluation can show about each line of its bar, in words and small tables."""

from dataclasses import dataclass

from evals.domain.evaluationplan import EvaluationPlan, Resolution, UnknownResolution
from evals.domain.measured import SPEED_QUANTILES
from evals.domain.pairedresolution import AssumedDiscordance, PairedResolution
from evals.domain.planrows import RowGroup
from evals.domain.power import resolution_sentence
from evals.domain.rateresolution import AssumedRate, RateResolution
from evals.domain.specs import Comparator, CriterionSpec
from evals.queries import figures

SIGNS = {Comparator.AT_LEAST: "≥", Comparator.AT_MOST: "≤"}
MILLION = "over a million"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCriterion:
    """One line of the bar: what can be told in a sentence, and a table for assumed truths."""

    title: str
    is_advisory: bool
    sentence: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def plan_criterion(resolution: Resolution, plan: EvaluationPlan) -> PlanCriterion:
    """Return what the evaluation can show about one line of the bar."""
    criterion = resolution.criterion
    title, is_advisory = criterion_title(criterion), criterion.advisory
    if isinstance(resolution, UnknownResolution):
        sentence = "How sure this will be hangs on how much costs vary, which nobody knows yet."
        return PlanCriterion(title=title, is_advisory=is_advisory, sentence=sentence)
    stops = plan.terms.stop_early
    if isinstance(resolution, PairedResolution):
        columns, rows = _paired_table(resolution, stops=stops)
        sentence = _paired_sentence(resolution)
    else:
        columns, rows = _rate_table(resolution, stops=stops)
        sentence = _rate_sentence(resolution)
    return PlanCriterion(
        title=title, is_advisory=is_advisory, sentence=sentence, columns=columns, rows=rows
    )


def criterion_title(criterion: CriterionSpec) -> str:
    """Return "exact match ≥ 0.85, channel phone" and its like."""
    limit = figures.threshold(criterion.metric, criterion.threshold)
    label = figures.metric_label(criterion.metric)
    if criterion.comparator is Comparator.WITHIN:
        title = f"{label} within {limit} of the incumbent"
    else:
        title = f"{label} {SIGNS[criterion.comparator]} {limit}"
    parts = (f"{column} {value}" for column, value in (criterion.slice or {}).items())
    return ", ".join((title, *parts))


def assumed_truth(resolution: RateResolution | PairedResolution) -> str:
    """Return "has a true rate of 0.9 (exact match ≥ 0.85)" and its like: the expected case."""
    if isinstance(resolution, PairedResolution):
        return f"equals the incumbent, with {_percent(resolution.expected.discordance)} differing"
    title, rate = criterion_title(resolution.criterion), resolution.expected.rate
    if _is_latency(resolution):
        return f"has {_share(rate, resolution)} of answers in time ({title})"
    return f"has a true rate of {rate:g} ({title})"


def counted(group: RowGroup) -> str:
    """Return "180 rows" or "40 clusters (180 rows)"."""
    rows = figures.plural(group.samples, "row")
    if group.clusters is None:
        return rows
    return f"{figures.plural(group.clusters, 'cluster')} ({rows})"


def resolution_words(group: RowGroup, rate: float) -> str:
    """Return "With 180 rows you can tell ±6 points" for what counts in the group."""
    noun = "row" if group.clusters is None else "cluster"
    return resolution_sentence(group.independent, rate=rate, noun=noun)


def _rate_sentence(resolution: RateResolution) -> str:
    if not resolution.n:
        return "No row is in this slice."
    noun, passing, truth = _words(resolution)
    n = figures.plural(resolution.n, noun)
    if resolution.detectable is None or resolution.gap is None:
        least = resolution.all_pass
        needed = "" if least is None else f": {least:,}, all {passing}, is the least"
        return f"Nothing can meet this with {n}{needed}."
    side = "or less" if _is_at_most_score(resolution.criterion) else "or more"
    found = truth.format(_share(resolution.detectable, resolution))
    return (
        f"Smallest gap that {n} can tell: {_points(resolution.gap)} "
        f"({found} {side} is GO in 80 % of the cases)."
    )


def _words(resolution: RateResolution) -> tuple[str, str, str]:
    """Return what is counted, what it does when it is good, and how the truth is put."""
    if _is_latency(resolution):
        return "answer", "in time", "{} of answers in time"
    noun = "row" if resolution.group.clusters is None else "cluster"
    passing = "0" if _is_at_most_score(resolution.criterion) else "passing"
    return noun, passing, "a true rate of {}"


def _share(rate: float, resolution: RateResolution) -> str:
    return f"{100 * rate:.1f} %" if _is_latency(resolution) else f"{rate:.3f}"


def _paired_sentence(resolution: PairedResolution) -> str:
    smallest = resolution.expected.smallest_margin
    if smallest is None:
        return "No row is in this slice."
    differ = _percent(resolution.expected.discordance)
    return (
        f"Smallest margin that {counted(resolution.group)} can show: {_points(smallest)}, if the "
        f"two are equally good and differ on {differ} of the rows."
    )


def _rate_table(
    resolution: RateResolution, *, stops: bool
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    first = "If in time" if _is_latency(resolution) else "If the true rate is"
    columns = [first, "GO", "NO-GO", "UNDECIDED", "Needed for 80 %"]
    columns += ["Read on average", "Wald's floor", "Ratio"] if stops else []
    rows = tuple(_rate_row(resolution, assumed, stops=stops) for assumed in resolution.assumed)
    return tuple(columns), rows


def _rate_row(resolution: RateResolution, assumed: AssumedRate, *, stops: bool) -> tuple[str, ...]:
    rate = _share(assumed.rate, resolution) if _is_latency(resolution) else f"{assumed.rate:g}"
    chances = (_chance(each) for each in (assumed.go, assumed.no_go, assumed.undecided))
    cells = (rate, *chances, _needed(assumed, resolution))
    return (*cells, *_stopping(assumed)) if stops else cells


def _stopping(assumed: AssumedRate) -> tuple[str, ...]:
    ratio = figures.UNKNOWN if assumed.ratio is None else f"{assumed.ratio:.2f}"
    return (_mean(assumed.mean_samples), _mean(assumed.floor), ratio)


def _needed(assumed: AssumedRate, resolution: RateResolution) -> str:
    if assumed.samples is not None:
        return figures.count(assumed.samples)
    is_better = (assumed.rate - resolution.share) * _direction(resolution.criterion) > 0
    return MILLION if is_better else "no number"


def _paired_table(
    resolution: PairedResolution, *, stops: bool
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    margins = tuple(f"Margin {margin:g}" for margin, _ in resolution.assumed[0].margins)
    columns = ["If they differ on", "Smallest margin", *margins]
    columns += ["GO", "Read on average"] if stops else []
    return tuple(columns), tuple(_paired_row(each, stops=stops) for each in resolution.assumed)


def _paired_row(assumed: AssumedDiscordance, *, stops: bool) -> tuple[str, ...]:
    samples = (
        MILLION if needed is None else figures.count(needed) for _, needed in assumed.margins
    )
    smallest = assumed.smallest_margin
    shown = figures.UNKNOWN if smallest is None else f"{smallest:.3f}"
    cells = (_percent(assumed.discordance), shown, *samples)
    if not stops:
        return cells
    return (*cells, _chance(assumed.go), _mean(assumed.mean_samples))


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _points(gap: float) -> str:
    """Return "3.4 points"."""
    return f"{100 * gap:.1f} points"


def _chance(chance: float | None) -> str:
    if chance is None:
        return figures.UNKNOWN
    if chance > 0.995:  # noqa: PLR2004 - rounds to certainty
        return "over 99 %"
    return "under 1 %" if chance < 0.005 else f"{100 * chance:.0f} %"  # noqa: PLR2004


def _mean(samples: float | None) -> str:
    return figures.UNKNOWN if samples is None else f"{samples:,.0f}"


def _is_latency(resolution: RateResolution) -> bool:
    return resolution.criterion.metric in SPEED_QUANTILES


def _is_at_most_score(criterion: CriterionSpec) -> bool:
    return criterion.comparator is Comparator.AT_MOST and criterion.metric not in SPEED_QUANTILES


def _direction(criterion: CriterionSpec) -> int:
    return -1 if _is_at_most_score(criterion) else 1
