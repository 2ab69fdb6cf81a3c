"""The HTTP of the stand-in endpoint: just enough of it to be far faster than what is measured."""

import asyncio
import json
import random
import time
from dataclasses import asdict, replace
from heapq import heappop, heappush
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from tests.bench.behaviour import (
    Behaviour,
    Fate,
    completion,
    completion_events,
    fate_of,
    message,
    message_events,
    refusal,
)

_REASONS = {200: "OK", 400: "Bad Request", 429: "Too Many Requests", 500: "Server Error"}
_LOG_BUFFER = 1 << 16


class Request(NamedTuple):
    """One request as it came in."""

    is_message: bool
    is_streamed: bool
    prompt: str


class Service:
    """What all connections share: the behaviour, the counts and the log. Times are monotonic."""

    def __init__(self, behaviour: Behaviour, *, log: str | None) -> None:
        self.chance = random.Random(behaviour.seed)  # noqa: S311 - simulation
        self.log: IO[str] | None = Path(log).open("a", _LOG_BUFFER) if log else None  # noqa: SIM115 - kept open
        self.behave(behaviour)
        self.counts = {"requests": 0, "answered": 0, "input_tokens": 0, "output_tokens": 0}
        self.busy = self.most_busy = 0
        self.first_at = self.last_at = 0.0
        self.statuses: dict[int, int] = {}

    def behave(self, behaviour: Behaviour) -> None:
        """Behave so from now on."""
        self.behaviour = behaviour
        self.reads = behaviour.reads_prompts or self.log is not None
        self.free_at = [0.0] * behaviour.slots
        self._plain: dict[tuple[bool, Fate], bytes] = {}

    def begin(self, prompt: str) -> Fate:
        """Take a request in and return its fate."""
        now = time.monotonic()
        self.first_at = self.first_at or now
        fate = fate_of(self.behaviour, prompt, busy=self.busy, chance=self.chance)
        self.counts["requests"] += 1
        if self.free_at:
            fate = replace(fate, seconds=self._queued(fate.seconds, now))
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        return fate

    def _queued(self, seconds: float, now: float) -> float:
        """Return how long a request takes that waits for the first free slot."""
        done = max(now, heappop(self.free_at)) + seconds
        heappush(self.free_at, done)
        return done - now

    def end(self, prompt: str, fate: Fate) -> None:
        """Note that a request was answered, or given up by whoever asked (status 0)."""
        self.last_at = time.monotonic()
        self.busy -= 1
        self.statuses[fate.status] = self.statuses.get(fate.status, 0) + 1
        if fate.status == 200:
            self.counts["answered"] += 1
            self.counts["input_tokens"] += self.behaviour.input_tokens
            self.counts["output_tokens"] += self.behaviour.output_tokens
        if self.log is not None:
            line = {"at": self.last_at, "status": fate.status, "prompt": prompt}
            self.log.write(json.dumps(line) + "\n")

    def response(self, fate: Fate, *, is_message: bool) -> bytes:
        """Return a whole response; alike ones are made once."""
        key = (is_message, replace(fate, seconds=0.0))
        if key not in self._plain:
            make = message if is_message else completion
            body = make(fate, self.behaviour) if fate.status == 200 else refusal(fate.status)
            self._plain[key] = _head(fate, self.behaviour, length=len(body)) + body
        return self._plain[key]

    def stats(self) -> dict[str, Any]:
        """Return what was seen so far."""
        if self.log is not None:
            self.log.flush()
        return {
            **self.counts,
            "busy": self.busy,
            "most_busy": self.most_busy,
            "first_at": self.first_at,
            "last_at": self.last_at,
            "statuses": self.statuses,
            "behaviour": asdict(self.behaviour),
        }


class Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.waiting = b""
        self.open: tuple[str, Fate] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.WriteTransport", transport)  # uvloop's is none by its class

    def connection_lost(self, _error: Exception | None) -> None:
        if self.open is not None:  # whoever asked has hung up
            prompt, _ = self.open
            self.service.end(prompt, Fate(0))
            self.open = None

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        end = self.waiting.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.waiting[:end].lower()
        length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        if len(self.waiting) < end + 4 + length:
            return
        body = self.waiting[end + 4 : end + 4 + length]
        self.waiting = self.waiting[end + 4 + length :]
        self._route(head, body)

    def _route(self, head: bytes, body: bytes) -> None:
        first = head[: head.find(b"\r\n")]
        if b"/chat/completions" in first or b"/messages" in first:
            self._ask(_request(first, body, reads=self.service.reads))
            return
        if b"/behaviour" in first:
            self.service.behave(replace(self.service.behaviour, **json.loads(body)))
        content = json.dumps(self.service.stats()).encode()
        self.transport.write(
            _head(Fate(200), self.service.behaviour, length=len(content)) + content
        )

    def _ask(self, request: Request) -> None:
        fate = self.service.begin(request.prompt)
        self.open = (request.prompt, fate)
        if not fate.status:
            return  # hangs until the other side has had enough
        loop = asyncio.get_running_loop()
        if request.is_streamed and fate.status == 200:
            loop.call_later(fate.seconds / 2, self._begin_stream, request, fate)
        else:
            loop.call_later(fate.seconds, self._answer, request, fate)

    def _answer(self, request: Request, fate: Fate) -> None:
        if self.open is not None:
            self._send(self.service.response(fate, is_message=request.is_message), fate)

    def _begin_stream(self, request: Request, fate: Fate) -> None:
        if self.open is None:
            return
        make = message_events if request.is_message else completion_events
        first, rest = make(fate, self.service.behaviour)
        length = len(first) + len(rest)
        head = _head(fate, self.service.behaviour, length=length, kind="text/event-stream")
        self.transport.write(head + first)
        loop = asyncio.get_running_loop()
        loop.call_later(fate.seconds / 2, self._end_stream, rest, fate)

    def _end_stream(self, rest: bytes, fate: Fate) -> None:
        if self.open is not None:
            self._send(rest, fate)

    def _send(self, content: bytes, fate: Fate) -> None:
        if self.open is not None:
            self.service.end(self.open[0], fate)
            self.open = None
        self.transport.write(content)


def _request(first: bytes, body: bytes, *, reads: bool) -> Request:
    prompt = ""
    if reads:
        prompt = json.loads(body)["messages"][-1]["content"]
        prompt = prompt if isinstance(prompt, str) else prompt[0]["text"]
    is_streamed = b'"stream": true' in body or b'"stream":true' in body
    return Request(b"/messages" in first, is_streamed, prompt)


def _head(
    fate: Fate, behaviour: Behaviour, *, length: int, kind: str = "application/json"
) -> bytes:
    lines = [f"HTTP/1.1 {fate.status} {_REASONS[fate.status]}", f"Content-Type: {kind}"]
    if fate.status == 429 and behaviour.retry_after >= 0:
        lines.append(f"Retry-After: {behaviour.retry_after:g}")
    return "\r\n".join([*lines, f"Content-Length: {length}", "\r\n"]).encode()
