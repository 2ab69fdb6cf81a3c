"""How much hangs on whom: shares of spend and of tasks by vendor, and their concentration."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from evals.domain.positions import OWN_HARDWARE, Option, TaskPosition, monthly_usd
from evals.domain.supply import herfindahl


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorShare:
    """One vendor's part. `usd` is the known spend a month, None where none of it is known.

    `spend_share` is of all known spend, `task_share` of all tasks with an incumbent;
    `unpriced_tasks` are those whose spend is unknown. `vendor` None: nobody knows whom.
    """

    vendor: str | None
    usd: Decimal | None
    spend_share: Decimal | None
    tasks: int
    task_share: Decimal
    unpriced_tasks: int
    is_simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """All vendors, the largest first, and how concentrated they are; None is unknown.

    `hhi_by_spend` is over the known spend, `hhi_by_tasks` over tasks; tasks whose vendor is unknown
    make both unknown.
    """

    vendors: tuple[VendorShare, ...]
    known_usd: Decimal | None
    unpriced_tasks: int
    hhi_by_spend: int | None
    hhi_by_tasks: int | None


def vendor_of(option: Option) -> str | None:
    """Return whom an option hangs on: a closed model's developer, else who serves it."""
    if option.host == OWN_HARDWARE:
        return OWN_HARDWARE
    if option.is_open:
        return option.host or option.developer
    return option.developer or option.host


def exposure_of(positions: Iterable[TaskPosition]) -> Exposure:
    """Return on whom the tasks hang today; tasks without an incumbent do not count."""
    held: dict[str | None, list[tuple[Option, Decimal | None]]] = defaultdict(list)
    for position in positions:
        if option := position.incumbent:
            spend = monthly_usd(position, option.cost_per_task_usd)
            held[vendor_of(option)].append((option, spend))
    known = [usd for rows in held.values() for _, usd in rows if usd is not None]
    total, tasks = sum(known, Decimal(0)), sum(map(len, held.values()))
    vendors = sorted(
        (_share(vendor, rows, total, tasks) for vendor, rows in held.items()),
        key=lambda share: (-(share.usd or 0), -share.tasks, share.vendor or ""),
    )
    is_named = None not in held
    return Exposure(
        vendors=tuple(vendors),
        known_usd=total if known else None,
        unpriced_tasks=tasks - len(known),
        hhi_by_spend=_index([v.usd or Decimal(0) for v in vendors]) if is_named else None,
        hhi_by_tasks=_index([Decimal(v.tasks) for v in vendors]) if is_named else None,
    )


def _share(
    vendor: str | None, rows: Sequence[tuple[Option, Decimal | None]], total: Decimal, tasks: int
) -> VendorShare:
    known = [usd for _, usd in rows if usd is not None]
    usd = sum(known, Decimal(0)) if known else None
    return VendorShare(
        vendor=vendor,
        usd=usd,
        spend_share=usd / total if usd is not None and total else None,
        tasks=len(rows),
        task_share=Decimal(len(rows)) / tasks,
        unpriced_tasks=len(rows) - len(known),
        is_simulated=any(option.is_simulated for option, _ in rows),
    )


def _index(amounts: Sequence[Decimal]) -> int | None:
    """Return the concentration of amounts, None where there is nothing to share."""
    return herfindahl([Fraction(amount) for amount in amounts]) if any(amounts) else None
