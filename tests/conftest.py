"""What every test may ask for."""

from typing import Any

import pytest
from django.test import Client

from evals.models import Role, Team, User
from tests import laws, make

laws.draw()


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """Hash passwords in no time: a good hash is slow on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def team(db: None) -> Team:
    """A team."""
    return make.team()


@pytest.fixture
def editor(team: Team) -> User:
    """A member of `team` who may write."""
    return make.member(team)


@pytest.fixture
def editor_client(editor: User) -> Client:
    """A browser in which `editor` is signed in."""
    return signed_in(editor)


@pytest.fixture
def viewer_client(team: Team) -> Client:
    """A browser in which a member of `team` is signed in who may only read."""
    return signed_in(make.member(team, role=Role.VIEWER))


@pytest.fixture
def stranger_client(db: None) -> Client:
    """A browser in which somebody of another team is signed in."""
    return signed_in(make.member(make.team("Another team")))


def signed_in(user: User) -> Client:
    """Return a browser in which `user` is signed in."""
    client = Client()
    client.force_login(user)
    return client
