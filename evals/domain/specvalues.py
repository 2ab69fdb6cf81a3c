"""Readers of texts, flags and lists: each notes what was found where something else is expected.

A value that cannot be read is replaced by a blank one, so that reading goes on and finds the other
problems; a spec with problems is never returned.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from evals.domain.patterns import Pattern, PatternError
from evals.domain.specnodes import BROKEN, Items, Node, Scalar, ScalarKind, Table
from evals.domain.specproblems import Path, Problems

T = TypeVar("T")
_LONGEST_SHOWN = 60
_FLAGS = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Value:
    """One node under its path."""

    node: Node
    path: Path
    problems: Problems

    def refuse(self, expected: str) -> None:
        """Note that something other than what was found is expected here."""
        self.note(f"found {found(self.node)}, expected {expected}")

    def note(self, message: str) -> None:
        """Note a problem, unless this value already has one."""
        if self.node is not BROKEN:
            self.problems.note(self.path, message)

    @property
    def is_nothing(self) -> bool:
        """Whether this is `null`, or a key with nothing behind it."""
        return isinstance(self.node, Scalar) and self.node.kind is ScalarKind.NOTHING

    def items(self) -> tuple["Value", ...]:
        """Return the items of a list."""
        if not isinstance(self.node, Items):
            self.refuse("a list")
            return ()
        entries = enumerate(self.node.entries)
        return tuple(
            Value(entry.node, (*self.path, index), self.problems) for index, entry in entries
        )

    def written(self, *kinds: ScalarKind) -> str | None:
        """Return a scalar of one of `kinds` as it was written."""
        if isinstance(self.node, Scalar) and self.node.kind in kinds:
            return self.node.text
        return None


Read = Callable[[Value], Any]


def found(node: Node) -> str:
    """Return a node in words for a message; long texts are cut."""
    if isinstance(node, Table):
        return "a mapping"
    if isinstance(node, Items):
        return "a list"
    if node.kind is ScalarKind.NOTHING:
        return "nothing"
    if node.kind is ScalarKind.FLAG:
        return f"{_cut(node.text)}, which YAML reads as true or false"
    return _cut(node.text) if node.kind is ScalarKind.NUMBER else repr(_cut(node.text))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def any_text(value: Value) -> str:
    """Read text, empty or not. A number is taken as the text it was written as."""
    text = value.written(ScalarKind.TEXT, ScalarKind.NUMBER)
    if text is None:
        is_flag = value.written(ScalarKind.FLAG) is not None
        value.refuse("text: put it in quotes" if is_flag else "text")
        return ""
    if UNSTORABLE.search(text):
        value.refuse("text without null characters and half characters")
    return text


def text(value: Value) -> str:
    """Read text that says something."""
    read = any_text(value)
    if not read.strip() and value.written(ScalarKind.TEXT) is not None:
        value.refuse("text that is not blank")
    return read


def text_up_to(length: int) -> Callable[[Value], str]:
    """Return a reader of text that says something in at most `length` characters."""

    def read_short(value: Value) -> str:
        read = text(value)
        if len(read) > length:
            value.note(f"found {len(read)} characters, expected at most {length}")
        return read

    return read_short


def flag(value: Value) -> bool:
    """Read true or false."""
    written = value.written(ScalarKind.FLAG) or ""
    if written.lower() not in _FLAGS:
        value.refuse("true or false")
    return _FLAGS.get(written.lower(), False)


def pattern(value: Value) -> str:
    """Read a regular expression."""
    written = text(value)
    try:
        Pattern(written)
    except PatternError as error:
        value.note(str(error))
    return written


def optional(read: Callable[[Value], T]) -> Callable[[Value], T | None]:
    """Return a reader that also takes `null`, which means unknown or not used."""

    def read_optional(value: Value) -> T | None:
        return None if value.is_nothing else read(value)

    return read_optional


def list_of(
    read: Callable[[Value], T], *, noun: str, may_be_empty: bool = False
) -> Callable[[Value], tuple[T, ...]]:
    """Return a reader of lists. `noun` says in messages what one item is."""

    def read_list(value: Value) -> tuple[T, ...]:
        items = value.items()
        if not (items or may_be_empty) and isinstance(value.node, Items):
            value.note(f"found an empty list, expected at least one {noun}")
        return tuple(read(item) for item in items)

    return read_list


def texts(value: Value) -> tuple[str, ...]:
    """Read a list of texts, perhaps empty, none of them twice."""
    read = list_of(text, noun="text", may_be_empty=True)(value)
    no_repeats(value, read)
    return read


def no_repeats(value: Value, texts: Sequence[str]) -> None:
    """Note every item of a list of texts that is there twice."""
    for index, item in enumerate(value.items()):
        read = texts[index]
        if read and read in texts[:index]:
            item.note(f"found {read!r} twice, expected each once")
