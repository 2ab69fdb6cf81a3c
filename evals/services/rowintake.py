"""What one pass over the rows of a file counts, hashes and tells."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evals.domain.evalsets import ContentHash
from evals.domain.problems import InputError, Problem

if TYPE_CHECKING:
    from evals.domain.sampleblocks import SampleBlock

PROBLEMS_KEPT = 1000
PROGRESS_ROWS = 2048
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
