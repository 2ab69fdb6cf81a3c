"""Hardware that a model can be served on: what it holds, how fast it reads, what an hour costs."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from evals.domain.modelfacts import Source

HOURS_PER_MONTH = 730
WATTS_PER_KILOWATT = 1000


class PriceBasis(StrEnum):
    """Which of its prices hardware is paid by."""

    ON_DEMAND = "on_demand"
    SPOT = "spot"
    PURCHASE = "purchase"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """One GPU, or one host without any; every None is unknown.

    `provider` charges the prices by the hour. Prices are as of `dated_on`, in US dollars. Bought
    hardware is written off over `amortisation_months` and draws `power_watts` all the time.
    """

    key: str
    name: str
    maker: str | None = None
    memory_gb: Decimal | None = None
    bandwidth_gb_per_second: Decimal | None = None
    provider: str | None = None
    on_demand_usd_per_hour: Decimal | None = None
    spot_usd_per_hour: Decimal | None = None
    purchase_usd: Decimal | None = None
    amortisation_months: int | None = None
    power_watts: Decimal | None = None
    electricity_usd_per_kwh: Decimal | None = None
    dated_on: date | None = None
    note: str | None = None
    sources: tuple[Source, ...] = ()


def owned_usd_per_hour(hardware: Hardware) -> Decimal | None:
    """Return what an hour of bought hardware costs: its share of the price, and its electricity.

    None where any of the four figures is unknown. It runs and is paid for 730 hours a month,
    whether it is asked or not.
    """
    price, months = hardware.purchase_usd, hardware.amortisation_months
    watts, electricity = hardware.power_watts, hardware.electricity_usd_per_kwh
    if price is None or not months or watts is None or electricity is None:
        return None
    return price / (months * HOURS_PER_MONTH) + watts / WATTS_PER_KILOWATT * electricity


def usd_per_hour(hardware: Hardware, basis: PriceBasis) -> Decimal | None:
    """Return what an hour costs when it is paid for in this way; None is unknown."""
    match basis:
        case PriceBasis.ON_DEMAND:
            return hardware.on_demand_usd_per_hour
        case PriceBasis.SPOT:
            return hardware.spot_usd_per_hour
    return owned_usd_per_hour(hardware)
