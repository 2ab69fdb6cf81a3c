"""Answers that already exist: production logs, or another tool's results."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from evals.domain.trials import Question, RecordedAnswer, Reply, TrialState
from evals.engine.endpoints.text import shortened, storable

AnswerLookup = Callable[[Sequence[str]], Mapping[str, RecordedAnswer]]


class RecordedEndpoint:
    """Looks answers up by the question's key; every epoch gets the same one.

    `answers` is called in a thread, with as many keys as a batch has, and leaves out those that
    it does not know.
    """

    batch_size = 200
    concurrency = 1

    def __init__(self, answers: AnswerLookup) -> None:
        self._answers = answers

    async def answer(self, questions: Sequence[Question]) -> list[Reply]:
        """Return the recorded answer to each question."""
        keys = [question.key for question in questions if question.key is not None]
        found = await asyncio.to_thread(self._answers, keys)
        return [_reply(question, found) for question in questions]

    async def close(self) -> None:
        """Do nothing; there is nothing to let go of."""


def _reply(question: Question, found: Mapping[str, RecordedAnswer]) -> Reply:
    recorded = found.get(question.key) if question.key is not None else None
    if recorded is None:
        key = shortened(repr(question.key), 200)
        return Reply(state=TrialState.MODEL_ERROR, error=f"no recorded answer for {key}")
    is_blank = not recorded.output.strip()
    return Reply(
        state=TrialState.NO_ANSWER if is_blank else TrialState.OK,
        output=storable(recorded.output) or None,
        error="the recorded answer is empty" if is_blank else "",
        usage=recorded.usage,
        latency_seconds=recorded.latency_seconds,
    )
