"""What tests of the API may ask for: scripts with tokens, and a finished evaluation."""

import hashlib
import itertools
import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from evals.models import ApiToken, Report, Role, Team, User
from evals.services.decisions import propose_report
from tests import make

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Script:
    """A program that signs in with a token; paths are below /api/v1/."""

    token: str = ""

    def get(self, path: str, **query: Any) -> Any:
        return Client().get(f"/api/v1/{path}", query, headers=self.headers)

    def post(self, path: str, value: Any = None, *, media: str = "application/json") -> Any:
        content = value if isinstance(value, str | bytes) else json.dumps(value)
        return Client().post(f"/api/v1/{path}", content, content_type=media, headers=self.headers)

    def send(self, path: str, **fields: Any) -> Any:
        """Post a form; bytes are files by the names of their pairs."""
        return Client().post(f"/api/v1/{path}", fields, headers=self.headers)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


def file(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def token(team: Team, user: User, *, role: str = Role.EDITOR, **fields: Any) -> str:
    """Store a token and return it in the clear."""
    text = f"token-{next(_numbers)}"
    ApiToken.objects.create(
        **{
            "team": team,
            "name": "a script",
            "prefix": text[:12],
            "token_hash": hashlib.sha256(text.encode()).hexdigest(),
            "role": role,
            "created_by": user,
            "last_used_at": timezone.now(),
            **fields,
        }
    )
    return text


def script(team: Team, *, role: Role = Role.EDITOR, **fields: Any) -> Script:
    return Script(token(team, make.member(team, role=role), role=role, **fields))


@pytest.fixture
def editor_script(team: Team, editor: User) -> Script:
    """A script that may write for `team`."""
    return Script(token(team, editor))


@pytest.fixture
def viewer_script(team: Team) -> Script:
    """A script that only reads what `team` has."""
    return script(team, role=Role.VIEWER)


@pytest.fixture
def stranger_script(db: None) -> Script:
    """A script of another team."""
    return script(make.team("Another team"))


@pytest.fixture
def places(team: Team) -> dict[str, Any]:
    """The ids in the addresses of everything that a finished evaluation leaves."""
    return fill(team)


def fill(team: Team) -> dict[str, Any]:
    finished = make.evaluation(make.task(team))
    candidate = finished.runs.get(is_incumbent=False).candidate
    return {
        "task_id": finished.task_id,
        "version_id": finished.version_id,
        "evaluation_id": finished.pk,
        "candidate_id": candidate.pk,
        "endpoint_id": candidate.endpoint_id,
        "key": candidate.model_id,
        "report_id": proposed(finished).pk,
        "suffix": "json",
    }


def proposed(finished: Any) -> Report:
    user = make.member(finished.task.team)
    return propose_report(evaluation=finished, user=user, now=timezone.now())
