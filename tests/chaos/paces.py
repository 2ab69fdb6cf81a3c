"""How long everything takes: with the real clocks for `make chaos`, in seconds for the tests."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """One form of the scenarios; seconds throughout. None: the product's own clocks."""

    samples: int
    latency: float
    concurrency: int
    shard_size: int
    timeout: float  # of one attempt
    outage: float  # how long a storm lasts, and an endpoint is down
    frozen: float  # how long a worker stands still: longer than its lease
    patience: float  # for a run to end
    shows_all: bool  # the long scenarios too
    lease: float | None = None
    ring_again: float | None = None
    beat: float | None = None

    @property
    def clocks(self) -> dict[str, str]:
        """The environment by which `hurried` sets the workers' and the beat's clocks."""
        named = {"LEASE": self.lease, "RING_AGAIN": self.ring_again, "BEAT": self.beat}
        return {f"CHAOS_{name}": str(value) for name, value in named.items() if value is not None}


FULL = Pace(
    samples=1000,
    latency=0.25,
    concurrency=16,
    shard_size=64,
    timeout=30,
    outage=60,
    frozen=45,
    patience=400,
    shows_all=True,
)
SHORT = Pace(
    samples=160,
    latency=0.1,
    concurrency=8,
    shard_size=16,
    timeout=1,
    outage=2,
    frozen=4,
    patience=40,
    shows_all=False,
    lease=3,
    ring_again=3,
    beat=0.5,
)
