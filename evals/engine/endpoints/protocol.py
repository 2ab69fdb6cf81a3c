"""What every endpoint can do, whatever it is made of."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from evals.domain.trials import Question, Reply
from evals.engine.gate import Gate


class EndpointError(ValueError):
    """An endpoint is described so that nothing can be asked; says where, found and expected."""


class Endpoint(Protocol):
    """Something that answers questions.

    `batch_size` is how many questions one call takes, `concurrency` how many calls may be under
    way at once.
    """

    batch_size: int
    concurrency: int

    async def answer(self, questions: Sequence[Question]) -> Sequence[Reply]:
        """Return one reply per question, in order; what goes wrong out there is a reply too."""

    async def close(self) -> None:
        """Let go of connections; a later `answer` is an error."""


@runtime_checkable
class Throttled(Protocol):
    """An endpoint that counts how often it was told to slow down (HTTP 429)."""

    throttled: int


@runtime_checkable
class Gated(Protocol):
    """An endpoint that waits between attempts, and meanwhile lets others have its place.

    Who asks sets `gate` and has entered it; `answer` leaves before a pause and enters again after
    it, so that on its return one place is taken as before. `in_flight` counts requests.
    """

    gate: Gate | None
    in_flight: int

    def most_tokens(self, question: Question) -> int:
        """Return the most tokens that a question can cost, prompt and answer together."""


@runtime_checkable
class Distrustful(Protocol):
    """An endpoint that may be described wrongly, until it has responded once.

    Who knows that it did before sets `has_responded`: where nobody answers, it is down for now.
    """

    has_responded: bool
