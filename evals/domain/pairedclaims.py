"""Claims about a candidate and the incumbent on the same samples, scored 0 or 1; see `claims`."""

from dataclasses import dataclass
from math import sqrt

from evals.domain.anytimeclaims import Levels
from evals.domain.betting import Scores
from evals.domain.claims import Bounds
from evals.domain.paired import PairedTable
from evals.domain.pairedexact import exact_lower, exact_p_above, exact_p_below, exact_upper


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedClaim:
    """The difference of two rates on shared samples, for a fixed n and scores of 0 and 1.

    In `least` each unscored trial is wrong for the candidate and right for the incumbent, in
    `most` the reverse.
    """

    least: PairedTable
    most: PairedTable
    levels: Levels

    def bounds(self, extra: int = 0) -> Bounds:
        """Return exact bounds; with `extra` samples Tango's, as far out as the exact ones are."""
        low = exact_lower(self.least, self.levels.low)
        high = exact_upper(self.most, self.levels.high)
        if not extra:
            return Bounds(low, high)
        above = _projected(self.most.mirrored(), -high, extra)
        return Bounds(_projected(self.least, low, extra), -above)

    def p_above(self, difference: float) -> float:
        """Return the exact p-value of "the true difference is at most this"."""
        return exact_p_above(self.least, difference)

    def p_below(self, difference: float) -> float:
        """Return the exact p-value of "the true difference is at least this"."""
        return exact_p_below(self.most, difference)


def table_scores(table: PairedTable) -> Scores:
    """Return a paired table as scores to bet on, for a stop rule: 0 lost, 1/2 alike, 1 won."""
    alike = table.both + table.neither
    return Scores((0.0, 0.5, 1.0), (table.only_incumbent, alike, table.only_candidate))


def _projected(table: PairedTable, low: float, extra: int) -> float:
    """Return the lower bound with more samples of the same kind; scores grow as their root."""
    if not table.n or table.difference is None or not -1 < low < table.difference:
        return low
    return table.bound_below(table.score(low) / sqrt(1 + extra / table.n))
