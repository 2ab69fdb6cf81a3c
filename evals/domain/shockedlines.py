"""Lines of a bar under a shock: stored figures moved, and judged again without new answers.

A cost is scaled with the price, value and bounds alike; a score is shifted, down for a loss where
the bar asks for at least so much and up where it asks for at most; a difference from the incumbent
moves with either of the two. What an accepted answer costs moves with both. Latencies, first tokens
and errors stay.

What is stored has one bound of the level that decides. A line is met only by that bound, on the
side on which a GO hangs: what was missed is at best unsettled after a shock, since the bound that
would let it pass was never stored. It is missed by the stored bound of that side or by the near end
of the 95 % interval, whose level is nominal: a wrong GO is the costly error.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from evals.domain.bars import CriterionState
from evals.domain.costs import AcceptedRule
from evals.domain.measured import COST_PER_ACCEPTED, ERROR_RATE, SPEED_QUANTILES
from evals.domain.metrics import COST_PER_1K
from evals.domain.positions import StoredLine
from evals.domain.specs import Comparator
from evals.domain.verdicts import Verdict

Move = Callable[[float], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """What a shock does to one candidate's figures.

    The last three are what it is done to: the mean cost of a task and the share of right answers
    before the shock, and what a wrong answer costs, None where that is unknown or nothing.
    """

    cost_multiplier: float = 1.0
    own_quality: float = 0.0
    incumbent_quality: float = 0.0
    cost_usd: float | None = None
    accepted_share: float | None = None
    failure_usd: float | None = None

    @property
    def is_own(self) -> bool:
        """Whether a figure of the candidate itself moves."""
        return self.cost_multiplier != 1 or self.own_quality != 0

    @property
    def is_null(self) -> bool:
        """Whether nothing moves."""
        return not self.is_own and not self.incumbent_quality


def pushed_line(line: StoredLine, push: Push) -> StoredLine:
    """Return the line with its figures moved and its state judged again."""
    if line.metric == COST_PER_ACCEPTED:
        return _pushed_accepted(line, push) if push.is_own else line
    move = _move(line, push)
    if move is None:
        return line
    moved = replace(
        line,
        value=_moved(move, line.value),
        low=_moved(move, line.low),
        high=_moved(move, line.high),
        bound=_moved(move, line.bound),
    )
    return replace(moved, state=_state(moved))


def verdict_of_lines(lines: Sequence[StoredLine]) -> Verdict:
    """Return what required lines say together, by the rule of `verdicts.decide`."""
    states = [line.state for line in lines]
    if CriterionState.MISSED in states:
        return Verdict.NO_GO
    if states and all(state is CriterionState.MET for state in states):
        return Verdict.GO
    return Verdict.UNDECIDED


def _move(line: StoredLine, push: Push) -> Move | None:
    """Return how the line's figures move, None where they stay."""
    if line.metric in SPEED_QUANTILES or line.metric == ERROR_RATE:
        return None
    if line.metric == COST_PER_1K:
        return None if push.cost_multiplier == 1 else lambda figure: figure * push.cost_multiplier
    if line.is_paired:
        return _shift(push.own_quality - push.incumbent_quality, least=-1)
    sign = -1 if line.comparator is Comparator.AT_MOST else 1
    return _shift(sign * push.own_quality, least=0)


def _shift(delta: float, *, least: int) -> Move | None:
    return (lambda figure: min(1.0, max(least, figure + delta))) if delta else None


def _moved(move: Move | None, figure: float | None) -> float | None:
    return None if figure is None or move is None else move(figure)


def _pushed_accepted(line: StoredLine, push: Push) -> StoredLine:
    """Return a line about the cost of an accepted answer, as dearer as a task gets on average.

    Where wrong answers are dropped its bound is one on cost less the limit for each accepted
    answer, so that a right answer less costs the limit; else it costs what doing it again does.
    """
    share, cost = push.accepted_share, push.cost_usd
    if cost is None or (share is None and push.own_quality):
        unknown = replace(line, value=None, low=None, high=None, bound=None)
        return replace(unknown, state=CriterionState.UNSETTLED)
    before = 1.0 if share is None else share
    after = min(1.0, max(0.0, before + push.own_quality))
    is_dropped = line.rule is AcceptedRule.DROPPED
    worth = line.threshold if is_dropped else push.failure_usd or 0.0
    more = (push.cost_multiplier - 1) * cost + worth * (before - after)
    move = _shown_move(push.cost_multiplier, before, after) if is_dropped else _dearer(more)
    moved = replace(
        line,
        value=_moved(move, line.value),
        low=_moved(move, line.low),
        high=_moved(move, line.high),
        bound=None if line.bound is None else line.bound + more,
    )
    return replace(moved, state=_state(moved))


def _shown_move(multiplier: float, before: float, after: float) -> Move | None:
    """Return how the cost of an accepted answer moves, None where none is accepted any more."""
    return (lambda usd: usd * multiplier * before / after) if after else None


def _dearer(more: float) -> Move:
    return lambda usd: max(0.0, usd + more)


def _state(line: StoredLine) -> CriterionState:
    """Return the state of moved figures; `line.state` is still the stored one."""
    sign = -1 if line.comparator is Comparator.AT_MOST else 1
    bar = -line.threshold if line.is_paired else line.threshold
    bound_bar = 0.0 if line.rule is AcceptedRule.DROPPED else bar
    was_missed = line.state is CriterionState.MISSED
    if not was_missed and line.bound is not None and sign * line.bound >= sign * bound_bar:
        return CriterionState.MET
    near = line.low if sign < 0 else line.high
    ends = [(near, bar), (line.bound if was_missed else None, bound_bar)]
    if any(end is not None and sign * end < sign * limit for end, limit in ends):
        return CriterionState.MISSED
    return CriterionState.UNSETTLED
