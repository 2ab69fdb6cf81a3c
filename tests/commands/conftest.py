"""A folder with a spec and its rows, and the commands on it, in this process."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command

from tests.fakes import FakeOpenAI, Messages

LABELS = ("red", "green", "blue")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str


@dataclass(kw_only=True)
class Desk:
    """A folder in which somebody works: `spec` is written anew before each command."""

    folder: Path
    capsys: pytest.CaptureFixture[str]
    spec: dict[str, Any] = field(default_factory=dict)

    @property
    def spec_path(self) -> Path:
        return self.folder / "spec.yaml"

    @property
    def candidate(self) -> dict[str, Any]:
        found: dict[str, Any] = self.spec["candidates"][0]
        return found

    def write(self, name: str, content: str | bytes) -> None:
        data = content if isinstance(content, bytes) else content.encode()
        (self.folder / name).write_bytes(data)

    def run(self, command: str, *arguments: str) -> Outcome:
        """Run `command` on the spec."""
        self.spec_path.write_text(yaml.safe_dump(self.spec, allow_unicode=True, sort_keys=False))
        try:
            call_command(command, str(self.spec_path), *arguments)
        except SystemExit as ended:
            status = int(ended.code or 0)
        else:
            status = 0
        out, err = self.capsys.readouterr()
        return Outcome(status=status, out=out, err=err)

    def evaluate(self, *arguments: str) -> Outcome:
        return self.run("evaluate", *arguments)

    def result(self, *arguments: str) -> Any:
        """Evaluate and return the result file."""
        path = self.folder / "result.json"
        self.evaluate("--json", str(path), *arguments)
        return json.loads(path.read_text())


def rows(count: int) -> str:
    lines = [f"{n},sample number {n},{LABELS[n % 3]}" for n in range(count)]
    return "\r\n".join(["id,text,label", *lines]) + "\r\n"


def right(messages: Messages) -> str:
    number = int(messages[-1]["content"].rsplit(" ", 1)[-1])
    return LABELS[number % 3]


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    """An endpoint that knows every answer."""
    with FakeOpenAI(right, usage={"prompt_tokens": 10, "completion_tokens": 1}) as fake:
        yield fake


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], server: FakeOpenAI) -> Desk:
    """Sixty rows and one open candidate at `server`, which clears its bar."""
    desk = Desk(folder=tmp_path, capsys=capsys)
    desk.write("rows.csv", rows(60))
    desk.spec = {
        "task": {"name": "Colours"},
        "eval_set": {"file": "rows.csv", "input": "text", "target": "label"},
        "scorers": ["exact_match"],
        "bar": [{"metric": "exact_match", "at_least": 0.9}],
        "candidates": [candidate(server)],
    }
    return desk


def candidate(
    server: FakeOpenAI, name: str = "open-one", *, is_open: bool = True
) -> dict[str, Any]:
    return {
        "name": name,
        "model": {"id": f"lab/{name}", "open": is_open},
        "endpoint": {"kind": "openai", "base_url": server.base_url},
    }


def recorded(name: str = "logs", *, is_open: bool = True, **endpoint: Any) -> dict[str, Any]:
    given = {"kind": "recorded", "file": "answers.csv", "key": "text", "output": "answer"}
    return {
        "name": name,
        "model": {"id": name, "open": is_open},
        "endpoint": {**given, **endpoint},
    }
