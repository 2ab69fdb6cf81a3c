"""`viability rotate_secrets`: encrypts every stored key anew with the first of the instance's."""

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from evals.management.exits import BAD_INPUT
from evals.services.secrets import UnreadableSecretError, rotate_secrets


class Command(BaseCommand):
    """Rotates all stored secrets, or none where one cannot be read."""

    help = "Encrypt every stored secret with the first key of VIABILITY_SECRET_KEYS."

    def handle(self, *_: Any, **__: Any) -> None:
        """Print how many there were."""
        try:
            count = rotate_secrets(now=timezone.now())
        except UnreadableSecretError as error:
            self.stderr.write(str(error))
            sys.exit(BAD_INPUT)
        self.stdout.write(f"{count} secrets rotated")
