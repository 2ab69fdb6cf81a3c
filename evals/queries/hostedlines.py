"""A hosting plan in words and figures: what it takes, what it costs, where it meets the API."""

from dataclasses import dataclass, replace
from decimal import Decimal

from evals.domain.costs import summarise_costs
from evals.domain.hardware import Hardware, PriceBasis, usd_per_hour
from evals.domain.hostedcosts import CurvePoint, HostedCost, hosted_cost, tasks_per_hour
from evals.domain.hosting import Fleet
from evals.domain.specs import TaskSpec
from evals.queries import figures
from evals.queries.hardwarepages import per_hour, per_hour_owned
from evals.queries.hosting import Hosting
from evals.queries.memorylines import MemoryLine, memory_line

BASES = {
    PriceBasis.ON_DEMAND: "on demand",
    PriceBasis.SPOT: "spot",
    PriceBasis.PURCHASE: "bought",
}
PER_THOUSAND = 1000
DIGITS = 3


class UncostedError(Exception):
    """A plan that cannot be costed; the message is a sentence that says why."""


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
    break_even_load: str = ""
    curve: tuple[CurveLine, ...] = ()
    series: tuple[CurvePoint, ...] = ()


def hosted_line(candidate_id: int, name: str, hosting: Hosting, grounds: CostGrounds) -> HostedLine:
    """Return a candidate's hosting plan as it is shown."""
    start = HostedLine(
        candidate_id=candidate_id,
        name=name,
        hardware=hosting.hardware.name if hosting.hardware else hosting.plan.hardware_key,
        terms=_terms(hosting),
        basis=_basis(hosting),
        is_estimated=hosting.measured is None,
        problem="",
        memory=memory_line(hosting),
    )
    try:
        fleet = _fleet(hosting, grounds.tokens_per_task)
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


def _fleet(hosting: Hosting, tokens_per_task: Decimal | None) -> Fleet:
    plan = hosting.plan
    return Fleet(
        usd_per_hour=_rate(hosting),
        gpus_per_replica=plan.gpus_per_replica,
        tasks_per_hour=_throughput(hosting, tokens_per_task),
        utilisation=plan.utilisation,
        spare_gpus=plan.spare_gpus,
        operations_share=plan.operations_share,
        marginal_usd_per_task=plan.marginal_usd_per_1k_tasks / PER_THOUSAND,
    )


def _rate(hosting: Hosting) -> Decimal:
    row, basis = hosting.hardware, hosting.plan.basis
    if row is None:
        raise UncostedError(f"“{hosting.plan.hardware_key}” is off your list of hardware.")
    rate = usd_per_hour(row, basis)
    if rate is None and basis is PriceBasis.PURCHASE:
        raise UncostedError(f"What an hour of {row.name} costs is {per_hour_owned(row)}.")
    if rate is None:
        raise UncostedError(f"What an hour of {row.name} costs, {BASES[basis]}, is unknown.")
    return rate


def _throughput(hosting: Hosting, tokens_per_task: Decimal | None) -> Decimal:
    measured, assumed = hosting.measured, hosting.plan.assumed_tokens_per_second
    if measured and measured.best:
        return measured.best.tasks_per_hour
    if measured:
        raise UncostedError(
            f"No level of the throughput test of {figures.date(measured.on)} kept to the latency "
            "bar, so what this hardware answers in time is unknown."
        )
    if assumed is None:
        raise UncostedError(
            "Its throughput is unknown: measure it, or suppose tokens a second in the plan."
        )
    if not tokens_per_task:
        raise UncostedError(
            "The tokens of a task are unknown, so tokens a second say nothing of tasks an hour."
        )
    return tasks_per_hour(assumed, tokens_per_task)


def _terms(hosting: Hosting) -> str:
    plan, row = hosting.plan, hosting.hardware
    rate = None if row is None else usd_per_hour(row, plan.basis)
    return f"{BASES[plan.basis]} {_hourly(row, plan.basis, rate)}"


def _hourly(row: Hardware | None, basis: PriceBasis, rate: Decimal | None) -> str:
    if rate is not None and basis is PriceBasis.PURCHASE:
        return f"{figures.usd(rate)} / h"
    dated = f" as of {row.dated_on.day} {row.dated_on:%b %Y}" if row and row.dated_on else ""
    return f"{per_hour(rate)}{dated}"


def _basis(hosting: Hosting) -> str:
    measured, assumed = hosting.measured, hosting.plan.assumed_tokens_per_second
    if measured is None:
        if assumed is None:
            return "not measured"
        return f"est.: {assumed.normalize():,f} tokens/s supposed, until it is measured"
    if measured.best is None:
        return f"measured {figures.date(measured.on)}: no level within the latency bar"
    best = measured.best
    return (
        f"measured {figures.date(measured.on)}: {best.tasks_per_hour:,.0f} tasks/h at "
        f"{best.concurrency} at once, p95 {figures.seconds(best.p95_seconds)}"
    )


def _costed(
    start: HostedLine, hosting: Hosting, cost: HostedCost, grounds: CostGrounds
) -> HostedLine:
    month, plan = cost.month, hosting.plan
    spare = f" + {plan.spare_gpus} spare" if plan.spare_gpus else ""
    used = month.replicas * plan.gpus_per_replica if month else 0
    return replace(
        start,
        costs=cost_texts(
            month.usd_per_task if month else None, month.usd if month else None, grounds
        ),
        gpus=f"{used}{spare}" if month else figures.UNKNOWN,
        per_mtok=figures.usd(cost.usd_per_mtok),
        load=_percent(month.load) if month else figures.UNKNOWN,
        break_even=_break_even(cost, grounds),
        break_even_load=_break_even_load(cost, grounds),
        curve=tuple(_curve_line(point) for point in cost.curve),
        series=cost.curve,
    )


def _break_even(cost: HostedCost, grounds: CostGrounds) -> str:
    if grounds.api_usd_per_task is None:
        return _no_api(grounds)
    if cost.break_even_tasks is None:
        return f"never: dearer than {grounds.incumbent} at any volume"
    return f"about {_about(cost.break_even_tasks):,} a month"


def _break_even_load(cost: HostedCost, grounds: CostGrounds) -> str:
    if grounds.api_usd_per_task is None:
        return _no_api(grounds)
    if cost.break_even_load is None or cost.break_even_load > 1:
        return "never, not even at full use"
    return f"{_percent(cost.break_even_load)} of one replica"


def _no_api(grounds: CostGrounds) -> str:
    if not grounds.incumbent:
        return "unknown: no incumbent"
    return f"unknown, since the cost of {grounds.incumbent} is"


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
    scale = 10 ** max(0, len(str(volume)) - DIGITS)
    return -(-volume // scale) * scale


def _percent(share: Decimal) -> str:
    """Return "54 %", "3.2 %" or "under 0.1 %"."""
    per_cent = 100 * share
    if per_cent < Decimal("0.1"):
        return "under 0.1 %"
    return f"{per_cent:.1f} %" if per_cent < 10 else f"{per_cent:.0f} %"  # noqa: PLR2004
