"""What is wrong with a spec file: every problem names its file, line and place."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches

Path = tuple[str | int, ...]
Position = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecProblem:
    """One thing to put right. `line` is None where the spec did not come from a text."""

    message: str
    path: Path = ()
    file: str = ""
    line: int | None = None

    @property
    def where(self) -> str:
        """The path as people write it."""
        return path_text(self.path)

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line is not None else self.file
        return ": ".join(part for part in (place, self.where, self.message) if part)


class SpecError(Exception):
    """A spec that cannot be used; `str()` has one line for each of its `problems`."""

    def __init__(self, problems: Iterable[SpecProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Problems:
    """Collects problems while a file is read, so that all of them are told at once."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._noted: list[tuple[Path, str, Position | None]] = []

    def note(self, path: Path, message: str, *, position: Position | None = None) -> None:
        """Remember a problem; without a `position` it lies where `path` is written."""
        self._noted.append((path, _one_line(message), position))

    def are_under(self, path: Path) -> bool:
        """Return whether anything is wrong at `path` or further in."""
        return any(noted[: len(path)] == path for noted, _, _ in self._noted)

    def told(self, position_of: Callable[[Path], Position]) -> tuple[SpecProblem, ...]:
        """Return the problems in the order of the file, each once however often it is aliased."""
        found: dict[tuple[Position, str], SpecProblem] = {}
        for path, message, noted_at in self._noted:
            position = position_of(path) if noted_at is None else noted_at
            problem = SpecProblem(file=self.file, line=position[0], path=path, message=message)
            found.setdefault((position, message), problem)
        return tuple(found[key] for key in sorted(found, key=lambda key: key[0]))


def _one_line(message: str) -> str:
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in message)


def path_text(path: Path) -> str:
    """Return a path as people write it: `candidates[1].endpoint.kind`."""
    text = ""
    for step in path:
        if isinstance(step, str) and step.isidentifier():
            text += f".{step}" if text else step
        else:
            text += f"[{step!r}]"
    return text


def one_of(names: Collection[str]) -> str:
    """Return the end of a message that lists what was expected."""
    return f"expected one of {', '.join(names)}" if names else "expected none"


def close_match(name: str, names: Collection[str]) -> str | None:
    """Return the name that was probably meant."""
    matches = get_close_matches(name, names, n=1)
    return matches[0] if matches else None


def one_of_with_hint(found: str, names: Collection[str]) -> str:
    """Return `one_of` with the name that was probably meant."""
    meant = close_match(found, names)
    return one_of(names) + (f"; did you mean {meant!r}?" if meant else "")
