"""The smoke stage: the first answers of a run can pause it before the rest is paid for."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from evals.domain.trials import JUDGED, TrialState

SMOKE_SAMPLES = 20
_TRUNCATED = "length"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAnswer:
    """One of the first trials: `score` by the first scorer, None where it is unscored."""

    state: TrialState
    score: float | None = None
    answer: str | None = None
    finish_reason: str | None = None
    error: str = ""


def smoke_problem(answers: Sequence[FirstAnswer]) -> str | None:
    """Return why a run should pause after its first answers, or None where it may go on.

    Only what leaves no doubt pauses: every one of the first SMOKE_SAMPLES failed alike. At a true
    rate of 20 % that many zeros come by chance once in 87 runs, at 40 % once in 27,000.

    Args:
        answers: In the order in which they were stored; those after the first count no more.
    """
    first = answers[:SMOKE_SAMPLES]
    if len(first) < SMOKE_SAMPLES:
        return None
    states = Counter(answer.state for answer in first)
    return _failures(first, states) or _formats(first) or _zeros(first)


def _failures(first: Sequence[FirstAnswer], states: Counter[TrialState]) -> str | None:
    """Return what every request met with, where none brought an answer."""
    words = {
        TrialState.MODEL_ERROR: "was refused by the endpoint",
        TrialState.INFRA_ERROR: "failed on the way",
        TrialState.SCORER_ERROR: "could not be scored",
        TrialState.NO_ANSWER: "came back without an answer",
    }
    alike = [state for state, count in states.items() if count == len(first)]
    if alike and alike[0] in words:
        return f"each of the first {len(first)} requests {words[alike[0]]}{_most_common(first)}"
    if TrialState.OK not in states:
        return f"none of the first {len(first)} requests brought an answer{_most_common(first)}"
    return None


def _formats(first: Sequence[FirstAnswer]) -> str | None:
    """Return how every answer misses the form, where all are wrong."""
    if any(answer.score for answer in first):
        return None
    said = [answer for answer in first if answer.state is TrialState.OK]
    if all(answer.finish_reason == _TRUNCATED for answer in said):
        return (
            f"each of the first {len(first)} answers is wrong and was cut at max_tokens: "
            "raise max_tokens, or ask for the answer alone"
        )
    if all(answer.answer is None for answer in said):
        return (
            f"in none of the first {len(first)} outputs was an answer found: "
            "check the prompt, and what the scorer extracts"
        )
    return None


def _zeros(first: Sequence[FirstAnswer]) -> str | None:
    judged = [answer for answer in first if answer.state in JUDGED]
    if len(judged) < len(first) or any(answer.score != 0 for answer in judged):
        return None
    return (
        f"0 of the first {len(first)} answers are right: "
        "check the prompt, the target column and the scorer before paying for the rest"
    )


def _most_common(first: Sequence[FirstAnswer]) -> str:
    errors = Counter(answer.error for answer in first if answer.error)
    return f": {errors.most_common(1)[0][0]}" if errors else ""
