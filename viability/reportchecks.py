"""`viability report verify`: the file is read first, and only a home that has keys is asked."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from evals.management.exits import StrictParser, bad_input_exits
from evals.management.reportchecks import (
    NOT_KNOWN,
    add_report_arguments,
    answer,
    by_given_key,
    checked,
)


def checked_alone(home: Path, arguments: Sequence[str]) -> int | None:
    """Return the exit status of a check that needs no database, None where one has to be asked.

    Args:
        home: Whose keys are trusted; it need not exist, and is not made.
        arguments: Those after `report`.
    """
    parser = StrictParser(prog="viability report")
    add_report_arguments(parser)
    try:
        options, _ = parser.parse_known_args(arguments)
        with bad_input_exits():
            check = checked(options.file)
    except SystemExit as ended:  # it was said what is wrong
        return int(ended.code or 0)
    if options.key is not None:
        said, status = by_given_key(check, options.key)
    elif check.is_genuine and _has_database(home):
        return None
    else:
        said, status = answer(check, NOT_KNOWN)
    sys.stdout.write(f"{said}\n")
    return status


def _has_database(home: Path) -> bool:
    # The folder is a link where root had to lay it elsewhere, and what is wrong with a link that
    # leads nowhere is said by whoever opens it.
    return bool(os.environ.get("DATABASE_URL")) or os.path.lexists(home / "postgres")
