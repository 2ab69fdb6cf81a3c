"""The shuffled order in which samples are asked: fixed by a seed before the first result."""

import random
from collections.abc import Hashable, Sequence

from evals.domain.specs import PlanSpec


def asked_count(size: int, plan: PlanSpec) -> int:
    """Return how many of `size` samples a plan asks about, none where it skips them all."""
    left = max(0, size - plan.skip_samples)
    return left if plan.max_samples is None else min(plan.max_samples, left)


def asking_order(plan: PlanSpec, size: int, clusters: Sequence[str | None] = ()) -> list[int]:
    """Return all positions in the order of asking; those that the plan skips stand at the end.

    Args:
        plan: Its seed, its rule, and what it skips.
        size: How many samples there are.
        clusters: The cluster of each, for a set that has them.
    """
    if clusters and goes_by_cluster(size, plan):
        order = clustered_order(cluster_numbers(clusters), seed=plan.seed)
    else:
        order = shuffled_order(size, seed=plan.seed)
    return order[plan.skip_samples :] + order[: plan.skip_samples]


def goes_by_cluster(size: int, plan: PlanSpec) -> bool:
    """Return whether the samples of a cluster, if the set has any, follow one another.

    A stop rule reads whole clusters, and of a part of the set whole ones are asked about: single
    samples would meet the large ones first.
    """
    return plan.stop_early or asked_count(size, plan) < size


def cluster_numbers(clusters: Sequence[str | None]) -> list[int]:
    """Return a number for each sample's cluster; a sample without one stands for itself."""
    numbers: dict[str, int] = {}
    return [
        -1 - position if cluster is None else numbers.setdefault(cluster, len(numbers))
        for position, cluster in enumerate(clusters)
    ]


def shuffled_order(size: int, *, seed: int) -> list[int]:
    """Return the positions 0..size-1 in the order that `seed` gives.

    The same seed gives the same order on every host and Python version that is supported:
    only `random()` is guaranteed to be stable, so the shuffle is written out over it.

    Source: Fisher and Yates (1938), as Durstenfeld (1964).
    """
    draw = random.Random(seed).random  # noqa: S311 - an order, not a secret
    order = list(range(size))
    for last in range(size - 1, 0, -1):
        other = int(draw() * (last + 1))
        order[last], order[other] = order[other], order[last]
    return order


def clustered_order(clusters: Sequence[Hashable], *, seed: int) -> list[int]:
    """Return the positions of all samples: clusters in shuffled order, each one's samples together.

    So a complete prefix holds whole clusters, in an order that does not favour small ones, and one
    that a limit cuts keeps some of its samples that were drawn and not its first.

    Args:
        clusters: The cluster of each sample.
        seed: As for `shuffled_order`.
    """
    members: dict[Hashable, list[int]] = {cluster: [] for cluster in clusters}
    for position in shuffled_order(len(clusters), seed=seed):
        members[clusters[position]].append(position)
    groups = list(members.values())
    return [
        position for place in shuffled_order(len(groups), seed=seed) for position in groups[place]
    ]
