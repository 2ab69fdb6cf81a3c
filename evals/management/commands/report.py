"""`viability report verify FILE`: is an exported report what this instance wrote?"""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from evals.domain.seals import Check
from evals.management.exits import StrictParser, bad_input_exits, failure_exits
from evals.management.reportchecks import (
    NOT_OURS,
    add_report_arguments,
    answer,
    by_given_key,
    checked,
)
from evals.models import InstanceKey


class Command(BaseCommand):
    """Reads one file and asks nobody but the keys of this instance."""

    help = "Check an exported report; exit status 0 genuine, 2 by an unknown key, 3 changed."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Return Django's parser, with our exit status for bad input."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.__class__ = StrictParser
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the verb, the file and, where it comes from elsewhere, the key to trust."""
        add_report_arguments(parser)

    def handle(self, *_: Any, **options: Any) -> None:
        """Say what the seal says, and whether its key is one that is trusted."""
        with failure_exits(), bad_input_exits():
            check = checked(options["file"])
            if options["key"] is not None:
                said, status = by_given_key(check, options["key"])
            else:
                said, status = answer(check, _distrust(check) if check.is_genuine else "")
            self.stdout.write(said)
            if status:
                sys.exit(status)


def _distrust(check: Check) -> str:
    return "" if InstanceKey.objects.filter(key_id=check.seal.key_id).exists() else NOT_OURS
