"""The instance has one signing key, which is closed at rest and outlives a change of passphrase."""

import pytest
from django.utils import timezone

from evals.domain.seals import is_signed, sign
from evals.models import InstanceKey
from evals.services.secrets import UnreadableSecretError, rotate_secrets
from evals.services.signing import instance_key

pytestmark = pytest.mark.django_db


def test_the_key_is_made_once_and_signs():
    row, key = instance_key()
    again, _ = instance_key()
    assert row.pk == again.pk
    assert is_signed(b"record", signature=sign(b"record", key), public_key=row.public_key)
    assert row.public_key not in row.ciphertext


def test_the_key_is_kept_when_the_passphrase_is_replaced(settings):
    row, _ = instance_key()
    settings.STORED_SECRET_KEYS = f"new one,{settings.STORED_SECRET_KEYS}"
    assert rotate_secrets(now=timezone.now()) == 1
    settings.STORED_SECRET_KEYS = "new one"  # noqa: S105
    kept, key = instance_key()
    assert kept.pk == row.pk
    assert is_signed(b"record", signature=sign(b"record", key), public_key=row.public_key)


def test_without_the_passphrase_nothing_is_signed(settings):
    instance_key()
    settings.STORED_SECRET_KEYS = "another one"  # noqa: S105
    with pytest.raises(UnreadableSecretError, match="the signing key"):
        instance_key()
    assert InstanceKey.objects.count() == 1
