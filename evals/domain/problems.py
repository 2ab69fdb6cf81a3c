"""What is wrong with an input, said so that a person can find it and mend it."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with an input: where it is, what was found, what was expected.

    `line` counts from 1 as an editor does, `row` from 0 as the results do.
    """

    message: str
    line: int | None = None
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        place = f"row {self.row}" if self.row is not None else ""
        place = f"line {self.line}" if self.line is not None else place
        column = f"column {self.column!r}" if self.column is not None else ""
        where = ", ".join(part for part in (place, column) if part)
        return f"{where}: {self.message}" if where else self.message


class InputError(Exception):
    """A whole input cannot be used. `file` is its name, where a caller knows one."""

    def __init__(self, *problems: Problem, file: str | None = None) -> None:
        super().__init__(*problems)
        self.problems = problems
        self.file = file

    def in_file(self, name: str) -> Self:
        """Return this error with the name of the file it is about."""
        self.file = name
        return self

    def __str__(self) -> str:
        prefix = f"{self.file}: " if self.file else ""
        return "\n".join(f"{prefix}{problem}" for problem in self.problems)
