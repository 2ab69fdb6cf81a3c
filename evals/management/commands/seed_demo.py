"""`viability seed_demo`: stores the demo's task and starts its evaluation, once."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from evals.demo.seed import seed_demo


class Command(BaseCommand):
    """Seeds the demo; a second call does nothing."""

    help = "Store the demo's task and start its evaluation, if it is not there yet."

    def handle(self, *_: Any, **__: Any) -> None:
        """Start the demo's evaluation."""
        evaluation = seed_demo(now=timezone.now())
        if evaluation is not None:
            self.stdout.write(f"demo evaluation {evaluation.number} started")
