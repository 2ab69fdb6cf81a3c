"""Lines of a bar under a shock: stored figures moved, and judged again without new answers.

A cost is scaled with the price, value and bounds alike; a score is shifted, down for a loss where
the bar asks for at least so much and up where it asks for at most; a difference from the incumbent
moves with either of the two. Latencies stay.

What is stored has one bound of the level that decides. A line is met only by that bound, on the
side on which a GO hangs: what was missed is at best unsettled after a shock, since the bound that
would let it pass was never stored. It is missed by the stored bound of that side or by the near end
of the 95 % interval, whose level is nominal: a wrong GO is the costly error.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from evals.domain.bars import CriterionState
from evals.domain.metrics import COST_PER_1K, LATENCY_QUANTILES
from evals.domain.positions import StoredLine
from evals.domain.specs import Comparator
from evals.domain.verdicts import Verdict

Move = Callable[[float], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """What a shock does to one candidate's figures."""

    cost_multiplier: float = 1.0
    own_quality: float = 0.0
    incumbent_quality: float = 0.0


def pushed_line(line: StoredLine, push: Push) -> StoredLine:
    """Return the line with its figures moved and its state judged again."""
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
    if line.metric in LATENCY_QUANTILES:
        return None
    if line.metric == COST_PER_1K:
        return None if push.cost_multiplier == 1 else lambda figure: figure * push.cost_multiplier
    if line.is_paired:
        return _shift(push.own_quality - push.incumbent_quality, least=-1)
    sign = -1 if line.comparator is Comparator.AT_MOST else 1
    return _shift(sign * push.own_quality, least=0)


def _shift(delta: float, *, least: int) -> Move | None:
    return (lambda figure: min(1.0, max(least, figure + delta))) if delta else None


def _moved(move: Move, figure: float | None) -> float | None:
    return None if figure is None else move(figure)


def _state(line: StoredLine) -> CriterionState:
    """Return the state of moved figures; `line.state` is still the stored one."""
    sign = -1 if line.comparator is Comparator.AT_MOST else 1
    bar = -line.threshold if line.is_paired else line.threshold
    was_missed = line.state is CriterionState.MISSED
    if not was_missed and line.bound is not None and sign * line.bound >= sign * bar:
        return CriterionState.MET
    near = line.low if sign < 0 else line.high
    ends = [near, line.bound if was_missed else None]
    if any(end is not None and sign * end < sign * bar for end in ends):
        return CriterionState.MISSED
    return CriterionState.UNSETTLED
