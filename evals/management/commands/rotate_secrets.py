"""`viability rotate_secrets`: encrypts every stored key anew with the first of the instance's."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from evals.services.secrets import rotate_secrets


class Command(BaseCommand):
    help = "Encrypt every stored secret with the first key of VIABILITY_SECRET_KEYS."

    def handle(self, *_: Any, **__: Any) -> None:
        self.stdout.write(f"{rotate_secrets(now=timezone.now())} secrets rotated")
