"""Two texts compared word by word."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

MOST_WORDS = 1500  # of either text: matching takes the product of both
_PARTS = re.compile(r"\w+|\s+|[^\w\s]")


class Mark(StrEnum):
    """What became of a piece of the first text."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Neighbouring words with one mark."""

    mark: Mark
    text: str


def word_diff(before: str, after: str) -> tuple[Piece, ...] | None:
    """Return how `before` became `after`, None where either is too long to be compared.

    What is same or removed makes up `before`, what is same or added `after`.
    """
    old, new = _PARTS.findall(before), _PARTS.findall(after)
    if max(len(old), len(new)) > MOST_WORDS:
        return None
    return tuple(_pieces(old, new))


def _pieces(old: list[str], new: list[str]) -> Iterator[Piece]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, start, stop, new_start, new_stop in matcher.get_opcodes():
        if tag == "equal":
            yield Piece(mark=Mark.SAME, text="".join(old[start:stop]))
            continue
        if stop > start:
            yield Piece(mark=Mark.REMOVED, text="".join(old[start:stop]))
        if new_stop > new_start:
            yield Piece(mark=Mark.ADDED, text="".join(new[new_start:new_stop]))
