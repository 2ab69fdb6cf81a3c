import pytest
from django.core.management import call_command
from django.utils import timezone

from evals.models import AuditEntry, Secret
from evals.services.secrets import UnreadableSecretError, reveal, rotate_secrets, store_secret
from tests import make

pytestmark = pytest.mark.django_db
VALUE = "sk-very-secret-0123456789"


@pytest.fixture(autouse=True)
def one_key(settings):
    settings.STORED_SECRET_KEYS = "first key"  # noqa: S105


def stored(name="vendor", team=None):
    return store_secret(team=team or make.team(), name=name, value=VALUE, user=None)


def test_a_key_is_unreadable_at_rest_and_comes_back_whole():
    secret = stored()
    secret.refresh_from_db()
    assert VALUE not in secret.ciphertext
    assert reveal(secret) == VALUE


def test_the_same_key_looks_different_every_time():
    assert stored().ciphertext != stored().ciphertext


def test_storing_under_a_name_again_replaces_the_key():
    team = make.team()
    stored(team=team)
    store_secret(team=team, name="vendor", value="another", user=None)
    assert reveal(Secret.objects.get(team=team)) == "another"


def test_rotation_lets_the_old_key_go(settings):
    secret = stored()
    settings.STORED_SECRET_KEYS = "second key, first key"  # noqa: S105
    assert rotate_secrets(now=timezone.now()) == 1
    settings.STORED_SECRET_KEYS = "second key"  # noqa: S105
    secret.refresh_from_db()
    assert reveal(secret) == VALUE
    assert secret.rotated_at is not None


def test_a_lost_key_is_said_by_name(settings):
    secret = stored()
    settings.STORED_SECRET_KEYS = "another key"  # noqa: S105
    with pytest.raises(UnreadableSecretError, match=r"'vendor'.*VIABILITY_SECRET_KEYS"):
        reveal(secret)


def test_rotation_rotates_all_or_none(settings):
    kept = stored("kept")
    settings.STORED_SECRET_KEYS = "second key"  # noqa: S105
    lost = stored("lost")
    settings.STORED_SECRET_KEYS = "third key, second key"  # noqa: S105
    with pytest.raises(UnreadableSecretError, match="'kept'"):
        rotate_secrets(now=timezone.now())
    for secret in (kept, lost):
        before = secret.ciphertext
        secret.refresh_from_db()
        assert secret.ciphertext == before


def test_the_command_says_how_many_were_rotated(capsys):
    stored()
    call_command("rotate_secrets")
    assert capsys.readouterr().out == "1 secrets rotated\n"


def test_the_command_refuses_in_words_where_a_key_is_lost(settings, capsys):
    stored()
    settings.STORED_SECRET_KEYS = "another"  # noqa: S105
    with pytest.raises(SystemExit) as ended:
        call_command("rotate_secrets")
    assert ended.value.code == 3
    assert "'vendor'" in capsys.readouterr().err


def test_neither_log_nor_audit_holds_the_key(caplog):
    caplog.set_level("DEBUG")
    secret = stored()
    reveal(secret)
    rotate_secrets(now=timezone.now())
    assert VALUE not in caplog.text
    assert VALUE not in str([(a.subject, a.details) for a in AuditEntry.objects.all()])
    assert VALUE not in f"{secret!r} {secret}"
