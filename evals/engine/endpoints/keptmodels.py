"""Models in this process: loaded once, kept from run to run, dropped when another is wanted."""

import gc
import logging
import sys
from collections.abc import Callable, Sequence
from threading import Lock, Timer
from time import perf_counter
from typing import NamedTuple, Protocol

from evals.domain.specs import HarnessSpec
from evals.domain.trials import Question

logger = logging.getLogger(__name__)

IDLE_SECONDS = 600.0  # so long a model is kept that nobody uses


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


class KeptModels:
    """The models of a process by their keys, with who uses each.

    A model in use is never dropped, so that two runs side by side do not load in turns. One that
    nobody uses goes before another is loaded, which may need its memory, or after a while.
    """

    def __init__(self, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._lock = Lock()
        self._models: dict[ModelKey, Model] = {}
        self._users: dict[ModelKey, set[Loan]] = {}
        self._clock: Timer | None = None

    def keys(self) -> list[ModelKey]:
        """Return the keys of the models that are loaded."""
        with self._lock:
            return list(self._models)

    def lend(self, loan: "Loan") -> Model:
        """Return the loan's model, which is loaded if it is not here."""
        with self._lock:
            if loan.key not in self._models:
                self._drop_unused()
                self._models[loan.key] = self._loaded(loan)
            if not loan.is_over:
                self._users.setdefault(loan.key, set()).add(loan)
            return self._models[loan.key]

    def take_back(self, loan: "Loan") -> None:
        """Keep the loan's model for the next one, for a while."""
        with self._lock:
            self._users.get(loan.key, set()).discard(loan)
            if self._clock is not None:
                self._clock.cancel()
            self._clock = Timer(self._idle_seconds, self._drop_idle)
            self._clock.daemon = True
            self._clock.start()

    def _loaded(self, loan: "Loan") -> Model:
        started = perf_counter()
        model = loan.load()
        logger.info("model loaded key=%s seconds=%.1f", loan.key, perf_counter() - started)
        return model

    def _drop_idle(self) -> None:
        with self._lock:
            self._drop_unused()

    def _drop_unused(self) -> None:
        unused = [key for key in self._models if not self._users.get(key)]
        for key in unused:
            del self._models[key]
            self._users.pop(key, None)
            logger.info("model dropped key=%s", key)
        if unused:
            _free_memory()


class Loan:
    """One endpoint's use of a model, from its first question until it is closed."""

    def __init__(self, models: KeptModels, key: ModelKey, load: Callable[[], Model]) -> None:
        self.key = key
        self.load = load
        self.is_over = False
        self._models = models

    def model(self) -> Model:
        """Return the model; EndpointError where there is none."""
        return self._models.lend(self)

    def end(self) -> None:
        """Let the model go; a batch at hand is still done with it."""
        self.is_over = True
        self._models.take_back(self)


def _free_memory() -> None:
    """Give back what dropped models held, an accelerator's memory too."""
    gc.collect()
    if torch := sys.modules.get("torch"):
        torch.cuda.empty_cache()


kept_models = KeptModels()
