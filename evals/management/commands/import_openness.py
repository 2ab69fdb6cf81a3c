"""`viability import-openness FILE.yml…`: files of the Model Openness Tool into the team's facts."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.table import Table
from rich.text import Text

from evals.domain.motfiles import MotRelease, read_mot_file
from evals.domain.problems import InputError, Problem
from evals.domain.specproblems import SpecError
from evals.management.exits import (
    BAD_INPUT,
    StrictParser,
    bad_input_exits,
    check_writable,
    failure_exits,
)
from evals.reports.opennessfiles import openness_text
from evals.services.modelfacts import Imported, import_release
from evals.services.teams import default_team

LARGEST = 1_000_000  # the tool's own files have some thousand bytes


class Command(BaseCommand):
    """Reads every file first; those that can be read are imported, the others named."""

    help = "Read the Model Openness Tool's YAML files; exit status 3 where one cannot be read."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Return Django's parser, with our exit status."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.__class__ = StrictParser
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the files, and where to write what they come to."""
        parser.add_argument("files", type=Path, nargs="+", metavar="FILE.yml")
        parser.add_argument("--json", type=Path, metavar="OUT")

    def handle(self, *_: Any, **options: Any) -> None:
        """Import the files; print class and progress of each, and warnings on standard error."""
        with failure_exits(), bad_input_exits():
            check_writable("--json", options["json"])
        releases, refused = _read(options["files"])
        with failure_exits(), bad_input_exits():
            today, team = timezone.now().date(), default_team()
            imported = [
                import_release(team=team, release=release, today=today, user=None)
                for release in releases
            ]
            self._tell(imported, options["json"])
        if refused:
            self.stderr.write("\n".join(refused))
            self.stderr.write(
                f"{len(releases)} of {len(options['files'])} files were imported, the others not"
            )
            sys.exit(BAD_INPUT)

    def _tell(self, imported: Sequence[Imported], out: Path | None) -> None:
        for each in imported:
            for warning in each.release.warnings:
                self.stderr.write(f"warning: {warning}")
        text = openness_text([each.release for each in imported])
        if out is None:
            self.stdout.write(text)
            return
        out.write_text(f"{text}\n", encoding="utf-8")
        _print_table(imported)


def _read(files: Sequence[Path]) -> tuple[list[MotRelease], list[str]]:
    """Return the releases of the files that can be read, and what is wrong with the others."""
    releases, refused = [], []
    for path in files:
        try:
            releases.append(read_mot_file(_text(path), file=str(path)))
        except (SpecError, InputError) as error:
            refused += str(error).splitlines()
    return releases, refused


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            expected = f"found more than {LARGEST:,} bytes, expected one release"
            raise InputError(Problem(message=expected), file=str(path))
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(Problem(message=error.strerror or str(error)), file=str(path)) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        problem = Problem(message="found bytes that are no UTF-8, expected text", line=line)
        raise InputError(problem, file=str(path)) from error


def _print_table(imported: Sequence[Imported]) -> None:
    table = Table("Release", "Class", "III", "II", "I", "Facts on", box=None, pad_edge=False)
    for each in imported:
        openness = each.release.openness
        shares = (f"{share} %" for share in openness.progress.values())
        reached = openness.mof_class or "none"
        table.add_row(Text(each.release.name), reached, *shares, Text(each.identifier))
    Console(soft_wrap=True).print(table)
