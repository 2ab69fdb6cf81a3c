"""The instance's Ed25519 key: made at the first signature, its private half encrypted at rest."""

import base64
import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction

from evals.models import InstanceKey
from evals.services.secrets import closed, opened


@transaction.atomic
def instance_key() -> tuple[InstanceKey, Ed25519PrivateKey]:
    """Return the key that reports are signed with now, and its private half.

    Raises:
        UnreadableSecretError: If none of the instance's keys opens what is stored.
    """
    row = (
        InstanceKey.objects.select_for_update()
        .filter(retired_at__isnull=True)
        .order_by("pk")
        .first()
    )
    if row is not None:
        private = base64.b64decode(opened(row.ciphertext, name="the signing key"))
        return row, Ed25519PrivateKey.from_private_bytes(private)
    return _new_key()


def _new_key() -> tuple[InstanceKey, Ed25519PrivateKey]:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    row = InstanceKey.objects.create(
        key_id=hashlib.sha256(public).hexdigest(),
        public_key=base64.b64encode(public).decode(),
        ciphertext=closed(base64.b64encode(key.private_bytes_raw()).decode()),
    )
    return row, key
