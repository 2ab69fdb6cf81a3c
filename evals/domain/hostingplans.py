"""How a team would serve a candidate itself: what it supposes, as it is stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from evals.domain.hardware import PriceBasis

AMOUNTS = (
    "utilisation",
    "operations_share",
    "assumed_tokens_per_second",
    "marginal_usd_per_1k_tasks",
)
COUNTS = ("gpus_per_replica", "spare_gpus", "bits", "context_tokens", "sequences")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostingFigures:
    """What a hosting plan supposes; shares are fractions of 1.

    `assumed_tokens_per_second` is of one replica, read and written together, and counts until a
    measurement on this hardware is there; None is unknown. `bits` is the weights' precision.
    `context_tokens` and `sequences` size the key-value cache: the longest each may get, and how
    many are answered at once.
    """

    hardware_key: str
    basis: PriceBasis = PriceBasis.ON_DEMAND
    gpus_per_replica: int = 1
    utilisation: Decimal = Decimal("0.5")
    spare_gpus: int = 1
    operations_share: Decimal = Decimal(0)
    bits: int = 16
    context_tokens: int = 4096
    sequences: int = 8
    assumed_tokens_per_second: Decimal | None = None
    marginal_usd_per_1k_tasks: Decimal = Decimal(0)


def read_hosting(figures: Mapping[str, Any]) -> HostingFigures:
    """Return the plan as it was stored by `written_hosting`."""
    read: dict[str, Any] = {
        name: Decimal(figures[name]) for name in AMOUNTS if figures.get(name) is not None
    }
    read |= {name: int(figures[name]) for name in COUNTS if figures.get(name) is not None}
    return HostingFigures(
        hardware_key=figures["hardware_key"], basis=PriceBasis(figures["basis"]), **read
    )


def written_hosting(plan: HostingFigures) -> dict[str, Any]:
    """Return the plan as JSON, amounts as text."""
    amounts = {name: getattr(plan, name) for name in AMOUNTS}
    return {
        "hardware_key": plan.hardware_key,
        "basis": plan.basis.value,
        **{name: getattr(plan, name) for name in COUNTS},
        **{name: None if value is None else f"{value:f}" for name, value in amounts.items()},
    }
