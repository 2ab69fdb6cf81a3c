"""What the product says of made-up runs: tables of trials through `judge_all`, as it is called."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from evals.domain.bars import evidence_of
from evals.domain.claims import Levels
from evals.domain.evidence import Evidence, FixedEvidence, paired_counts
from evals.domain.judging import Contender, Rules, judge_all, settled_after
from evals.domain.paired import PairedTable
from evals.domain.pairedclaims import PairedClaim
from evals.domain.specs import CriterionSpec, PlanSpec
from evals.domain.subjects import RunGrounds
from evals.domain.trialtables import TrialTable
from evals.domain.verdicts import Verdict, decide
from tests.simulate.rules import ALPHA, Calls

EACH = Levels(low=ALPHA, high=ALPHA)


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """One evaluation: its bar and its runs."""

    bar: tuple[CriterionSpec, ...]
    grounds: Sequence[RunGrounds]
    stop_early: bool
    graded: frozenset[str] = field(default_factory=frozenset)

    def rules(self) -> Rules:
        return Rules(
            bar=self.bar,
            plan=PlanSpec(alpha=ALPHA, stop_early=self.stop_early),
            graded=self.graded,
        )


def call_alone(race: Race) -> tuple[bool, bool, int]:
    """One candidate under one line: GO, NO-GO and places read, without the bounds of pages."""
    (line,), (own,) = race.bar, race.grounds
    graded = line.metric in race.graded
    evidence = evidence_of(line, own, stop_early=race.stop_early, is_graded=graded)
    is_above, places = _is_above(evidence)
    is_go = is_above is not None and is_above == evidence.subject.go_above
    return is_go, is_above is not None and not is_go, places


@cache
def _exact(least: PairedTable, most: PairedTable, bar: float) -> bool | None:
    """As `FixedEvidence.find` has it; an exact test takes milliseconds, and equal tables abound."""
    claim = PairedClaim(least=least, most=most, levels=EACH)
    if claim.p_above(bar) <= ALPHA:
        return True
    return False if claim.p_below(bar) <= ALPHA else None


def _is_above(evidence: Evidence) -> tuple[bool | None, int]:
    subject, units = evidence.subject, evidence.subject.units
    if isinstance(evidence, FixedEvidence) and subject.is_paired and units.is_binary:
        tables = (paired_counts(units.least), paired_counts(units.most))
        return _exact(*tables, subject.real(subject.bar)), int(units.ends.max())
    found = evidence.find(EACH)
    return found.is_above, found.places


def calls_alone(make: Callable[[], Race], runs: int) -> Calls:
    """One candidate and one line, so often."""
    return _calls([call_alone(make()) for _ in range(runs)])


def calls_together(make: Callable[[], Race], runs: int) -> Calls:
    """Any GO and any NO-GO among the candidates of an evaluation, so often."""
    return _calls([_together(make()) for _ in range(runs)])


def _together(race: Race) -> tuple[bool, bool, int]:
    runs = [Contender(grounds=own, is_incumbent=False) for own in race.grounds]
    judged = judge_all(race.rules(), runs, have_ended=True)
    verdicts = [decide(results) for results in judged]
    places = max(result.places for results in judged for result in results)
    return Verdict.GO in verdicts, Verdict.NO_GO in verdicts, places


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """How trials come in: when each does, how often one looks, how much is in flight."""

    arrivals: Sequence[np.ndarray]
    looks: Sequence[float]
    overshoot: float


def streamed(race: Race, stream: Stream) -> tuple[bool, bool, int]:
    """Read as answers come in, end each run once it is settled, judge what is there at the end."""
    ends = [np.inf] * len(race.grounds)
    for now in stream.looks:
        judged = judge_all(race.rules(), _seen(race, stream, now, ends), have_ended=False)
        for place, results in enumerate(judged):
            if np.isinf(ends[place]) and settled_after(results) is not None:
                ends[place] = now + stream.overshoot
        if not np.isinf(ends).any():
            break
    seen = _seen(race, stream, np.inf, ends)
    judged = judge_all(race.rules(), seen, have_ended=True)
    verdicts = [decide(results) for results in judged]
    stored = sum(int(each.grounds.table.stored.sum()) for each in seen)
    return Verdict.GO in verdicts, Verdict.NO_GO in verdicts, stored // len(seen)


def _seen(race: Race, stream: Stream, now: float, ends: Sequence[float]) -> list[Contender]:
    return [
        Contender(
            grounds=replace(own, table=until(own.table, at, min(now, end))), is_incumbent=False
        )
        for own, at, end in zip(race.grounds, stream.arrivals, ends, strict=True)
    ]


def until(table: TrialTable, arrivals: np.ndarray, now: float) -> TrialTable:
    """The table as it stood then."""
    came = (arrivals <= now)[:, np.newaxis]
    return replace(
        table,
        stored=table.stored & came,
        judged=table.judged & came,
        refused=table.refused & came,
        scores={name: np.where(came, scores, np.nan) for name, scores in table.scores.items()},
        seconds=np.where(came, table.seconds, np.nan),
        usd=np.where(came, table.usd, np.nan),
    )


def calls_streamed(make: Callable[[], tuple[Race, Stream]], runs: int) -> Calls:
    return _calls([streamed(*make()) for _ in range(runs)])


def _calls(found) -> Calls:
    go, no_go, n = (np.array(side) for side in zip(*found, strict=True))
    return Calls(go, no_go, n)
