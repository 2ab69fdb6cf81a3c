"""A model in this process: one batch at a time, in a thread, loaded with the first question."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from itertools import groupby
from threading import Lock
from time import perf_counter
from typing import NamedTuple, Protocol

from evals.domain.specs import HarnessSpec
from evals.domain.trials import Question, Reply, TrialState, Usage
from evals.engine.endpoints.protocol import EndpointError
from evals.engine.endpoints.text import shortened, storable

logger = logging.getLogger(__name__)


class Generated(NamedTuple):
    """What a model made of one prompt; None is unknown."""

    text: str
    input_tokens: int | None
    output_tokens: int | None
    finish_reason: str | None


class Model(Protocol):
    """A loaded model."""

    def generate(
        self, questions: Sequence[Question], harness: HarnessSpec, /, *, seed: int | None
    ) -> Sequence[Generated]:
        """Return one text per question, in order.

        Raises:
            RuntimeError: If the questions are at fault.
            OSError: If something between here and the model is.
        """


ModelKey = tuple[str, ...]

_models: dict[ModelKey, Model] = {}
_loading = Lock()
_generating = Lock()  # two models at once would only share the same processor


def kept_model(key: ModelKey, load: Callable[[], Model]) -> Model:
    """Return the model under `key`, loaded once in this process and kept."""
    with _loading:
        if key not in _models:
            started = perf_counter()
            _models[key] = load()
            logger.info("model loaded key=%s seconds=%.1f", key, perf_counter() - started)
        return _models[key]


class LocalEndpoint:
    """Answers with a model in this process; `load` raises EndpointError where there is none."""

    concurrency = 1

    def __init__(self, load: Callable[[], Model], *, harness: HarnessSpec, batch_size: int) -> None:
        self.batch_size = batch_size
        self._load = load
        self._harness = harness

    async def answer(self, questions: Sequence[Question]) -> list[Reply]:
        """Return one reply per question; each has the wall time of the batch it was in."""
        return await asyncio.to_thread(self._answer, questions)

    async def close(self) -> None:
        """Do nothing; the model is kept for the next run."""

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
        started = perf_counter()
        try:
            with _generating:
                made = model.generate(questions, self._harness, seed=self._seed(questions[0]))
        except (RuntimeError, OSError) as error:
            if len(questions) > 1:
                return [reply for one in questions for reply in self._generate(model, [one])]
            is_outside = isinstance(error, OSError)
            state = TrialState.INFRA_ERROR if is_outside else TrialState.MODEL_ERROR
            return [Reply(state=state, error=shortened(str(error)))]
        seconds = perf_counter() - started
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
