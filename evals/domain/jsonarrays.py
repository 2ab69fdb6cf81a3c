"""The elements of one long JSON array, streamed."""

import json
import re
from codecs import getincrementaldecoder
from typing import BinaryIO, NoReturn

from evals.domain.jsonvalues import TOO_DEEP, Fault, parsed_at
from evals.domain.problems import InputError, Problem
from evals.domain.rows import JSONValue
from evals.domain.textlines import BLOCK_BYTES, LINE_LIMIT, opening

NOT_SPACE = re.compile(r"[^ \t\r\n]|\Z")


class JSONArrayText:
    """A window that moves over the text of an array, so that memory holds one element or so.

    Raises:
        InputError: From every method, when what stands there is no array of values.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        # Bad bytes become lone surrogates (PEP 383), which spoil one element and not the array.
        self._decode = getincrementaldecoder("utf-8")("surrogateescape").decode
        self._window = self._decode(opening(file))
        self._at = 0
        self._line = 1
        self._is_whole = False

    def next_character(self) -> str:
        """Go to the next character that is not white space and return it; "" at the end."""
        while True:
            self._go_to(next(NOT_SPACE.finditer(self._window, self._at)).start())
            if self._at < len(self._window) or self._is_whole:
                return self._window[self._at : self._at + 1]
            self._widen()

    def take(self, expected: str) -> str:
        """Step over the next character, one of `expected`, and return it."""
        found = self.next_character()
        if not found or found not in expected:
            wanted = " or ".join(map(repr, expected))
            self._refuse(f"found {_named(found)}, expected {wanted}", self._at)
        self._go_to(self._at + 1)
        return found

    def finish(self) -> None:
        """Make sure that nothing follows."""
        if found := self.next_character():
            self._refuse(f"found {found!r} after the array, expected the end of the file", self._at)

    def element(self) -> tuple[str, JSONValue | Fault]:
        """Step over the next value; return its text and what it is."""
        self.next_character()
        while True:
            try:
                value, end = parsed_at(self._window, self._at)
            except json.JSONDecodeError as error:
                if self._is_whole:
                    self._refuse(f"not JSON: {error.msg}", error.pos)
            except RecursionError:
                self._refuse(TOO_DEEP, self._at)
            else:
                if end < len(self._window) or self._is_whole:
                    text = self._window[self._at : end]
                    self._go_to(end)
                    return text, value
            self._widen()

    def _widen(self) -> None:
        """Drop what lies behind and read on.

        Each time the window doubles, so that even a long element is parsed only a few times.
        """
        ahead = self._window[self._at :]
        if len(ahead) > LINE_LIMIT:
            limit = LINE_LIMIT // 1024 // 1024
            self._refuse(f"a row of the array is longer than {limit} MiB", self._at)
        piece = self._file.read(max(BLOCK_BYTES, len(ahead)))
        self._is_whole = not piece
        self._window = ahead + self._decode(piece, self._is_whole)
        self._at = 0

    def _go_to(self, place: int) -> None:
        self._line += self._window.count("\n", self._at, place)
        self._at = place

    def _refuse(self, message: str, place: int) -> NoReturn:
        line = self._line + self._window.count("\n", self._at, place)
        raise InputError(Problem(message=message, line=line))


def _named(character: str) -> str:
    return repr(character) if character else "the end of the file"
