"""The lines of a UTF-8 file, streamed, with the place of whatever is not text."""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, TypeVar

from evals.domain.problems import InputError, Problem

T = TypeVar("T")
BLOCK_BYTES = 1 << 19
LINE_LIMIT = 64 * 1024 * 1024
BOM = b"\xef\xbb\xbf"
SIGNATURES = {
    b"PK\x03\x04": "an Excel workbook or another ZIP archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x1f\x8b": "a gzip archive",
    b"PAR1": "a Parquet file",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}
# A byte that is not UTF-8 is decoded to a lone surrogate (PEP 383), which no valid UTF-8 holds.
NOT_TEXT = re.compile("[\0\ud800-\udfff]")
NUL_MESSAGE = "a NUL character, which cannot be stored; expected text without it"


@dataclass(frozen=True, slots=True)
class TextFault:
    """A character that is no text: what it is, and its place in the string."""

    message: str
    index: int


def text_fault(text: str, *, escaped: bool = False) -> TextFault | None:
    r"""Return the first NUL or surrogate in `text`, or None.

    Args:
        text: Decoded with `surrogateescape`, so a bad byte shows as a surrogate.
        escaped: The surrogates come from JSON escapes such as `\ud83d`, not from bad bytes.
    """
    found = NOT_TEXT.search(text)
    if found is None:
        return None
    if found[0] == "\0":
        return TextFault(NUL_MESSAGE, found.start())
    message = _lone_surrogate(found[0]) if escaped else _bad_byte(ord(found[0]) - 0xDC00)
    return TextFault(message, found.start())


def _lone_surrogate(character: str) -> str:
    escape = f"\\u{ord(character):04x}"
    return f"a lone surrogate, {escape}, which is half a character; expected a pair"


def _bad_byte(byte: int) -> str:
    guess = bytes([byte]).decode("cp1252", errors="ignore")
    hint = f" (in Windows-1252 it is {guess!r})" if guess.isprintable() and guess else ""
    return f"byte 0x{byte:02x} is not UTF-8{hint}; expected the whole file in UTF-8"


class TextLines:
    """The lines of a file with their ends as they are, and without a byte order mark.

    `suspect` is the last line of the latest block that held a NUL or a byte that is not UTF-8:
    only text that starts at or before it needs a closer look.

    Raises:
        InputError: While iterating, when the file is no text at all or a line has no end.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._blocks = self._whole_lines()
        self._lines_before = 0
        # StringIO with newline="\n" cuts at LF alone and changes nothing; str.splitlines
        # would also cut at form feeds, U+2028 and their like, which are text.
        self._open = io.StringIO(newline="\n")
        self._length = 0
        self.suspect = 0

    def __iter__(self) -> Iterator[str]:
        while True:
            yield from self._open
            if self.is_read() and (block := next(self._blocks, None)) is not None:
                self._open_block(block)
            elif self.is_read():
                return

    def block_by(self, read: Callable[[bytes], T | None], *, longest: int) -> T | None:
        """Return what `read` makes of the next block, which is whole lines as bytes.

        None where lines of the block before are still to be read, where the block is longer than
        `longest`, at the end of the file, and where `read` makes nothing of it; its lines then come
        one by one.
        """
        if not self.is_read() or (block := next(self._blocks, None)) is None:
            return None
        made = read(block) if len(block) <= longest else None
        if made is None:
            self._open_block(block)
        return made

    def count(self, lines: int) -> None:
        """Count lines that `block_by` gave away whole."""
        self._lines_before += lines

    def is_read(self) -> bool:
        """Tell whether every line of the latest block was taken."""
        return self._open.tell() >= self._length

    def _open_block(self, block: bytes) -> None:
        lines = block.count(b"\n")
        text = self._decoded(block, last_line=self._lines_before + lines + 1)
        self._lines_before += lines
        self._open, self._length = io.StringIO(text, newline="\n"), len(text)

    def _decoded(self, block: bytes, *, last_line: int) -> str:
        if b"\0" in block:
            self.suspect = last_line
        try:
            return block.decode()
        except UnicodeDecodeError:
            self.suspect = last_line
            return block.decode(errors="surrogateescape")

    def _whole_lines(self) -> Iterator[bytes]:
        """Yield whole lines, about `BLOCK_BYTES` at a time."""
        held = [opening(self._file)]
        while chunk := self._file.read(BLOCK_BYTES):
            cut = chunk.rfind(b"\n") + 1
            if cut:
                yield b"".join((*held, chunk[:cut]))
                held = []
            held.append(chunk[cut:])
            if sum(map(len, held)) > LINE_LIMIT:
                raise InputError(_endless(self._lines_before + 1))
        yield b"".join(held)


def opening(file: BinaryIO) -> bytes:
    """Return the first few bytes less a byte order mark.

    Raises:
        InputError: When they are those of a file that is not UTF-8 text.
    """
    start = file.read(len(BOM) + 1)
    for signature, name in SIGNATURES.items():
        if start.startswith(signature):
            raise InputError(Problem(message=f"the file is {name}, expected UTF-8 text"))
    return start.removeprefix(BOM)


def _endless(line: int) -> Problem:
    limit = LINE_LIMIT // 1024 // 1024
    return Problem(message=f"the line has no end within {limit} MiB", line=line)
