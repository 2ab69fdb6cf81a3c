"""What is wrong with a plan, said before it starts: rows that are too few, money that runs out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from evals.domain.evaluationplan import EvaluationPlan, Resolution, UnknownResolution
from evals.domain.measured import SPEED_QUANTILES
from evals.domain.pairedresolution import PairedResolution
from evals.domain.planrows import RowGroup
from evals.domain.power import POWER, power_warning
from evals.domain.rateresolution import RateResolution
from evals.domain.specs import Comparator, CriterionSpec

FEW_ROWS = 100  # in a slice
FEW_CLUSTERS = 40


@dataclass(frozen=True, slots=True)
class PlanWarning:
    """One thing that is wrong, in a sentence without a full stop; of a criterion or of all."""

    text: str
    criterion: CriterionSpec | None = None


def plan_warnings(plan: EvaluationPlan) -> tuple[PlanWarning, ...]:
    """Return everything that is wrong with a plan, the criteria in the order of the bar."""
    found = [
        PlanWarning(text, resolution.criterion)
        for resolution in plan.resolutions
        for text in _of_criterion(resolution, plan)
    ]
    return (*found, *(PlanWarning(text) for text in _of_plan(plan)))


def _of_criterion(resolution: Resolution, plan: EvaluationPlan) -> Iterator[str]:
    group, is_slice = resolution.group, resolution.criterion.slice is not None
    if not group.samples:
        yield "no row is in this slice, so nothing can meet it"
        return
    if is_slice and group.samples < FEW_ROWS:
        yield f"only {_rows(group.samples)} in this slice"
    if isinstance(resolution, UnknownResolution):
        yield from _unpriced(plan)
    elif isinstance(resolution, PairedResolution):
        yield from _narrow_margin(resolution, plan)
    elif text := _too_few(resolution, plan):
        yield text


def _of_plan(plan: EvaluationPlan) -> Iterator[str]:
    clusters = plan.rows.asked.clusters
    if clusters is not None and clusters < FEW_CLUSTERS:
        yield f"only {clusters} clusters: what they have in common counts as one observation each"
    if not any(each.criterion.required for each in plan.resolutions):
        yield "no criterion is required, so every verdict will be UNDECIDED"
    if text := ungated_latency(
        [each.criterion for each in plan.resolutions], is_interactive=plan.is_interactive
    ):
        yield text
    yield from _budget(plan)


def ungated_latency(bar: Sequence[CriterionSpec], *, is_interactive: bool | None) -> str:
    """Return that nothing stops slow answers in a task where somebody waits, "" where it does."""
    is_gated = any(line.required and line.metric in SPEED_QUANTILES for line in bar)
    if not is_interactive or is_gated:
        return ""
    return (
        "the task is interactive and no required line of its bar is about latency: however long "
        "people wait, that changes no verdict"
    )


def _unpriced(plan: EvaluationPlan) -> Iterator[str]:
    for candidate in plan.candidates:
        if candidate.expected.usd is None and not candidate.is_incumbent:
            yield f"the price of {candidate.name} is unknown, so it can never meet this"


def _narrow_margin(resolution: PairedResolution, plan: EvaluationPlan) -> Iterator[str]:
    if not plan.terms.has_incumbent:
        yield "there is no incumbent to compare with, so nothing can meet it"
        return
    expected, margin = resolution.expected, resolution.criterion.threshold
    smallest = expected.smallest_margin
    if smallest is None or smallest <= margin:
        return
    needed = resolution.samples(expected)
    takes = "no number of rows shows it"
    if needed is not None:
        takes = f"it takes about {_many(resolution.group, needed)}"
    differ = _percent(expected.discordance)
    yield (
        f"{_counted(resolution.group)} can show a margin of {smallest:.3f} at best if the two "
        f"differ on {differ} of the rows, and this one is {margin:g}: {takes}"
    )


def _too_few(resolution: RateResolution, plan: EvaluationPlan) -> str | None:
    """Return in one sentence that hopeful candidates will hardly be GO, None where they will."""
    criterion, terms = resolution.criterion, plan.terms
    is_score = criterion.metric not in SPEED_QUANTILES
    is_plain = is_score and criterion.comparator is Comparator.AT_LEAST
    if is_plain and resolution.share < 1 and terms.is_exact(criterion):
        return power_warning(resolution.n, bar=resolution.share, alpha=terms.go_alpha(criterion))
    counted = _counted(resolution.group) if is_score else _rows(resolution.n)
    if resolution.detectable is None:
        least = resolution.all_pass
        needed = "nothing can" if least is None else f"{least:,}, all of them good, is the least"
        return f"{counted} can never prove {resolution.share:g}: {needed}"
    expected = resolution.expected
    hopeless = abs(expected.rate - resolution.share) < abs(resolution.detectable - resolution.share)
    if expected.go >= POWER or not hopeless:
        return None
    return (
        f"{counted} are few for {resolution.share:g}: a candidate whose true rate is "
        f"{expected.rate:g} would be GO in {_percent(expected.go)} of the cases"
    )


def _budget(plan: EvaluationPlan) -> Iterator[str]:
    budget, expected = plan.budget_usd, plan.expected_usd
    if budget is None:
        return
    if expected is not None and expected > budget:
        yield (
            f"the budget of {_usd(budget)} is less than the expected {_usd(expected)}: about "
            f"{_percent(float(budget / expected))} of it would be asked"
        )
    elif plan.known_worst_usd > budget:
        yield f"at worst the evaluation pauses at its budget of {_usd(budget)}"


def _usd(amount: Decimal) -> str:
    return f"${amount:,.2f}" if amount >= 1 else f"${float(amount):.2g}"


def _counted(group: RowGroup) -> str:
    """Return "180 rows", or what counts in their place: "40 clusters"."""
    return _many(group, group.independent)


def _many(group: RowGroup, count: int) -> str:
    """Return so many of what counts in the group: clusters where there are some."""
    if group.clusters is None:
        return _rows(count)
    return "1 cluster" if count == 1 else f"{count:,} clusters"


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
