"""The exit statuses of the commands, and how errors become them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from evals.domain.problems import InputError
from evals.domain.specfile import SpecError

BAD_INPUT = 3
INFRASTRUCTURE = 4
SHOWN = 20


@contextmanager
def bad_input_exits() -> Iterator[None]:
    """Turn what is wrong with the input into its message and exit status 3."""
    try:
        yield
    except (SpecError, InputError) as error:
        lines = str(error).splitlines()
        sys.stderr.write("\n".join(lines[:SHOWN]) + "\n")
        if len(lines) > SHOWN:
            sys.stderr.write(f"and {len(lines) - SHOWN} more problems\n")
        sys.exit(BAD_INPUT)
