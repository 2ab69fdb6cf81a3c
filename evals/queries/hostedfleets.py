"""The fleet that a hosting plan makes, or why it cannot be costed, and what it rests on."""

from decimal import Decimal

from evals.domain.hardware import Hardware, PriceBasis, usd_per_hour
from evals.domain.hostedcosts import tasks_per_hour
from evals.domain.hosting import Fleet
from evals.queries import figures
from evals.queries.hardwarewords import per_hour, per_hour_owned
from evals.queries.hosting import Hosting

BASES = {
    PriceBasis.ON_DEMAND: "on demand",
    PriceBasis.SPOT: "spot",
    PriceBasis.PURCHASE: "bought",
}
PER_THOUSAND = 1000


class UncostedError(Exception):
    """A plan that cannot be costed; the message is a sentence that says why."""


def fleet_of(hosting: Hosting, tokens_per_task: Decimal | None) -> Fleet:
    """Return the fleet that a plan makes.

    Raises:
        UncostedError: If its price or its throughput is unknown.
    """
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


def terms_of(hosting: Hosting) -> str:
    """Return "on demand $0.80 / h as of 2026-05-07"."""
    plan, row = hosting.plan, hosting.hardware
    rate = None if row is None else usd_per_hour(row, plan.basis)
    return f"{BASES[plan.basis]} {_hourly(row, plan.basis, rate)}"


def _hourly(row: Hardware | None, basis: PriceBasis, rate: Decimal | None) -> str:
    if rate is not None and basis is PriceBasis.PURCHASE:
        return f"{figures.usd(rate)} / h"
    dated = f" as of {figures.day(row.dated_on)}" if row and row.dated_on else ""
    return f"{per_hour(rate)}{dated}"


def basis_of(hosting: Hosting) -> str:
    """Return what the throughput rests on: a supposition, or a measurement with its day."""
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
