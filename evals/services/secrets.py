"""API keys at rest: encrypted with the instance's keys, never shown again."""

import base64
import hashlib
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import transaction

from evals.models import Secret, Team, User
from evals.services.audit import record


class UnreadableSecretError(Exception):
    """A stored secret that none of the instance's keys decrypts."""


@transaction.atomic
def store_secret(*, team: Team, name: str, value: str, user: User | None) -> Secret:
    """Keep `value` under `name`; an existing secret of that name is replaced."""
    ciphertext = _box().encrypt(value.encode()).decode()
    secret, _ = Secret.objects.update_or_create(
        team=team, name=name, defaults={"ciphertext": ciphertext}
    )
    record(team=team, user=user, action="secret stored", subject=name)
    return secret


def reveal(secret: Secret) -> str:
    """Return the key in the clear, for a worker that is about to send it.

    Raises:
        UnreadableSecretError: If no key of the instance decrypts it.
    """
    try:
        return _box().decrypt(secret.ciphertext.encode()).decode()
    except InvalidToken:
        raise _unreadable(secret) from None


@transaction.atomic
def rotate_secrets(*, now: datetime) -> int:
    """Encrypt every secret anew with the first key; return how many.

    Raises:
        UnreadableSecretError: If no key of the instance decrypts one; none is rotated then.
    """
    box, count = _box(), 0
    for secret in Secret.objects.select_for_update():
        try:
            secret.ciphertext = box.rotate(secret.ciphertext.encode()).decode()
        except InvalidToken:
            raise _unreadable(secret) from None
        secret.rotated_at = now
        secret.save(update_fields=["ciphertext", "rotated_at"])
        count += 1
    return count


def _unreadable(secret: Secret) -> UnreadableSecretError:
    return UnreadableSecretError(
        f"secret {secret.name!r} was encrypted with a key that VIABILITY_SECRET_KEYS lacks"
    )


def _box() -> MultiFernet:
    keys = [part.strip() for part in settings.STORED_SECRET_KEYS.split(",") if part.strip()]
    return MultiFernet([Fernet(_fernet_key(key)) for key in keys])


def _fernet_key(passphrase: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(passphrase.encode()).digest())
