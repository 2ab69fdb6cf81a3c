"""Who a token lets in, until when, and what is kept of it."""

from datetime import timedelta

import pytest

from evals.models import ApiToken, AuditEntry, Membership, Role
from evals.services.tokens import TokenError, TokenWish, make_token, revoke_token, token_holder
from tests import make
from tests.make import NOON

LATER = NOON + timedelta(days=30)


def membership(team, role=Role.EDITOR):
    return Membership.objects.select_related("team", "user").get(user=make.member(team, role=role))


def made(team, role=Role.EDITOR, expires_at=LATER):
    wish = TokenWish(name="CI", role=role, expires_at=expires_at)
    return make_token(membership=membership(team, role), wish=wish, now=NOON)


def test_a_token_leads_to_its_row_and_team_without_another_query(team, django_assert_num_queries):
    row, token = made(team)
    with django_assert_num_queries(2):
        found = token_holder(token=token, now=NOON)
        assert (found, found and found.team) == (row, team)


def test_neither_a_table_nor_a_log_has_the_token(team, caplog):
    row, token = made(team)
    token_holder(token=token, now=NOON)
    stored = str([list(ApiToken.objects.values()), list(AuditEntry.objects.values())])
    assert token not in stored + caplog.text
    assert token.startswith(row.prefix)
    assert len(row.prefix) < len(token) / 2


@pytest.mark.parametrize("wrong", ["", "via_", "x" * 40, "ä\x00"])
def test_what_is_no_token_lets_nobody_in(team, wrong):
    made(team)
    assert token_holder(token=wrong, now=NOON) is None


def test_a_token_ends_when_it_expires(team):
    _, token = made(team)
    assert token_holder(token=token, now=LATER - timedelta(seconds=1))
    assert token_holder(token=token, now=LATER) is None


def test_a_revoked_token_lets_nobody_in_and_is_revoked_once(team):
    row, token = made(team, expires_at=None)
    assert revoke_token(token=row, user=row.created_by, now=NOON)
    assert not revoke_token(token=row, user=row.created_by, now=NOON)
    assert token_holder(token=token, now=NOON) is None
    assert AuditEntry.objects.filter(action="token revoked", subject="CI").count() == 1


def test_a_token_ends_with_its_makers_membership_or_account(team):
    row, token = made(team)
    row.created_by.is_active = False
    row.created_by.save()
    assert token_holder(token=token, now=NOON) is None
    row.created_by.is_active = True
    row.created_by.save()
    Membership.objects.create(team=make.team(), user=row.created_by, role=Role.ADMIN)
    Membership.objects.filter(team=team).delete()
    assert token_holder(token=token, now=NOON) is None


@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
def test_nobody_makes_a_token_above_their_own_role(team, role):
    wish = TokenWish(name="CI", role=Role.ADMIN, expires_at=None)
    with pytest.raises(TokenError):
        make_token(membership=membership(team, role), wish=wish, now=NOON)
    assert not ApiToken.objects.exists()


def test_a_use_is_written_down_once_a_minute_at_most(team):
    row, token = made(team)
    for seconds, noted in ((0, 0), (59, 0), (60, 60), (90, 60)):
        token_holder(token=token, now=NOON + timedelta(seconds=seconds))
        row.refresh_from_db()
        assert row.last_used_at == NOON + timedelta(seconds=noted)
