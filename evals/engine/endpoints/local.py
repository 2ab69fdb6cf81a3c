"""A model in this process: one batch at a time, in a thread, loaded with the first question."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import groupby
from threading import Lock
from time import perf_counter

from evals.domain.specs import HarnessSpec
from evals.domain.trials import Question, Reply, TrialState, Usage
from evals.engine.endpoints.keptmodels import Generated, Model
from evals.engine.endpoints.protocol import EndpointError
from evals.engine.endpoints.text import shortened, storable

_generating = Lock()  # two models at once would only share the same processor


def nothing() -> None:
    """Do nothing: there is nothing to let go."""


class LocalEndpoint:
    """Answers with a model in this process; `load` raises EndpointError where there is none.

    `let_go` is called when the endpoint is closed.
    """

    concurrency = 1

    def __init__(
        self,
        load: Callable[[], Model],
        *,
        harness: HarnessSpec,
        batch_size: int,
        let_go: Callable[[], None] = nothing,
    ) -> None:
        self.batch_size = batch_size
        self._load = load
        self._harness = harness
        self._let_go = let_go

    async def answer(self, questions: Sequence[Question]) -> list[Reply]:
        """Return one reply per question; each has the wall time of the batch it was in."""
        return await asyncio.to_thread(self._answer, questions)

    async def close(self) -> None:
        """Let the model go; it is kept for the next run."""
        self._let_go()

    def _answer(self, questions: Sequence[Question]) -> list[Reply]:
        try:
            model = self._load()
        except EndpointError as error:
            failure = Reply(
                state=TrialState.INFRA_ERROR, error=shortened(str(error)), is_fatal=True
            )
            return [failure] * len(questions)
        if not self._harness.temperature:
            return self._generate(model, questions)
        epochs = groupby(questions, key=lambda question: question.epoch)
        return [reply for _, part in epochs for reply in self._generate(model, list(part))]

    def _generate(self, model: Model, questions: Sequence[Question]) -> list[Reply]:
        """Return the replies to questions that share a seed; one bad prompt fails alone."""
        try:
            with _generating:
                started = perf_counter()  # the wait for another candidate's batch is not its own
                made = model.generate(questions, self._harness, seed=self._seed(questions[0]))
                seconds = perf_counter() - started
        except (RuntimeError, OSError) as error:
            if len(questions) > 1:
                return [reply for one in questions for reply in self._generate(model, [one])]
            is_outside = isinstance(error, OSError)
            state = TrialState.INFRA_ERROR if is_outside else TrialState.MODEL_ERROR
            return [Reply(state=state, error=shortened(str(error)))]
        return [_reply(one, seconds=seconds) for one in made]

    def _seed(self, question: Question) -> int | None:
        """Return a seed that differs between epochs, so that each is really sampled again."""
        return None if self._harness.seed is None else self._harness.seed + question.epoch


def _reply(made: Generated, *, seconds: float) -> Reply:
    is_blank = not made.text.strip()
    return Reply(
        state=TrialState.NO_ANSWER if is_blank else TrialState.OK,
        output=storable(made.text) or None,
        error="the answer is empty" if is_blank else "",
        finish_reason=made.finish_reason,
        usage=Usage(input_tokens=made.input_tokens, output_tokens=made.output_tokens),
        latency_seconds=seconds,
    )
