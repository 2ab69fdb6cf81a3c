"""What a hosting plan comes to beside an API: a month, and a curve over the monthly volume."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from evals.domain.hosting import (
    MILLION,
    SECONDS_PER_HOUR,
    Fleet,
    HostedMonth,
    break_even_tasks,
    fleet_break_even_utilisation,
    hosted_month,
)

STEPS = (Decimal("0.1"), Decimal("0.3"), Decimal(1), Decimal(3), Decimal(10), Decimal(30))
USUAL_VOLUMES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
ROUNDED_DIGITS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """What a month costs at a volume, on the API and hosted; None is unknown.

    `is_yours`: the task's own volume. `is_break_even`: from here on hosting costs no more.
    """

    tasks: int
    api_usd: Decimal | None
    hosted_usd: Decimal
    gpus: int
    is_yours: bool = False
    is_break_even: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedCost:
    """A hosting plan's costs; None is unknown or, for a break-even, never.

    `month` is None where there is no monthly volume, `usd_per_mtok` where tokens are unknown.
    """

    month: HostedMonth | None
    usd_per_mtok: Decimal | None
    break_even_tasks: int | None
    break_even_load: Decimal | None
    curve: tuple[CurvePoint, ...]


def tasks_per_hour(tokens_per_second: Decimal, tokens_per_task: Decimal) -> Decimal:
    """Return the tasks an hour that a rate of tokens, read and written together, makes.

    Raises:
        ValueError: If either is not above 0: nothing follows from it.
    """
    if tokens_per_second <= 0 or tokens_per_task <= 0:
        raise ValueError(
            f"expected tokens above 0, got {tokens_per_second} a second, {tokens_per_task} a task"
        )
    return tokens_per_second * SECONDS_PER_HOUR / tokens_per_task


def hosted_cost(
    fleet: Fleet,
    *,
    volume: int | None,
    api_usd_per_task: Decimal | None,
    tokens_per_task: Decimal | None,
) -> HostedCost:
    """Return what a fleet costs at a monthly volume, and against what an API charges.

    A volume of 0 is none: nothing has to be served, so there is no month to cost.
    """
    month = hosted_month(fleet, volume) if volume else None
    even, load = None, None
    if api_usd_per_task is not None:
        even = break_even_tasks(fleet, api_usd_per_task)
        load = fleet_break_even_utilisation(fleet, api_usd_per_task)
    return HostedCost(
        month=month,
        usd_per_mtok=_per_mtok(month, tokens_per_task),
        break_even_tasks=even,
        break_even_load=load,
        curve=cost_curve(fleet, volume=volume, api_usd_per_task=api_usd_per_task, even=even),
    )


def cost_curve(
    fleet: Fleet, *, volume: int | None, api_usd_per_task: Decimal | None, even: int | None
) -> tuple[CurvePoint, ...]:
    """Return what a month costs at six volumes around the task's own, and at the break-even."""
    volumes = {*_volumes(volume), *([even] if even else [])}
    return tuple(
        CurvePoint(
            tasks=tasks,
            api_usd=None if api_usd_per_task is None else tasks * api_usd_per_task,
            hosted_usd=(at := hosted_month(fleet, tasks)).usd,
            gpus=at.gpus,
            is_yours=tasks == volume,
            is_break_even=tasks == even,
        )
        for tasks in sorted(volumes)
    )


def _volumes(volume: int | None) -> Sequence[int]:
    if not volume:
        return USUAL_VOLUMES
    return [volume if step == 1 else _rounded(step * volume) for step in STEPS]


def _rounded(value: Decimal) -> int:
    """Return the volume to two digits that count, 1 at least."""
    exponent = max(0, value.adjusted() - ROUNDED_DIGITS + 1)
    return max(1, int(value.scaleb(-exponent).to_integral_value().scaleb(exponent)))


def _per_mtok(month: HostedMonth | None, tokens_per_task: Decimal | None) -> Decimal | None:
    if month is None or not tokens_per_task:
        return None
    return month.usd_per_task * MILLION / tokens_per_task
