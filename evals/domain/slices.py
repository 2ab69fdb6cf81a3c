"""How many samples each line of a bar is about, and what follows where they are few or none."""

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import log

from evals.domain.betting import Scores, log_bet_above
from evals.domain.measured import COSTS, SPEED_QUANTILES
from evals.domain.order import asked_count, asking_order
from evals.domain.power import all_pass_samples
from evals.domain.sequential import log_evidence_above
from evals.domain.specproblems import Path
from evals.domain.specs import Comparator, CriterionSpec, PlanSpec

MOST_SAMPLES = 10_000_000
SKIPPED: Path = ("plan", "skip_samples")
MOST_TOLD = 12  # values of a column in one message


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How many samples a criterion is about: in the whole eval set, and of those that are asked."""

    in_set: int
    asked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TooFew:
    """A criterion that `asked` samples cannot prove: flawless, it takes `least`."""

    criterion: CriterionSpec
    asked: int
    least: int


def slice_text(slice_: Mapping[str, str]) -> str:
    """Return "channel is phone and style is terse"."""
    return " and ".join(f"{column} is {value}" for column, value in sorted(slice_.items()))


def asked_positions(
    size: int, plan: PlanSpec, clusters: Sequence[str | None] = ()
) -> frozenset[int] | None:
    """Return the positions that the plan asks about, None for all of them.

    `clusters` has the cluster of each sample, for a set that has them.
    """
    count = asked_count(size, plan)
    return None if count == size else frozenset(asking_order(plan, size, clusters)[:count])


def nothing_asked(size: int, plan: PlanSpec) -> str | None:
    """Return why a plan asks about nothing, None where it asks about something."""
    if asked_count(size, plan):
        return None
    return f"found {plan.skip_samples:,}, expected fewer than the {size:,} samples of the eval set"


def reach_of(positions: Collection[int], asked: Collection[int] | None) -> Reach:
    """Return how many of a slice's positions there are, and are asked about."""
    among = len(positions) if asked is None else sum(p in asked for p in positions)
    return Reach(in_set=len(positions), asked=among)


def empty_slice(
    slice_: Mapping[str, str], reach: Reach, values: Mapping[str, Sequence[str]]
) -> str | None:
    """Return why a slice cannot be judged, None where there is something to judge.

    Args:
        slice_: The criterion's.
        reach: How many samples are in it.
        values: By slice column, those that the eval set has.
    """
    if reach.asked:
        return None
    if reach.in_set:
        return (
            f"found none of the {reach.in_set:,} rows where {slice_text(slice_)} among those that "
            "max_samples leaves, expected one at least: ask more samples, or take another seed"
        )
    return f"found no row where {slice_text(slice_)}, expected {_known(slice_, values)}"


def too_few(
    bar: Sequence[CriterionSpec], plan: PlanSpec, reaches: Sequence[Reach]
) -> tuple[TooFew, ...]:
    """Return the required criteria that not even flawless answers could prove."""
    found = []
    for line, reach in zip(bar, reaches, strict=True):
        least = least_samples(line, plan) if line.required else None
        if least is not None and least > reach.asked:
            found.append(TooFew(criterion=line, asked=reach.asked, least=least))
    return tuple(found)


def least_samples(line: CriterionSpec, plan: PlanSpec) -> int | None:
    """Return how many samples prove a criterion if every one passes, None where none are needed.

    For a margin: if the candidate and the incumbent never differ. Several candidates, clusters and
    partial credit ask for more.

    Source: alpha ** (1 / n), Clopper and Pearson (1934); for a stop rule see `sequential`.
    """
    share, alpha = _share_to_prove(line), line.alpha or plan.alpha
    if share is None or not 0 < share < 1:
        return None
    if not plan.stop_early:
        return all_pass_samples(share, alpha=alpha)
    samples = range(1, MOST_SAMPLES)
    return 1 + bisect_left(samples, log(1 / alpha), key=lambda n: _evidence(line, share, n))


def _share_to_prove(line: CriterionSpec) -> float | None:
    """Return the rate that flawless answers have to prove."""
    if line.metric in COSTS:
        return None
    if line.metric in SPEED_QUANTILES:
        return SPEED_QUANTILES[line.metric]
    return line.threshold if line.comparator is Comparator.AT_LEAST else 1 - line.threshold


def _evidence(line: CriterionSpec, share: float, n: int) -> float:
    if line.comparator is Comparator.WITHIN:
        return log_bet_above(Scores((0.5,), (n,)), bar=share / 2)
    return float(log_evidence_above(n, n, bar=share))


def _known(slice_: Mapping[str, str], values: Mapping[str, Sequence[str]]) -> str:
    for column, value in slice_.items():
        known = values.get(column, ())
        if value not in known:
            told = ", ".join(map(repr, known[:MOST_TOLD])) or "a column with values"
            more = len(known) - MOST_TOLD
            rest = f" and {more:,} more" if more > 0 else ""
            return f"one of {told}{rest} for {column!r}"
    return "values that stand in one row"
