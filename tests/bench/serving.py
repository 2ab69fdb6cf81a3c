"""The stand-in endpoint in a process of its own, for benchmarks, chaos and tests."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import Request, urlopen


class StandInServer:
    """A running stand-in endpoint."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"
        self._root = f"http://127.0.0.1:{port}"

    def stats(self) -> dict[str, Any]:
        """Return what it has seen so far."""
        return self._asked(Request(f"{self._root}/stats"))  # noqa: S310 - our own server

    def behave(self, **changes: Any) -> None:
        """Change how it behaves from now on."""
        body = json.dumps(changes).encode()
        self._asked(Request(f"{self._root}/behaviour", data=body))  # noqa: S310

    def _asked(self, request: Request) -> dict[str, Any]:
        with urlopen(request, timeout=10) as response:  # noqa: S310
            stats: dict[str, Any] = json.loads(response.read())
            return stats


@contextmanager
def stand_in(*, port: int = 0, log: str | None = None, **behaviour: Any) -> Iterator[StandInServer]:
    """Start it, and kill it at the end; the names are those of `Behaviour`."""
    command = [sys.executable, "-m", "tests.bench.server", "--port", str(port)]
    command += ["--log", log] if log else []
    for name, value in behaviour.items():
        command += [f"--{name.replace('_', '-')}", str(value)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield StandInServer(json.loads(process.stdout.readline())["port"])
        finally:
            process.kill()
