"""A vendor that bills each request as it comes in, whether anybody waits for the answer or not."""

import random
from collections.abc import Iterable
from decimal import Decimal
from math import exp
from typing import Any

from evals.domain.costs import trial_cost
from evals.domain.specs import PriceSpec
from evals.domain.trials import Usage
from evals.models import Trial
from tests.fakes import Answer, FakeOpenAI, Messages, completion
from tests.make import QUEUES

PRICE = PriceSpec(input_usd_per_mtok=Decimal(10), output_usd_per_mtok=Decimal(100))


class Vendor(FakeOpenAI):
    """Answers after lognormal waits, with answers of any length up to `max_tokens`.

    `billed` is what all requests cost by `PRICE`.
    """

    def __init__(self, *, median_seconds: float = 0.03, spread: float = 0.6) -> None:
        super().__init__()
        self.median_seconds, self.spread = median_seconds, spread
        self.billed = Decimal(0)
        self._chance = random.Random(7)  # noqa: S311 - simulates, guards nothing

    def _plain(self, body: Any) -> Answer:
        read, written = _length(body["messages"]) // 4, self._chance.randint(1, body["max_tokens"])
        usage = {"prompt_tokens": read, "completion_tokens": written}
        self.billed += price_of(read, written)
        seconds = self.median_seconds * exp(self._chance.gauss(0, self.spread))
        return Answer(body=completion(QUEUES[0], usage=usage), seconds=seconds)


def price_of(read: int, written: int) -> Decimal:
    """Return what a request of so many tokens in and out costs."""
    cost = trial_cost(Usage(input_tokens=read, output_tokens=written), PRICE)
    assert cost is not None
    return cost


def stored_usd(trials: Iterable[Trial]) -> Decimal:
    """Return what trials have cost, their tokens all known."""
    known = [(t.input_tokens, t.output_tokens) for t in trials]
    return sum((price_of(i, o) for i, o in known if i is not None and o is not None), Decimal(0))


def _length(messages: Messages) -> int:
    return sum(len(message["content"]) for message in messages)
