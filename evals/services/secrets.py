"""API keys at rest: encrypted with the instance's keys, never shown again."""

import base64
import hashlib
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import transaction

from evals.models import InstanceKey, Secret, Team, User
from evals.services.audit import record


class UnreadableSecretError(Exception):
    """A stored secret that none of the instance's keys decrypts."""


@transaction.atomic
def store_secret(*, team: Team, name: str, value: str, user: User | None) -> Secret:
    """Keep `value` under `name`; an existing secret of that name is replaced."""
    ciphertext = closed(value)
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
    return opened(secret.ciphertext, name=f"secret {secret.name!r}")


def closed(value: str) -> str:
    """Return a text encrypted with the instance's first key."""
    return _box().encrypt(value.encode()).decode()


def opened(ciphertext: str, *, name: str) -> str:
    """Return what was encrypted.

    Raises:
        UnreadableSecretError: If no key of the instance decrypts it; `name` says what it was.
    """
    try:
        return _box().decrypt(ciphertext.encode()).decode()
    except InvalidToken:
        raise _unreadable(name) from None


@transaction.atomic
def rotate_secrets(*, now: datetime) -> int:
    """Encrypt every secret, and the signing key, anew with the first key; return how many.

    Raises:
        UnreadableSecretError: If no key of the instance decrypts one; none is rotated then.
    """
    box, count = _box(), 0
    for secret in Secret.objects.select_for_update():
        try:
            secret.ciphertext = box.rotate(secret.ciphertext.encode()).decode()
        except InvalidToken:
            raise _unreadable(f"secret {secret.name!r}") from None
        secret.rotated_at = now
        secret.save(update_fields=["ciphertext", "rotated_at"])
        count += 1
    for key in InstanceKey.objects.select_for_update():
        key.ciphertext = closed(opened(key.ciphertext, name="the signing key"))
        key.save(update_fields=["ciphertext"])
        count += 1
    return count


def _unreadable(name: str) -> UnreadableSecretError:
    return UnreadableSecretError(
        f"{name} was encrypted with a key that VIABILITY_SECRET_KEYS lacks"
    )


def _box() -> MultiFernet:
    keys = [part.strip() for part in settings.STORED_SECRET_KEYS.split(",") if part.strip()]
    return MultiFernet([Fernet(_fernet_key(key)) for key in keys])


def _fernet_key(passphrase: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(passphrase.encode()).digest())
