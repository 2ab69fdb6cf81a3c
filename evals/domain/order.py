"""The shuffled order in which samples are asked: fixed by a seed before the first result."""

import random
from collections.abc import Hashable, Sequence


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

    So a complete prefix holds whole clusters, in an order that does not favour small ones.

    Args:
        clusters: The cluster of each sample.
        seed: As for `shuffled_order`.
    """
    members: dict[Hashable, list[int]] = {}
    for position, cluster in enumerate(clusters):
        members.setdefault(cluster, []).append(position)
    groups = list(members.values())
    return [
        position for place in shuffled_order(len(groups), seed=seed) for position in groups[place]
    ]
