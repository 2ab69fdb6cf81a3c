"""What one pass over the rows of a file counts, hashes and tells."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from evals.domain.evalsets import ContentHash
from evals.domain.mappings import Mapping
from evals.domain.problems import InputError, Problem
from evals.domain.rows import RowFile
from evals.services.readahead import read_ahead

if TYPE_CHECKING:
    from evals.domain.sampleblocks import SampleBlock

PROBLEMS_KEPT = 1000
PROGRESS_ROWS = 2048
LOTS_AHEAD = 2
PROBLEMS_IN_A_LOT = 256
MOST_ROWS = 5_000_000  # of a file that becomes a version


@dataclass(slots=True)
class RowIntake:
    """What one pass over the rows counted."""

    hash: ContentHash
    progress: Callable[[int], object] | None = None
    accepted: int = 0
    rejected: int = 0
    problems: list[Problem] | None = None
    reported: int = 0

    def samples(self, rows: RowFile, mapping: Mapping) -> "Generator[SampleBlock, None, None]":
        """Read the rows ahead in a thread, and return the samples once they are counted.

        Raises:
            InputError: While iterating, if the file is unusable or has too many rows.
        """
        # Only who stores a set pays for pyarrow, in time and memory.
        from evals.domain.sampleblocks import read_sample_blocks  # noqa: PLC0415

        lots = _lots(read_sample_blocks(rows, mapping))
        with closing(read_ahead(lots, most=LOTS_AHEAD)) as read:
            for item in chain.from_iterable(read):
                if isinstance(item, Problem):
                    self.refuse(item)
                else:
                    self.accept(item)
                    yield item

    def refuse(self, problem: Problem) -> None:
        """Count a bad row; its problem is kept if it is among the first.

        Raises:
            InputError: If the file has more rows than a version may have; `accept` does the same.
        """
        self.rejected += 1
        self._report()
        if self.problems is None:
            self.problems = []
        if len(self.problems) < PROBLEMS_KEPT:
            self.problems.append(problem)

    def accept(self, block: "SampleBlock") -> None:
        """Take samples in."""
        self.hash.add_lines(block.hashed)
        self.accepted += len(block.rows)
        self._report()

    def _report(self) -> None:
        rows = self.accepted + self.rejected
        if rows > MOST_ROWS:
            found = f"found more than {MOST_ROWS:,} rows"
            message = f"{found}, expected at most {MOST_ROWS:,} rows in a version"
            raise InputError(Problem(message=message))
        if self.progress is not None and rows >= self.reported + PROGRESS_ROWS:
            self.reported = rows
            self.progress(rows)


def _lots(items: "Iterator[SampleBlock | Problem]") -> "Iterator[list[SampleBlock | Problem]]":
    """Return the items in lots, of which each costs the reading ahead as much as one item."""
    lot = []
    for item in items:
        lot.append(item)
        if not isinstance(item, Problem) or len(lot) == PROBLEMS_IN_A_LOT:
            yield lot
            lot = []
    yield lot
