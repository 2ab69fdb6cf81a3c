"""Candidates as the browser brings them: with a new key, or a file of recorded answers."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from django.db import transaction

from evals.domain.problems import InputError, Problem
from evals.domain.recorded import recorded_rows
from evals.domain.rowfiles import FileKind, open_rows
from evals.domain.specs import CandidateSpec
from evals.models import Candidate, Endpoint, EvalSetVersion, Secret, Task, User
from evals.services.candidates import (
    RecordedFile,
    ServedBy,
    archive_candidate,
    save_candidate,
)
from evals.services.recordings import check_answers
from evals.services.secrets import store_secret


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateDraft:
    """A candidate that was typed in, and what came with it.

    `new_key` is stored under the name that the spec's endpoint gives as its secret. `answers` is
    the file that a recorded endpoint names. `endpoint` is a stored one that is to be used as it
    is. `replaces` is the candidate that this one is an edit of.
    """

    spec: CandidateSpec
    new_key: str | None = None
    answers: BinaryIO | None = None
    endpoint: Endpoint | None = None
    replaces: Candidate | None = None


@transaction.atomic
def add_candidate(
    *, task: Task, draft: CandidateDraft, version: EvalSetVersion, user: User, now: datetime
) -> Candidate:
    """Store what was typed in; a candidate that it replaces is archived.

    Raises:
        InputError: If the name or a new key's name is taken, or recorded answers cannot be used or
            lack a sample of `version`. Nothing is stored then.
    """
    _check_name(task, draft)
    served_by = ServedBy(
        secret=_secret(task, draft, user), recorded=_recorded(draft), endpoint=draft.endpoint
    )
    saved = save_candidate(task=task, spec=draft.spec, user=user, now=now, served_by=served_by)
    if draft.answers:
        check_answers(candidate=saved, spec=draft.spec, version=version)
    if draft.replaces and draft.replaces.name != saved.name:
        archive_candidate(candidate=draft.replaces, user=user, now=now)
        if task.incumbent_id == draft.replaces.pk:
            Task.objects.filter(pk=task.pk).update(incumbent=saved)
    return saved


def _check_name(task: Task, draft: CandidateDraft) -> None:
    Task.objects.select_for_update(no_key=True).get(
        pk=task.pk
    )  # two requests may not take one name
    active = Candidate.objects.filter(task=task, archived_at__isnull=True)
    same = active.filter(name=draft.spec.name).first()
    if same and same != draft.replaces:
        message = f"there is a candidate {draft.spec.name!r} already, expected another name"
        raise InputError(Problem(message=message, column="name"))


def _secret(task: Task, draft: CandidateDraft, user: User) -> Secret | None:
    name = draft.spec.endpoint.secret
    if name is None or draft.endpoint:
        return None
    stored = Secret.objects.filter(team=task.team, name=name).first()
    if draft.new_key is None:
        if stored is None:
            raise InputError(Problem(message=f"there is no stored key {name!r}", column="secret"))
        return stored
    if stored is not None:
        message = f"there is a key {name!r} already: choose it, or give the new one another name"
        raise InputError(Problem(message=message, column="new_key_name"))
    return store_secret(team=task.team, name=name, value=draft.new_key, user=user)


def _recorded(draft: CandidateDraft) -> RecordedFile | None:
    if draft.answers is None:
        return None
    endpoint, file = draft.spec.endpoint, draft.answers
    file.seek(0)
    sha256 = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.seek(0)
    rows = open_rows(file, FileKind.of(endpoint.file or ""))
    return RecordedFile(sha256=sha256, answers=recorded_rows(rows, endpoint))
