"""The log files of a home: one per process and start, the previous one kept beside it."""

import os
from pathlib import Path
from typing import BinaryIO

TAIL_BYTES = 4000


def fresh_log(file: Path) -> BinaryIO:
    """Return a new log file to write to, the previous one kept as `NAME.1`."""
    file.parent.mkdir(mode=0o700, exist_ok=True)
    if file.exists():
        file.replace(file.with_name(f"{file.name}.1"))
    return open_log(file)


def open_log(file: Path) -> BinaryIO:
    """Return the log file to write on in."""
    return os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb")


def last_lines(file: Path, count: int = 8) -> str:
    """Return the end of a log file."""
    try:
        with file.open("rb") as log:
            log.seek(max(0, file.stat().st_size - TAIL_BYTES))
            text = log.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-count:])
