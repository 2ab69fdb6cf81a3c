"""`viability report verify FILE`: is an exported report what this instance wrote?"""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from evals.domain.problems import InputError, Problem
from evals.domain.seals import Check, ReportFormat, SealError, check_seal
from evals.management.exits import BAD_INPUT, StrictParser, bad_input_exits, failure_exits
from evals.models import InstanceKey

UNKNOWN_KEY = 2


class Command(BaseCommand):
    """Reads one file and asks nobody."""

    help = "Check an exported report; exit status 0 genuine, 2 by an unknown key, 3 changed."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Return Django's parser, with our exit status for bad input."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.__class__ = StrictParser
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the verb, the file and, where it comes from elsewhere, the key to trust."""
        parser.add_argument("verb", choices=["verify"])
        parser.add_argument("file", type=Path)
        parser.add_argument("--key", metavar="KEY_ID", help="the key of the instance to trust")

    def handle(self, *_: Any, **options: Any) -> None:
        """Say what the seal says, and whether its key is one that is trusted."""
        with failure_exits(), bad_input_exits():
            check = _check(options["file"])
            if not check.is_genuine:
                self.stdout.write(_broken(check))
                sys.exit(BAD_INPUT)
            key = check.seal.key_id
            self.stdout.write(f"unchanged: content SHA-256 {check.seal.sha256}")
            self.stdout.write(f"record SHA-256 {check.seal.record_sha256}")
            if not _is_trusted(key, options["key"]):
                self.stdout.write(f"signed with the key {key}, which is not this instance's")
                sys.exit(UNKNOWN_KEY)
            self.stdout.write(f"signed with the key {key}")


def _check(file: Path) -> Check:
    kinds = {f".{kind.value}": kind for kind in ReportFormat}
    kind = kinds.get(file.suffix.lower())
    if kind is None:
        wanted = ", ".join(kinds)
        raise _refused(f"found the suffix {file.suffix or 'none'}, expected one of {wanted}", file)
    try:
        return check_seal(file.read_bytes(), kind)
    except FileNotFoundError:
        raise _refused("found no such file", file) from None
    except IsADirectoryError:
        raise _refused("found a folder, expected a file", file) from None
    except SealError as error:
        raise _refused(str(error), file) from None


def _refused(message: str, file: Path) -> InputError:
    return InputError(Problem(message=message), file=str(file))


def _broken(check: Check) -> str:
    if not check.is_signature_valid:
        return "CHANGED: the seal itself was not signed with the key that it names"
    return "CHANGED: the content is not the one that was sealed"


def _is_trusted(key_id: str, wanted: str | None) -> bool:
    if wanted is not None:
        return key_id == wanted.lower()
    return InstanceKey.objects.filter(key_id=key_id).exists()
