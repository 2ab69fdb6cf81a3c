"""What a stop rule may read: the part of the shuffled order that is complete from its start.

Answers that take long come late, and they are wrong more often; so "whatever has arrived" flatters
a candidate. Places in the order were drawn before any answer.
"""

from collections.abc import Collection, Sequence
from itertools import accumulate, takewhile


def complete_prefix(places: Collection[int], *, start: int = 0) -> int:
    """Return how many places from 0 on are all complete.

    Args:
        places: Those that have come in, in any order, 0 the first of the shuffled order.
        start: A prefix known from before, which `places` need not name again.
    """
    known = places if isinstance(places, set | frozenset) else set(places)
    end = start
    while end in known:
        end += 1
    return end


def complete_samples(prefix: int, *, epochs: int) -> int:
    """Return how many samples of the order have all their epochs, which follow one another."""
    return prefix // epochs


def complete_clusters(prefix: int, sizes: Sequence[int]) -> int:
    """Return how many leading clusters lie wholly in the prefix.

    Args:
        prefix: Complete samples of a `clustered_order`, where a cluster's samples are neighbours.
        sizes: How many samples each cluster has, in that order.
    """
    return sum(1 for _ in takewhile(lambda end: end <= prefix, accumulate(sizes)))
