"""What it costs to serve a model oneself: rates, whole GPUs, and where it meets an API's price."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from evals.domain.hardware import HOURS_PER_MONTH

SECONDS_PER_HOUR = 3600
MILLION = 1_000_000
ROUNDING_STEPS = 100


def usd_per_mtok(usd_per_hour: Decimal, tokens_per_second: Decimal, load: Decimal) -> Decimal:
    """Return what a million tokens cost on hardware that is paid by the hour.

    Args:
        usd_per_hour: Of everything that serves.
        tokens_per_second: The most it answers within the task's latency bar.
        load: The share of that which is used, above 0 and at most 1.

    Source: house methods, section 2 ($2.35/h, 2,000 tokens/s, half used: $0.6528).
    """
    _check_rate(usd_per_hour, tokens_per_second)
    if not 0 < load <= 1:
        raise ValueError(f"expected a utilisation above 0 and at most 1, got {load}")
    return usd_per_hour * MILLION / (SECONDS_PER_HOUR * tokens_per_second * load)


def break_even_utilisation(
    usd_per_hour: Decimal, per_hour: Decimal, api_usd_each: Decimal
) -> Decimal | None:
    """Return the share of its throughput that hardware must use to cost what an API charges.

    Above 1 it never does. None where the API charges nothing. `per_hour` is what the hardware
    answers in an hour at most, in whatever the API's price is for.

    Source: house methods, section 2 ($0.60 a million tokens: 0.544).
    """
    _check_rate(usd_per_hour, per_hour)
    return usd_per_hour / per_hour / api_usd_each if api_usd_each > 0 else None


def break_even_volume(
    usd_per_month: Decimal, api_usd_each: Decimal, marginal_usd_each: Decimal = Decimal(0)
) -> Decimal | None:
    """Return the monthly volume from which hardware at a fixed price costs less than an API.

    None: never, since each one costs as much here. In whatever the prices are for.

    Source: house methods, section 2 ($2.35 x 730 h against $0.60: 2,859 million tokens).
    """
    if usd_per_month < 0 or marginal_usd_each < 0:
        raise ValueError("expected costs that are not negative")
    gain = api_usd_each - marginal_usd_each
    return usd_per_month / gain if gain > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Replicas of equal size that share a load, with GPUs that stand by.

    Args:
        usd_per_hour: Of one GPU.
        gpus_per_replica: GPUs that serve one copy of the model together.
        tasks_per_hour: The most that one replica answers within the latency bar.
        utilisation: The share of that which may be used on average: traffic has peaks.
        spare_gpus: Kept running for the day that others fail (N + 1).
        operations_share: People and the rest, as a share of the hardware's bill.
        marginal_usd_per_task: What each task costs beyond that, such as traffic.
    """

    usd_per_hour: Decimal
    gpus_per_replica: int
    tasks_per_hour: Decimal
    utilisation: Decimal
    spare_gpus: int = 0
    operations_share: Decimal = Decimal(0)
    marginal_usd_per_task: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        _check_rate(self.usd_per_hour, self.tasks_per_hour)
        if not 0 < self.utilisation <= 1:
            raise ValueError(f"expected a utilisation above 0 and at most 1: {self.utilisation}")
        if self.gpus_per_replica < 1 or self.spare_gpus < 0:
            raise ValueError("expected a GPU for each replica, and spare ones not below 0")
        if self.operations_share < 0 or self.marginal_usd_per_task < 0:
            raise ValueError("expected shares and costs that are not negative")

    @property
    def tasks_per_replica(self) -> Decimal:
        """The most that one replica is given in a month."""
        return self.tasks_per_hour * HOURS_PER_MONTH * self.utilisation

    @property
    def usd_per_gpu(self) -> Decimal:
        """What one GPU costs in a month, with its share of operations."""
        return self.usd_per_hour * HOURS_PER_MONTH * (1 + self.operations_share)

    def replicas_for(self, tasks: int) -> int:
        """Return how many replicas a month's tasks take: whole ones, and one at least."""
        if tasks <= 0:
            raise ValueError(f"expected a monthly volume above 0, got {tasks}")
        return max(1, _ceiling(tasks / self.tasks_per_replica))

    def gpus(self, replicas: int) -> int:
        """Return the GPUs of so many replicas, with those that stand by."""
        return replicas * self.gpus_per_replica + self.spare_gpus

    def fixed_usd(self, replicas: int) -> Decimal:
        """Return what so many replicas cost in a month, used or not."""
        return self.gpus(replicas) * self.usd_per_gpu


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedMonth:
    """A month of a fleet at a volume. `load` is the share of the replicas' throughput in use."""

    tasks: int
    replicas: int
    gpus: int
    usd: Decimal
    usd_per_task: Decimal
    load: Decimal


def hosted_month(fleet: Fleet, tasks: int) -> HostedMonth:
    """Return what a fleet costs for a month's tasks, in whole GPUs.

    Raises:
        ValueError: If the volume is not above 0.
    """
    replicas = fleet.replicas_for(tasks)
    usd = fleet.fixed_usd(replicas) + tasks * fleet.marginal_usd_per_task
    return HostedMonth(
        tasks=tasks,
        replicas=replicas,
        gpus=fleet.gpus(replicas),
        usd=usd,
        usd_per_task=usd / tasks,
        load=tasks / (fleet.tasks_per_hour * HOURS_PER_MONTH * replicas),
    )


def break_even_tasks(fleet: Fleet, api_usd_per_task: Decimal) -> int | None:
    """Return the least monthly volume at which the fleet costs no more than an API, None: never.

    GPUs come in whole steps, so just after a step the API may be the cheaper one again.
    """
    gain = api_usd_per_task - fleet.marginal_usd_per_task
    left = gain * fleet.tasks_per_replica - fleet.gpus_per_replica * fleet.usd_per_gpu
    if gain <= 0 or left < 0 or (fleet.spare_gpus and not left):
        return None
    spare = fleet.spare_gpus * fleet.usd_per_gpu
    least = max(1, _ceiling(spare / left)) if spare else 1
    # Whole tasks: the volume that pays may round up into the next replica's share.
    steps = range(least, least + ROUNDING_STEPS)
    return next((tasks for n in steps if (tasks := _paid_off(fleet, n, gain)) is not None), None)


def _paid_off(fleet: Fleet, replicas: int, gain: Decimal) -> int | None:
    """Return the least volume that so many replicas take and that pays for them."""
    begun = int(fleet.tasks_per_replica * (replicas - 1)) + 1
    tasks = max(begun, _ceiling(fleet.fixed_usd(replicas) / gain))
    return tasks if fleet.replicas_for(tasks) == replicas else None


def fleet_break_even_utilisation(fleet: Fleet, api_usd_per_task: Decimal) -> Decimal | None:
    """Return the load at which one replica, with all that stands by, costs what an API charges.

    Above 1: it never does. None where each task alone costs as much.
    """
    gain = api_usd_per_task - fleet.marginal_usd_per_task
    if gain <= 0:
        return None
    hourly = fleet.fixed_usd(1) / HOURS_PER_MONTH
    return break_even_utilisation(hourly, fleet.tasks_per_hour, gain)


def _ceiling(value: Decimal) -> int:
    return int(value.to_integral_value(rounding=ROUND_CEILING))


def _check_rate(usd_per_hour: Decimal, throughput: Decimal) -> None:
    if usd_per_hour < 0:
        raise ValueError(f"expected a price that is not negative, got {usd_per_hour}")
    if throughput <= 0:
        raise ValueError(f"expected a throughput above 0, got {throughput}: it is no cost of 0")
