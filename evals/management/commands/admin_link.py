"""`viability admin_link`: the one-time link that makes the first admin, while there is none."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from evals.services.teams import create_admin_link


class Command(BaseCommand):
    """Makes the link."""

    help = "Print a one-time link that makes the first admin, if there is none yet."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the address that people reach this instance at."""
        parser.add_argument("--base-url", default="http://127.0.0.1:8000")

    def handle(self, *_: Any, **options: Any) -> None:
        """Print the link."""
        token = create_admin_link(now=timezone.now())
        if token is not None:
            self.stdout.write(f"{options['base_url'].rstrip('/')}/first-admin/{token}/")
