"""What the database counts of runs that go on: finished shards once, the rest at each look.

A shard that is done never changes until it is opened again, and then it is claimed anew before it
is done. So the sums over done shards are kept in this process, and each look adds those that were
done since. What is shown is the same as if every trial had been counted now.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from evals.domain.specs import PriceSpec, Spec
from evals.models import Evaluation, Run, Shard
from evals.models.evaluations import ShardState
from evals.queries.bandedcosts import BandedCosts, PricedStretch, banded_costs
from evals.queries.costfacts import is_banded, may_be_banded
from evals.queries.facts import Counted, counted_of
from evals.queries.kept import Kept
from evals.queries.stretches import Stretch
from evals.queries.trialsums import Sums, added, trial_sums

NEW, OPEN = 0, 1  # a run's two parts: shards done since the last look, and shards not done


class ShardRow(NamedTuple):
    """A shard as it stands; each claim counts one attempt."""

    pk: int
    attempts: int
    start: int
    stop: int
    is_done: bool


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """The sums over a run's done shards; `banded` None where its price needs none."""

    shards: frozenset[ShardRow]
    sums: Sums | None
    banded: BandedCosts | None


@dataclass(frozen=True, slots=True)
class Look:
    """One run as it is looked at: what is kept of it, and the shards that are read now."""

    run_id: int
    price: PriceSpec | None
    kept: Tally
    new: tuple[ShardRow, ...]
    unfinished: tuple[ShardRow, ...]

    def stretches(self, number: int) -> list[Stretch]:
        """Return what is to be read, in two parts that always exist."""
        return [
            *_joined(2 * number + NEW, self.run_id, self.new),
            *_joined(2 * number + OPEN, self.run_id, self.unfinished),
        ]


NOTHING = Tally(frozenset(), None, None)
_tallies: Kept[Tally] = Kept(4096)


def count_live_runs(evaluation: Evaluation, spec: Spec, runs: Sequence[Run]) -> dict[int, Counted]:
    """Return the facts of each run by its id, but for latencies, in two queries.

    Where a price hangs on caches or on the length of prompts it is one more.
    """
    shards = _shards(runs)
    looks = [_look(run, shards[run.pk], spec) for run in runs]
    stretches = [stretch for n, look in enumerate(looks) for stretch in look.stretches(n)]
    sums = trial_sums(stretches, spec)
    banded = _banded(looks, stretches)
    rows: dict[int, Sums] = {}
    for n, look in enumerate(looks):
        tally = _with_new(look, sums[2 * n + NEW], banded.get(2 * n + NEW))
        _tallies.put(look.run_id, tally)
        last = _whole(look, tally, sums[2 * n + OPEN], banded.get(2 * n + OPEN))
        rows[look.run_id] = last | {"places": evaluation.sample_count}
    return counted_of(evaluation, spec, runs, rows, {})


def _shards(runs: Sequence[Run]) -> Mapping[int, list[ShardRow]]:
    found: dict[int, list[ShardRow]] = defaultdict(list)
    rows = Shard.objects.filter(run__in=[run.pk for run in runs]).order_by("run_id", "start")
    names = ("run_id", "pk", "attempts", "start", "stop", "state")
    for run_id, pk, attempts, start, stop, state in rows.values_list(*names):
        found[run_id].append(ShardRow(pk, attempts, start, stop, state == ShardState.DONE))
    return found


def _look(run: Run, shards: Iterable[ShardRow], spec: Spec) -> Look:
    """Return what is to be read of a run: all of it where a kept shard was opened again."""
    done = {shard for shard in shards if shard.is_done}
    kept = _tallies.peek(run.pk) or NOTHING
    if not kept.shards <= done:
        kept = NOTHING
    price = spec.candidates[run.position].price
    return Look(
        run_id=run.pk,
        price=price if price is not None and may_be_banded(price) else None,
        kept=kept,
        new=tuple(sorted(done - kept.shards, key=lambda shard: shard.start)),
        unfinished=tuple(shard for shard in shards if not shard.is_done),
    )


def _joined(part: int, run_id: int, shards: Sequence[ShardRow]) -> list[Stretch]:
    """Return shards as stretches, neighbours in one; one that is empty where there is none."""
    found: list[Stretch] = []
    for shard in shards:
        if found and found[-1].stop == shard.start:
            found[-1] = Stretch(part, run_id, found[-1].start, shard.stop)
        else:
            found.append(Stretch(part, run_id, shard.start, shard.stop))
    return found or [Stretch(part, run_id, 0, 0)]


def _banded(looks: Sequence[Look], stretches: Iterable[Stretch]) -> Mapping[int, BandedCosts]:
    prices = {look.run_id: look.price for look in looks}
    return banded_costs(
        [PricedStretch(each, price) for each in stretches if (price := prices[each.run_id])]
    )


def _with_new(look: Look, sums: Sums, banded: BandedCosts | None) -> Tally:
    kept = look.kept
    return Tally(
        shards=kept.shards | set(look.new),
        sums=sums if kept.sums is None else added(kept.sums, sums),
        banded=_both(kept.banded, banded),
    )


def _whole(look: Look, tally: Tally, sums: Sums, banded: BandedCosts | None) -> dict[str, Any]:
    """Return the sums over all shards."""
    whole = dict(sums) if tally.sums is None else added(tally.sums, sums)
    if is_banded(look.price, whole):
        whole["banded"] = _both(tally.banded, banded)
    return whole


def _both(one: BandedCosts | None, other: BandedCosts | None) -> BandedCosts | None:
    return one + other if one and other else one or other
