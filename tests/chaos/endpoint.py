"""The stand-in endpoint with a book: one line for each request that begins and one for its end.

python -m tests.chaos.endpoint --port 0 --log requests.jsonl [the behaviour's options]
"""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from tests.bench.behaviour import Behaviour, Fate
from tests.bench.connection import Connection, Service
from tests.bench.server import parsed
from tests.bench.serving import StandInServer

ANSWERED = 200


class BookedService(Service):
    """Writes down at once what is asked and how it ended, so that a kill loses no line.

    An answer that was to come is billed even where the asker has hung up, as vendors do.
    """

    def __init__(self, behaviour: Behaviour, *, book: Path) -> None:
        self._book = book.open("a", buffering=1)
        self._open: dict[str, list[Fate]] = {}
        super().__init__(behaviour, log=None)

    def behave(self, behaviour: Behaviour) -> None:
        super().behave(behaviour)
        self.reads = True

    def begin(self, prompt: str) -> Fate:
        fate = super().begin(prompt)
        self._open.setdefault(prompt, []).append(fate)
        self._write("begun", prompt, status=fate.status)
        return fate

    def end(self, prompt: str, fate: Fate) -> None:
        super().end(prompt, fate)
        waiting = self._open[prompt]
        meant = waiting.pop(waiting.index(fate) if fate in waiting else 0)
        self._write("ended", prompt, status=fate.status, billed=meant.status == ANSWERED)

    def _write(self, what: str, prompt: str, **facts: Any) -> None:
        line = {"at": time.time(), "what": what, "prompt": prompt, **facts}
        self._book.write(json.dumps(line) + "\n")


@dataclass(frozen=True, slots=True)
class Book:
    """What the endpoint wrote down."""

    lines: tuple[dict[str, Any], ...]

    @property
    def asked(self) -> Counter[str]:
        """How often each prompt was asked."""
        return Counter(line["prompt"] for line in self._of("begun"))

    @property
    def billed(self) -> int:
        """How many requests were paid for."""
        return sum(line["billed"] for line in self._of("ended"))

    @property
    def statuses(self) -> Counter[int]:
        """How many requests met which fate; 0 is a hung socket."""
        return Counter(line["status"] for line in self._of("begun"))

    def asked_before(self, moment: float) -> set[str]:
        """Return the prompts that were asked by then."""
        return {line["prompt"] for line in self._of("begun") if line["at"] <= moment}

    def _of(self, what: str) -> Iterable[dict[str, Any]]:
        return (line for line in self.lines if line["what"] == what)


class BookedEndpoint:
    """A stand-in endpoint that can go down and come back at the same address."""

    def __init__(self, folder: Path, behaviour: dict[str, Any]) -> None:
        self._file = folder / f"requests-{time.time_ns()}.jsonl"
        self._behaviour = behaviour
        self._port = 0
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    def start(self) -> None:
        words = {"port": self._port, "log": self._file, **self._behaviour}
        options = [part for name, value in words.items() for part in (_option(name), str(value))]
        command = [sys.executable, "-m", "tests.chaos.endpoint", *options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self._port = json.loads(self._process.stdout.readline())["port"]

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def behave(self, **changes: Any) -> None:
        StandInServer(self._port).behave(**changes)

    def book(self) -> Book:
        return Book(tuple(json.loads(line) for line in self._file.read_text().splitlines()))


@contextmanager
def booked_endpoint(folder: Path, **behaviour: Any) -> Iterator[BookedEndpoint]:
    """Run one, and kill it at the end; the names are those of `Behaviour`."""
    endpoint = BookedEndpoint(folder, behaviour)
    endpoint.start()
    try:
        yield endpoint
    finally:
        endpoint.kill()


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


async def _serve(behaviour: Behaviour, *, port: int, book: Path) -> None:
    service = BookedService(behaviour, book=book)
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(service), "127.0.0.1", port, backlog=4096, reuse_address=True
    )
    sys.stdout.write(json.dumps({"port": server.sockets[0].getsockname()[1]}) + "\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    said, rest = parsed(sys.argv[1:])
    uvloop.run(_serve(said, port=rest.port, book=Path(rest.log)))
