"""The exit statuses of the commands, and how errors become them.

Python and Django exit with 1 after an error and with 2 after a misspelt option; a script would
read these as NO-GO and UNDECIDED.
"""

import os
import sys
import traceback
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, InterfaceError

from evals.domain.problems import InputError, Problem
from evals.domain.prompts import PromptError
from evals.domain.specfile import SpecError

BAD_INPUT = 3
INFRASTRUCTURE = 4
SHOWN = 20


class SpecCommand(BaseCommand):
    """A command about a spec file; options that it does not know are bad input."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Return Django's parser, with our exit status."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.__class__ = StrictParser
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the spec file."""
        parser.add_argument("spec", type=Path)


class StrictParser(CommandParser):
    """A parser that leaves 2 to UNDECIDED: a misspelt option is bad input."""

    def error(self, message: str) -> NoReturn:
        """End with bad input."""
        self.print_usage(sys.stderr)
        self.exit(BAD_INPUT, f"{message}\n")


@contextmanager
def bad_input_exits() -> Iterator[None]:
    """Turn what is wrong with the input into its message and exit status 3."""
    try:
        yield
    except (SpecError, InputError, PromptError) as error:
        lines = str(error).splitlines()
        sys.stderr.write("\n".join(lines[:SHOWN]) + "\n")
        if len(lines) > SHOWN:
            sys.stderr.write(f"and {len(lines) - SHOWN} more problems\n")
        sys.exit(BAD_INPUT)


@contextmanager
def failure_exits() -> Iterator[None]:
    """Turn a failure of the infrastructure, or of this program, into exit status 4."""
    try:
        yield
    except (DatabaseError, InterfaceError, OSError) as error:
        sys.stderr.write(f"{str(error).strip() or type(error).__name__}\n")
        sys.exit(INFRASTRUCTURE)
    except Exception:  # noqa: BLE001 - whatever it is, it is no verdict
        traceback.print_exc()
        sys.exit(INFRASTRUCTURE)


def check_writable(option: str, path: Path | None) -> None:
    """Refuse an output file that cannot be written, before anything is spent on its content.

    Raises:
        InputError: With the option and the reason.
    """
    if path is None:
        return
    if path.is_dir():
        raise InputError(Problem(message=f"{option}: found the folder {path}, expected a file"))
    if not path.parent.is_dir():
        raise InputError(Problem(message=f"{option}: found no folder {path.parent} to write into"))
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise InputError(Problem(message=f"{option}: {path} cannot be written"))
