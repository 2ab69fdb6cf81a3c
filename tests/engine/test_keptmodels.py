"""Models of one process: loaded once, kept between runs, dropped when another is wanted."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from evals.domain.specs import CandidateSpec, HarnessSpec, ModelSpec
from evals.domain.trials import Question, TrialState
from evals.engine.endpoints import open_endpoint
from evals.engine.endpoints.keptmodels import Generated, KeptModels, Loan, Model, kept_models
from evals.engine.endpoints.local import LocalEndpoint
from tests.engine.test_openvino_endpoint import ROUTER, candidate, needs_openvino
from tests.jobs.workers import until


class Echo:
    """A model that says what it is asked, after a while."""

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds

    def generate(
        self, questions: Sequence[Question], _harness: HarnessSpec, /, *, seed: int | None
    ) -> list[Generated]:
        assert seed is None
        time.sleep(self._seconds)
        return [Generated(question.prompt, 1, 1, "stop") for question in questions]


class Shelf:
    """Counts what is loaded from it."""

    def __init__(self, models: KeptModels) -> None:
        self.loaded: list[str] = []
        self._models = models

    def loan(self, name: str) -> Loan:
        def load() -> Model:
            self.loaded.append(name)
            return Echo()

        return Loan(self._models, (name,), load)


@pytest.fixture
def models() -> KeptModels:
    return KeptModels()


@pytest.fixture
def shelf(models: KeptModels) -> Shelf:
    return Shelf(models)


def test_a_model_is_kept_from_one_run_to_the_next(models: KeptModels, shelf: Shelf):
    for _ in range(2):
        loan = shelf.loan("a")
        loan.model()
        loan.model()
        loan.end()
    assert shelf.loaded == ["a"]
    assert models.keys() == [("a",)]


def test_a_model_that_nobody_uses_goes_before_another_is_loaded(models: KeptModels, shelf: Shelf):
    first, second = shelf.loan("a"), shelf.loan("b")
    first.model()
    first.end()
    second.model()
    assert models.keys() == [("b",)]


def test_models_in_use_stay_side_by_side_and_are_not_loaded_in_turns(
    models: KeptModels, shelf: Shelf
):
    first, second = shelf.loan("a"), shelf.loan("b")
    for _ in range(3):
        first.model()
        second.model()
    assert shelf.loaded == ["a", "b"]
    first.end()
    shelf.loan("c").model()
    assert models.keys() == [("b",), ("c",)]


def test_two_runs_with_the_same_model_share_it_until_the_last_has_ended(
    models: KeptModels, shelf: Shelf
):
    first, second = shelf.loan("a"), shelf.loan("a")
    assert first.model() is second.model()
    first.end()
    shelf.loan("b").model()
    assert ("a",) in models.keys()  # noqa: SIM118 - no mapping
    assert shelf.loaded == ["a", "b"]


def test_a_model_that_nobody_wants_is_dropped_after_a_while():
    models = KeptModels(idle_seconds=0.05)
    shelf = Shelf(models)
    used, unused = shelf.loan("a"), shelf.loan("b")
    used.model()
    unused.model()
    unused.end()
    until(lambda: models.keys() == [("a",)])
    assert shelf.loaded == ["a", "b"]


def test_a_model_that_was_let_go_while_it_loads_is_in_nobodys_use(models: KeptModels, shelf: Shelf):
    loan = shelf.loan("a")
    loan.end()
    loan.model()
    shelf.loan("b").model()
    assert models.keys() == [("b",)]


def test_waiting_for_another_candidates_batch_is_no_latency_of_ones_own():
    endpoints = [
        LocalEndpoint(lambda: Echo(0.3), harness=HarnessSpec(prompt=""), batch_size=1)
        for _ in range(3)
    ]
    question = Question(sample=0, epoch=0, prompt="hello")

    async def main() -> list[float | None]:
        answers = await asyncio.gather(*(each.answer([question]) for each in endpoints))
        return [reply.latency_seconds for replies in answers for reply in replies]

    started = time.monotonic()
    seconds = asyncio.run(main())
    assert time.monotonic() - started >= 0.9
    assert all(each is not None and 0.3 <= each < 0.55 for each in seconds)


def ask(spec: CandidateSpec, *, batches: int = 1, pause: Callable[[], Any] = int) -> list[Any]:
    """Return the states of the replies; `pause` comes after the first batch."""
    question = Question(sample=0, epoch=0, prompt="I forgot my password.\nQueue:")

    async def main() -> list[Any]:
        endpoint = open_endpoint(spec)
        said = list(await endpoint.answer([question] * 2))
        await asyncio.to_thread(pause)
        for _ in range(batches - 1):
            said += await endpoint.answer([question] * 2)
        await endpoint.close()
        return [reply.state for reply in said]

    return asyncio.run(main())


def openvino_models() -> list[Any]:
    """Return the keys of these models; other tests of the process may use others."""
    loaded = kept_models.keys()
    return [key for key in loaded if key[0] == "openvino"]


@needs_openvino
def test_real_models_are_kept_dropped_and_used_side_by_side(caplog):
    early = ModelSpec(id=str(ROUTER.with_name("ticket-router-1m-early.gguf")), open=True)
    specs = [candidate(), replace(candidate(), model=early)]
    late_key, early_key = [("openvino", spec.model.id, "CPU") for spec in specs]
    caplog.set_level(logging.INFO)

    ask(specs[0])
    caplog.clear()
    ask(specs[0])
    assert "model loaded" not in caplog.text
    ask(specs[1])
    assert openvino_models() == [early_key]

    # From when both have their model, neither is loaded or dropped.
    together = threading.Barrier(2, action=caplog.clear)
    with ThreadPoolExecutor(2) as threads:
        said = list(threads.map(lambda spec: ask(spec, batches=4, pause=together.wait), specs))
    assert said == [[TrialState.OK] * 8] * 2
    assert "model " not in caplog.text
    assert set(openvino_models()) == {late_key, early_key}
