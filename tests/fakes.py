"""Stand-ins for the outside world that the tests talk to over real connections."""

import asyncio
import json
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

_TLS_HANDSHAKE = b"\x16"

Messages = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request as it came in; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One scripted response.

    `body` is JSON unless it is bytes. `reset` closes the connection after half the body,
    `seconds` is a wait before anything is sent. `events` are sent one by one as a stream, each
    after a wait of `gap_seconds`; with `reset` its end is missing.
    """

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    reset: bool = False
    seconds: float = 0.0
    events: Sequence[bytes] = ()
    gap_seconds: float = 0.0


def completion(
    text: Any = "yes", *, usage: Any = None, finish: str = "stop", **message: Any
) -> Any:
    """Return the body of a chat completion."""
    body: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, **message},
                "finish_reason": finish,
            }
        ],
    }
    return body if usage is None else {**body, "usage": usage}


class FakeOpenAI:
    """An OpenAI-compatible server on 127.0.0.1, in a thread of its own.

    `base_url` is the address that a spec would give. `answer` makes the text from the messages;
    `script` holds responses that are given first, one per request in order of arrival. `requests`
    is the log, `most_in_flight` the largest number of requests that were open at once,
    `connections_opened` all connections there ever were.
    """

    def __init__(
        self,
        answer: Callable[[Messages], str] = lambda _messages: "yes",
        *,
        usage: Mapping[str, Any] | None = None,
        latency_seconds: float = 0.0,
        script: Iterable[Answer] = (),
        port: int = 0,
    ) -> None:
        self.answer = answer
        self.usage = usage
        self.latency_seconds = latency_seconds
        self.script = deque(script)
        self.port = port
        self.requests: list[Request] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.connections_opened = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._connections: set[asyncio.Task[Any]] = set()
        self._server: asyncio.Server
        self.base_url: str

    @property
    def prompts(self) -> list[str]:
        """Return what users asked, in order of arrival."""
        return [request.body["messages"][-1]["content"] for request in self.requests]

    def __enter__(self) -> Self:
        self._thread.start()
        start = asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=1024)
        self._server = asyncio.run_coroutine_threadsafe(start, self._loop).result()
        self.base_url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    def __exit__(self, *error: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _stop(self) -> None:
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        self.connections_opened += 1
        try:
            while await self._exchange(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(task)
            writer.transport.abort()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one request and return whether the connection stays open."""
        start = await reader.readexactly(1)
        if start == _TLS_HANDSHAKE:
            return False
        head = start + await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").strip().split("\r\n")
        headers = {name.lower(): text for name, _, text in (row.partition(": ") for row in lines)}
        method, path, _ = first.split(" ", 2)
        content = await reader.readexactly(int(headers.get("content-length", 0)))
        body = json.loads(content) if content else None
        self.requests.append(Request(method=method, path=path, headers=headers, body=body))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            answer = self.script.popleft() if self.script else self._plain(body)
            await asyncio.sleep(answer.seconds)
        finally:
            self.in_flight -= 1
        return await _send(writer, answer)

    def _plain(self, body: Any) -> Answer:
        messages = body["messages"] if isinstance(body, dict) else []
        reply = completion(self.answer(messages), usage=self.usage)
        return Answer(body=reply, seconds=self.latency_seconds)


def event(content: Any) -> bytes:
    """Return one server-sent event."""
    text = content if isinstance(content, str) else json.dumps(content)
    return f"data: {text}\n\n".encode()


def chunk(finish: str | None = None, *, usage: Any = None, **delta: Any) -> bytes:
    """Return one event of a streamed chat completion."""
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    body = {"object": "chat.completion.chunk", "choices": choices if usage is None else []}
    return event(body if usage is None else {**body, "usage": usage})


async def _stream(writer: asyncio.StreamWriter, answer: Answer) -> bool:
    head = "Content-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n"
    writer.write(f"HTTP/1.1 {answer.status} X\r\n{head}\r\n".encode())
    for part in answer.events:
        await writer.drain()
        await asyncio.sleep(answer.gap_seconds)
        writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
    if not answer.reset:
        writer.write(b"0\r\n\r\n")
    await writer.drain()
    return not answer.reset


async def _send(writer: asyncio.StreamWriter, answer: Answer) -> bool:
    if answer.events:
        return await _stream(writer, answer)
    body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
    headers = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **answer.headers,
    }
    lines = "".join(f"{name}: {text}\r\n" for name, text in headers.items())
    sent = body[: len(body) // 2] if answer.reset else body
    writer.write(f"HTTP/1.1 {answer.status} X\r\n{lines}\r\n".encode() + sent)
    await writer.drain()
    return not answer.reset
