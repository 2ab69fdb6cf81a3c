"""Whether a plan's model fits into its hardware, in words."""

from dataclasses import dataclass
from decimal import Decimal

from evals.domain.bars import CriterionState
from evals.domain.memoryneeds import (
    MemoryFit,
    MemoryNeed,
    decode_bound,
    memory_fit,
    memory_need,
    weights_gb,
)
from evals.queries import figures
from evals.queries.hosting import Hosting


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryLine:
    """The answer, the state it is drawn in, and what it was reckoned from.

    `speed` is the most that one answer at a time can get, "" where it is unknown.
    """

    text: str
    state: str
    note: str
    speed: str


def memory_line(hosting: Hosting) -> MemoryLine:
    """Return whether weights and cache go into one replica."""
    plan, row = hosting.plan, hosting.hardware
    need = memory_need(
        hosting.size,
        bits=plan.bits,
        context_tokens=plan.context_tokens,
        sequences=plan.sequences,
    )
    if need is None:
        return _unknown("the model's size is not on record")
    if row is None or row.memory_gb is None:
        return _unknown("the hardware's memory is not on record")
    fit = memory_fit(need, gpu_memory_gb=row.memory_gb, gpus=plan.gpus_per_replica)
    return MemoryLine(text=_text(fit), state=_state(fit), note=_note(need), speed=_speed(hosting))


def _unknown(why: str) -> MemoryLine:
    return MemoryLine(text="unknown", state="reference", note=why, speed="")


def _text(fit: MemoryFit) -> str:
    if not fit.fits:
        gpus = figures.plural(fit.gpus_needed, "GPU")
        return f"does not fit: needs {gpus} ({_gb(fit.need.total_gb)} GB)"
    beside = f"{_gb(fit.need.total_gb)} of {_gb(fit.available_gb)} GB"
    return f"fits barely: {beside}" if fit.is_tight else f"fits: {beside}"


def _state(fit: MemoryFit) -> str:
    if not fit.fits:
        return CriterionState.MISSED.value
    unsettled = fit.is_tight or fit.need.cache_gb is None
    return CriterionState.UNSETTLED.value if unsettled else CriterionState.MET.value


def _note(need: MemoryNeed) -> str:
    if need.cache_gb is None:
        return f"weights {_gb(need.weights_gb)} GB; the cache is unknown"
    return f"weights {_gb(need.weights_gb)} GB, cache {_gb(need.cache_gb)} GB"


def _speed(hosting: Hosting) -> str:
    """Return what reading the weights once per token allows, over all GPUs of a replica."""
    row, size, plan = hosting.hardware, hosting.size, hosting.plan
    active = size.active_billion or size.parameters_billion
    if row is None or row.bandwidth_gb_per_second is None or active is None:
        return ""
    bandwidth = plan.gpus_per_replica * row.bandwidth_gb_per_second
    bound = decode_bound(bandwidth, weights_gb(active, plan.bits))
    return f"at most {bound:,.0f} tokens/s for one answer at a time"


def _gb(value: Decimal) -> str:
    return f"{value:,.1f}".removesuffix(".0")
