"""What a measured endpoint answers within the latency bar: the throughput that costs rest on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Goodput:
    """The best level of a sweep that kept to the latency bar.

    Tokens a second are those read and written together; None is unknown.
    """

    concurrency: int
    tasks_per_hour: Decimal
    tokens_per_second: Decimal | None
    p95_seconds: float | None


def goodput(levels: Sequence[Mapping[str, Any]]) -> Goodput | None:
    """Return the level with the most tasks an hour within the bar, None where there is none.

    A level that answered nothing is no goodput, whatever it says of the bar.
    """
    within = [level for level in levels if level.get("is_within_bar") and _rate(level)]
    if not within:
        return None
    best = max(within, key=lambda level: float(level["tasks_per_hour"]))
    read, written = (_number(best.get(f"{kind}_tokens_per_second")) for kind in ("input", "output"))
    return Goodput(
        concurrency=int(best["concurrency"]),
        tasks_per_hour=Decimal(str(best["tasks_per_hour"])),
        tokens_per_second=None if read is None or written is None else read + written,
        p95_seconds=best.get("p95_seconds"),
    )


def _rate(level: Mapping[str, Any]) -> bool:
    number = _number(level.get("tasks_per_hour"))
    return number is not None and number > 0


def _number(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))
