"""`viability sync_prices`: brings the table of public prices up to the installed edition."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from evals.services.pricesync import sync_prices


class Command(BaseCommand):
    """Adds what is new; prices of the past stay."""

    help = "Store the public prices that are installed; what a price was once is kept."

    def handle(self, *_: Any, **__: Any) -> None:
        """Say how many rows were added."""
        added = sync_prices(now=timezone.now())
        self.stdout.write(f"{added:,} prices added" if added else "The prices are up to date.")
