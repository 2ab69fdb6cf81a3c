"""How many rows an evaluation asks about: all of them, those of a slice, and their clusters."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

SliceKey: TypeAlias = tuple[tuple[str, str], ...]
PROBED = 100  # samples whose prompts tell how long all are


@dataclass(frozen=True, slots=True, kw_only=True)
class RowGroup:
    """Some of the rows. `clusters` is None where no column is a cluster."""

    samples: int
    clusters: int | None = None

    @property
    def independent(self) -> int:
        """How many figures do not hang on each other: clusters where there are any."""
        return self.samples if self.clusters is None else self.clusters


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRows:
    """The rows that are asked about, of `total` in the set, and those of the slices of a bar."""

    total: int
    asked: RowGroup
    slices: Mapping[SliceKey, RowGroup]

    def group(self, wanted: Mapping[str, str] | None) -> RowGroup:
        """Return the rows of a slice, all that are asked where `wanted` is None."""
        return self.asked if wanted is None else self.slices[slice_key(wanted)]


def slice_key(wanted: Mapping[str, str]) -> SliceKey:
    """Return a slice in a form that finds it again."""
    return tuple(sorted(wanted.items()))


def planned_rows(
    samples: Iterable[tuple[Mapping[str, str], str | None, int]],
    *,
    total: int,
    wanted: Collection[SliceKey],
    has_clusters: bool,
) -> PlannedRows:
    """Return the counts of the rows that are asked about.

    Args:
        samples: Slices, cluster and how many rows are alike in both; a row without a cluster
            stands for itself.
        total: Rows of the whole set.
        wanted: The slices of the bar.
        has_clusters: Whether a column is a cluster.
    """
    tallies = {key: _Tally() for key in ((), *wanted)}
    for slices, cluster, count in samples:
        for key, tally in tallies.items():
            if all(slices.get(column) == value for column, value in key):
                tally.add(cluster, count)
    groups = {key: tally.group(has_clusters=has_clusters) for key, tally in tallies.items()}
    return PlannedRows(total=total, asked=groups[()], slices={key: groups[key] for key in wanted})


def probed_places(total: int) -> list[int]:
    """Return the places of the rows that stand for all: evenly spread, at most a hundred."""
    count = min(PROBED, total)
    return [index * total // count for index in range(count)]


class _Tally:
    def __init__(self) -> None:
        self._samples = self._alone = 0
        self._clusters: set[str] = set()

    def add(self, cluster: str | None, count: int) -> None:
        self._samples += count
        if cluster is None:
            self._alone += count
        else:
            self._clusters.add(cluster)

    def group(self, *, has_clusters: bool) -> RowGroup:
        clusters = len(self._clusters) + self._alone if has_clusters else None
        return RowGroup(samples=self._samples, clusters=clusters)
