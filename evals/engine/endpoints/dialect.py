"""What a vendor's way of speaking has to provide, and the readings that all of them share."""

import json
from collections.abc import Mapping
from typing import Any, Protocol

from evals.domain.trials import Question, Reply, TrialState, Usage
from evals.engine.endpoints.text import storable


class MalformedReplyError(ValueError):
    """A body that should hold a reply and does not; says what is missing."""


class Assembly(Protocol):
    """Puts one streamed reply together, event by event.

    `has_begun` turns true with the first piece of the answer, thoughts included; `is_done` is set
    once the stream says that it is complete.
    """

    has_begun: bool
    is_done: bool

    def add(self, event: dict[str, Any]) -> None:
        """Take in one event."""

    def content(self) -> dict[str, Any] | None:
        """Return the body that the same reply has unstreamed, None where the end is missing."""


class Dialect(Protocol):
    """Writes requests for one model and harness, and reads what comes back.

    `holds` is the key that every reply has and no error.
    """

    holds: str
    is_streamed: bool

    def request(self, question: Question) -> dict[str, Any]:
        """Return the body that asks `question`."""

    def learns(self, sent: dict[str, Any], complaint: str, /) -> bool:
        """Return whether a refusal of `sent` shows how to ask instead."""

    def reply(self, content: dict[str, Any], *, seconds: float) -> Reply:
        """Return the reply in a decoded body.

        Raises:
            MalformedReplyError: If it holds none.
        """

    def assembly(self) -> Assembly:
        """Return where the next streamed reply is put together."""


def decode(body: bytes) -> dict[str, Any]:
    """Return the JSON object in `body`.

    Raises:
        MalformedReplyError: If there is none.
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedReplyError("expected JSON") from None
    if not isinstance(content, dict):
        raise MalformedReplyError("expected a JSON object")
    return content


def merged(*parts: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the parts over one another: mappings are merged, anything else is replaced."""
    whole: dict[str, Any] = {}
    for part in parts:
        for name, value in (part or {}).items():
            below = whole.get(name)
            both = isinstance(below, Mapping) and isinstance(value, Mapping)
            whole[name] = merged(below, value) if both else value
    return whole


def texts_of(parts: Any) -> str:
    """Return the text of a message, which is a string, a list of parts, or nothing."""
    if isinstance(parts, list):
        parts = "".join(
            part["text"]
            for part in parts
            if isinstance(part, dict) and isinstance(part.get("text"), str)
        )
    return storable(parts) if isinstance(parts, str) else ""


def reply_of(
    output: str, *, why_none: str, finish: str | None, usage: Usage, seconds: float
) -> Reply:
    """Return an answer, or none with the reason."""
    return Reply(
        state=TrialState.NO_ANSWER if why_none else TrialState.OK,
        output=output or None,
        error=why_none,
        finish_reason=finish,
        usage=usage,
        latency_seconds=seconds,
    )


def count_in(counts: Any, name: str) -> int | None:
    """Return a token count; what is missing or odd is unknown, never 0."""
    count = counts.get(name) if isinstance(counts, dict) else None
    return count if type(count) is int and count >= 0 else None
