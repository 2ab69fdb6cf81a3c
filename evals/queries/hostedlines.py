"""A hosting plan in words and figures: what it takes, what it costs, where it meets the API."""

from dataclasses import dataclass, replace
from decimal import Decimal

from evals.domain.costs import summarise_costs
from evals.domain.hostedcosts import CurvePoint, HostedCost, hosted_cost
from evals.domain.specs import TaskSpec
from evals.queries import figures
from evals.queries.hostedfleets import UncostedError, basis_of, fleet_of, terms_of
from evals.queries.hosting import Hosting
from evals.queries.memorylines import MemoryLine, memory_line

PER_THOUSAND = 1000
DIGITS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CostGrounds:
    """What a plan is costed against; None is unknown.

    `accepted` of the `judged` answers were right. `volume` is the task's own of a month.
    """

    task: TaskSpec
    volume: int | None
    incumbent: str
    api_usd_per_task: Decimal | None
    tokens_per_task: Decimal | None
    judged: int
    accepted: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CostTexts:
    """One way to serve a candidate: its costs, ready to be shown."""

    per_task: str
    per_1k: str
    per_accepted: str
    monthly: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveLine:
    """One volume of the table; `mark` says that it is the task's own or the break-even."""

    volume: str
    api: str
    hosted: str
    gpus: str
    mark: str
    is_break_even: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedLine:
    """A plan's line. `problem` says why it has no costs. `series` is the table in plain values."""

    candidate_id: int
    name: str
    hardware: str
    terms: str
    basis: str
    is_estimated: bool
    problem: str
    memory: MemoryLine
    costs: CostTexts | None = None
    gpus: str = ""
    per_mtok: str = ""
    load: str = ""
    break_even: str = ""
    break_even_note: str = ""
    curve: tuple[CurveLine, ...] = ()
    series: tuple[CurvePoint, ...] = ()


def hosted_line(candidate_id: int, name: str, hosting: Hosting, grounds: CostGrounds) -> HostedLine:
    """Return a candidate's hosting plan as it is shown."""
    start = HostedLine(
        candidate_id=candidate_id,
        name=name,
        hardware=hosting.hardware.name if hosting.hardware else hosting.plan.hardware_key,
        terms=terms_of(hosting),
        basis=basis_of(hosting),
        is_estimated=hosting.measured is None,
        problem="",
        memory=memory_line(hosting),
    )
    try:
        fleet = fleet_of(hosting, grounds.tokens_per_task)
    except UncostedError as error:
        return replace(start, problem=str(error))
    cost = hosted_cost(
        fleet,
        volume=grounds.volume,
        api_usd_per_task=grounds.api_usd_per_task,
        tokens_per_task=grounds.tokens_per_task,
    )
    return _costed(start, hosting, cost, grounds)


def cost_texts(
    per_task: Decimal | None, monthly: Decimal | None, grounds: CostGrounds
) -> CostTexts:
    """Return the costs of one task, a thousand, an accepted answer and a month."""
    total = None if per_task is None else per_task * grounds.judged
    summary = summarise_costs(
        total, tasks=grounds.judged, accepted=grounds.accepted, task=grounds.task
    )
    return CostTexts(
        per_task=figures.usd(per_task),
        per_1k=figures.usd(None if per_task is None else PER_THOUSAND * per_task),
        per_accepted=figures.usd(summary.per_accepted_usd),
        monthly=figures.usd(monthly),
    )


def _costed(
    start: HostedLine, hosting: Hosting, cost: HostedCost, grounds: CostGrounds
) -> HostedLine:
    month, plan = cost.month, hosting.plan
    spare = f" + {plan.spare_gpus} spare" if plan.spare_gpus else ""
    used = month.replicas * plan.gpus_per_replica if month else 0
    even, note = _break_even(cost, grounds)
    return replace(
        start,
        costs=cost_texts(
            month.usd_per_task if month else None, month.usd if month else None, grounds
        ),
        gpus=f"{used}{spare}" if month else figures.UNKNOWN,
        per_mtok=figures.usd(cost.usd_per_mtok),
        load=_percent(month.load) if month else figures.UNKNOWN,
        break_even=even,
        break_even_note=note,
        curve=tuple(_curve_line(point) for point in cost.curve),
        series=cost.curve,
    )


def _break_even(cost: HostedCost, grounds: CostGrounds) -> tuple[str, str]:
    """Return the volume from which hosting pays, and what there is to say of it."""
    if grounds.api_usd_per_task is None:
        return "unknown", _no_api(grounds)
    if cost.break_even_tasks is None:
        return "never", f"dearer than {grounds.incumbent} at any volume"
    load = cost.break_even_load
    share = f", {_percent(load)} of one replica" if load is not None and load <= 1 else ""
    return f"{_about(cost.break_even_tasks):,}", f"tasks a month or more{share}"


def _no_api(grounds: CostGrounds) -> str:
    if not grounds.incumbent:
        return "there is no incumbent to hold it against"
    return f"the cost of {grounds.incumbent} is unknown"


def _curve_line(point: CurvePoint) -> CurveLine:
    marks = [("yours", point.is_yours), ("break-even", point.is_break_even)]
    return CurveLine(
        volume=f"{point.tasks:,}",
        api=figures.usd(point.api_usd),
        hosted=figures.usd(point.hosted_usd),
        gpus=f"{point.gpus:,}",
        mark=", ".join(name for name, holds in marks if holds),
        is_break_even=point.is_break_even,
    )


def _about(volume: int) -> int:
    """Return a volume to three digits that count, rounded up: no estimate knows more."""
    scale: int = 10 ** max(0, len(str(volume)) - DIGITS)
    return -(-volume // scale) * scale


def _percent(share: Decimal) -> str:
    """Return "54 %", "3.2 %" or "under 0.1 %"."""
    per_cent = 100 * share
    if per_cent < Decimal("0.1"):
        return "under 0.1 %"
    return f"{per_cent:.1f} %" if per_cent < 10 else f"{per_cent:.0f} %"  # noqa: PLR2004
