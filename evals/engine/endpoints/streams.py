"""Server-sent events: bytes as they come, events out, and when the answer began."""

import json
from typing import Any

from evals.engine.endpoints.dialect import Assembly

CONTENT_TYPE = "text/event-stream"

_DONE = b"[DONE]"
_CARRIAGE_RETURN, _LINE_FEED = b"\r", b"\n"


class EventStream:
    """Feeds the events of one response to its assembly.

    `first_seconds` is when the first piece of the answer was there, None before.
    """

    def __init__(self, assembly: Assembly) -> None:
        self.first_seconds: float | None = None
        self._assembly = assembly
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, part: bytes, *, seconds: float) -> None:
        """Take in the bytes that arrived at `seconds` after the asking."""
        self._rest += part
        *lines, self._rest = self._rest.split(_LINE_FEED)
        for line in lines:
            self._line(line.removesuffix(_CARRIAGE_RETURN))
        if self.first_seconds is None and self._assembly.has_begun:
            self.first_seconds = seconds

    def content(self) -> dict[str, Any] | None:
        """Return the reply's body as it is unstreamed, None where the stream broke off."""
        self._line(self._rest)
        self._line(b"")
        self._rest = b""
        return self._assembly.content()

    def _line(self, line: bytes) -> None:
        """Take in one line: an empty one ends an event, and only data matters."""
        if line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
        elif not line and self._data:
            data, self._data = _LINE_FEED.join(self._data), []
            if data == _DONE:
                self._assembly.is_done = True
            elif isinstance(event := _decoded(data), dict):
                self._assembly.add(event)


def _decoded(data: bytes) -> Any:
    """Return the JSON of an event; one that holds none says nothing."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
