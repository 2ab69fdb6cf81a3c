"""Whether a model fits into memory, and the fastest that memory lets it answer."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

BITS_PER_BYTE = 8
BYTES_PER_GB = 1_000_000_000
KEYS_AND_VALUES = 2
TIGHT = Decimal("0.9")  # engines keep about a tenth for themselves


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSize:
    """What memory is reckoned from; None is unknown.

    Parameters are in billions. `active_billion` is what each token reads; None: all of them.
    """

    parameters_billion: Decimal | None = None
    active_billion: Decimal | None = None
    layers: int | None = None
    kv_heads: int | None = None
    head_dim: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryNeed:
    """What weights and key-value cache take together, in GB. `cache_gb` None is unknown."""

    weights_gb: Decimal
    cache_gb: Decimal | None

    @property
    def total_gb(self) -> Decimal:
        """The weights, and the cache where it is known."""
        return self.weights_gb + (self.cache_gb or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryFit:
    """A need beside the memory of one replica. `gpus_needed` is how many would hold it."""

    need: MemoryNeed
    available_gb: Decimal
    gpus_needed: int

    @property
    def fits(self) -> bool:
        """Whether weights and cache go in."""
        return self.need.total_gb <= self.available_gb

    @property
    def is_tight(self) -> bool:
        """Whether it goes in and leaves less than a tenth."""
        return self.fits and self.need.total_gb > TIGHT * self.available_gb


def weights_gb(parameters_billion: Decimal, bits: int) -> Decimal:
    """Return what the weights take, in GB: parameters x bits / 8.

    Source: house methods, section 2 (memory check).
    """
    if parameters_billion <= 0 or bits <= 0:
        raise ValueError(f"need parameters and bits above 0, got {parameters_billion} and {bits}")
    return parameters_billion * bits / BITS_PER_BYTE


def cache_bytes_per_token(size: ModelSize, *, bits: int = 16) -> int | None:
    """Return what one token's keys and values take: 2 x kv_heads x head_dim x layers x bytes.

    None where the model's shape is unknown. Source: house methods, section 2.
    """
    if size.layers is None or size.kv_heads is None or size.head_dim is None:
        return None
    return KEYS_AND_VALUES * size.kv_heads * size.head_dim * size.layers * bits // BITS_PER_BYTE


def memory_need(
    size: ModelSize, *, bits: int, context_tokens: int, sequences: int
) -> MemoryNeed | None:
    """Return what weights and a cache in 16 bits take, None where the model's size is unknown."""
    if size.parameters_billion is None:
        return None
    each = cache_bytes_per_token(size)
    cache = None if each is None else Decimal(each) * context_tokens * sequences / BYTES_PER_GB
    return MemoryNeed(weights_gb=weights_gb(size.parameters_billion, bits), cache_gb=cache)


def memory_fit(need: MemoryNeed, *, gpu_memory_gb: Decimal, gpus: int) -> MemoryFit:
    """Return how a need lies beside the memory of `gpus` of a kind.

    Weights and cache are taken to split evenly; activations and the engine's own are not counted.
    """
    if gpu_memory_gb <= 0 or gpus < 1:
        raise ValueError(f"need memory above 0 and a GPU, got {gpu_memory_gb} GB and {gpus}")
    steps = (need.total_gb / gpu_memory_gb).to_integral_value(rounding=ROUND_CEILING)
    return MemoryFit(need=need, available_gb=gpus * gpu_memory_gb, gpus_needed=max(1, int(steps)))


def decode_bound(bandwidth_gb_per_second: Decimal, active_weights_gb: Decimal) -> Decimal:
    """Return the most tokens a second that one sequence can get: each reads all active weights.

    Source: house methods, section 2 (H100 at 3.35 TB/s, 70B in 8 bits: 47.9).
    """
    if bandwidth_gb_per_second <= 0 or active_weights_gb <= 0:
        raise ValueError("need a bandwidth and weights above 0")
    return bandwidth_gb_per_second / active_weights_gb


def spread_tokens_per_second(hops: int, *, link_seconds: Decimal, compute: Decimal) -> Decimal:
    """Return the tokens a second of one sequence whose layers are spread over a network.

    Args:
        hops: Links that a token crosses.
        link_seconds: What each of them takes.
        compute: Seconds of computing per token.

    Source: house methods, section 2 (3 hops of 20 ms and 50 ms: 9.1).
    """
    seconds = hops * link_seconds + compute
    if hops < 0 or link_seconds < 0 or compute < 0 or not seconds:
        raise ValueError("need hops and times that are not negative, and a time above 0 in all")
    return 1 / seconds
