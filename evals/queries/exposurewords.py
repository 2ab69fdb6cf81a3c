"""On whom the tasks hang, in rows and words."""

from dataclasses import dataclass
from decimal import Decimal

from evals.domain.exposure import Exposure, VendorShare
from evals.queries import figures
from evals.queries.scenariowords import UNKNOWN, money

ALL = 10_000  # the index of one vendor alone


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorRow:
    """One vendor. Percentages are whole; None draws no bar."""

    vendor: str
    usd: str
    note: str
    spend_pct: int | None
    spend: str
    task_pct: int
    tasks: str
    is_simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureCard:
    """The card of vendors. `sentence` says how concentrated they are."""

    rows: tuple[VendorRow, ...]
    sentence: str
    note: str


def exposure_card(exposure: Exposure) -> ExposureCard:
    """Return the card; without a task that runs on anything it has no rows."""
    unpriced = exposure.unpriced_tasks
    return ExposureCard(
        rows=tuple(map(_row, exposure.vendors)),
        sentence=_sentence(exposure),
        note=f"The spend of {figures.plural(unpriced, 'task')} is unknown and in no share of spend."
        if unpriced
        else "",
    )


def concentration(index: int | None, of: str) -> str:
    """Return "HHI 5,800 by spend: like 1.7 vendors of equal size"."""
    if index is None:
        return f"HHI by {of}: unknown"
    equal = ALL / index
    if index >= ALL:
        return f"HHI {index:,} by {of}: all on one vendor"
    return f"HHI {index:,} by {of}: like {equal:.1f} vendors of equal size"


def _sentence(exposure: Exposure) -> str:
    if exposure.hhi_by_spend is None:
        return concentration(exposure.hhi_by_tasks, "tasks") + "."
    by_spend = concentration(exposure.hhi_by_spend, "spend")
    return f"{by_spend}. {concentration(exposure.hhi_by_tasks, 'tasks')}."


def _row(share: VendorShare) -> VendorRow:
    unpriced = share.unpriced_tasks
    return VendorRow(
        vendor=share.vendor or UNKNOWN,
        usd=money(share.usd),
        note=f"and {figures.plural(unpriced, 'task')} of unknown spend"
        if unpriced and share.usd is not None
        else "",
        spend_pct=_percent(share.spend_share),
        spend=UNKNOWN if share.spend_share is None else f"{_percent(share.spend_share)} %",
        task_pct=round(100 * share.task_share),
        tasks=figures.plural(share.tasks, "task"),
        is_simulated=share.is_simulated,
    )


def _percent(share: Decimal | None) -> int | None:
    return None if share is None else round(100 * share)
