"""Eval-set versions: rows in, an immutable hashed snapshot out, or nothing at all."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import IO, Any, BinaryIO, cast

from django.core.files import File
from django.db import transaction
from django.db.models import Max

from evals.domain.evalsets import ContentHash, Mapping, SampleRow, check_mapping, read_samples
from evals.domain.problems import InputError, Problem
from evals.domain.rowfiles import FileKind, open_rows
from evals.domain.rows import RowFile
from evals.models import EvalSet, EvalSetVersion, Sample, Task, Team, Upload, User
from evals.services.audit import record
from evals.services.copying import copy_rows

PROBLEMS_KEPT = 1000
UPLOADS_KEPT = timedelta(days=1)
SAMPLE_COLUMNS = ("version_id", "position", "row", "key", "input", "target", "slices", "cluster")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a version's rows came from: the file's name, and who brought it."""

    name: str
    user: User | None


class RefusedRowsError(InputError):
    """Some rows cannot be used; `accepted` and `rejected` count all, `problems` are the first."""

    def __init__(self, *problems: Problem, file: str, accepted: int, rejected: int) -> None:
        super().__init__(*problems, file=file)
        self.accepted, self.rejected = accepted, rejected


@dataclass(slots=True)
class _Intake:
    """What one pass over the rows counted."""

    hash: ContentHash
    accepted: int = 0
    rejected: int = 0
    problems: list[Problem] | None = None

    def refuse(self, problem: Problem) -> None:
        self.rejected += 1
        if self.problems is None:
            self.problems = []
        if len(self.problems) < PROBLEMS_KEPT:
            self.problems.append(problem)


@transaction.atomic
def create_version(
    *,
    eval_set: EvalSet,
    rows: RowFile,
    mapping: Mapping,
    origin: Origin,
    accept_valid: bool = False,
) -> EvalSetVersion:
    """Store the rows as the next version, or return the one that has this very content.

    Raises:
        RefusedRowsError: With the problems found, unless `accept_valid` says to go on with the
            valid rows and there are any. Nothing is stored then.
        InputError: If the file is unusable as a whole. Nothing is stored then.
    """
    check_mapping(rows.columns, mapping)
    EvalSet.objects.select_for_update().get(pk=eval_set.pk)  # two uploads may not share a number
    number = (eval_set.versions.aggregate(Max("number"))["number__max"] or 0) + 1
    savepoint = transaction.savepoint()
    version = EvalSetVersion.objects.create(
        eval_set=eval_set,
        number=number,
        sample_count=0,
        columns=list(rows.columns),
        mapping=asdict(mapping),
        source_name=origin.name[-300:],
        created_by=origin.user,
    )
    intake = _Intake(ContentHash(mapping))
    copy_rows(Sample, SAMPLE_COLUMNS, _sample_rows(version.pk, rows, mapping, intake))
    _refuse_what_cannot_be_used(intake, origin.name, accept_valid=accept_valid)
    sha256 = intake.hash.hexdigest()
    if existing := eval_set.versions.filter(sha256=sha256).first():
        transaction.savepoint_rollback(savepoint)
        return existing
    version.sha256, version.sample_count = sha256, intake.accepted
    version.rejected_count = intake.rejected
    version.save(update_fields=["sha256", "sample_count", "rejected_count"])
    _audit_version(version, origin.user)
    return version


@transaction.atomic
def keep_upload(*, team: Team, user: User, name: str, file: IO[bytes], size: int) -> Upload:
    """Keep a file until its columns are mapped; forgotten after a day."""
    upload = Upload(team=team, created_by=user, name=name[-300:], size=size)
    upload.file.save(f"{upload.pk}", File(file), save=False)
    upload.save()
    return upload


def forget_upload(*, upload: Upload) -> None:
    """Delete an uploaded file and its row."""
    upload.file.delete(save=False)
    upload.delete()


def forget_uploads(*, now: datetime) -> None:
    """Delete the uploads that never became a version."""
    for upload in Upload.objects.filter(created_at__lt=now - UPLOADS_KEPT):
        forget_upload(upload=upload)


@transaction.atomic
def version_from_upload(
    *, task: Task, upload: Upload, mapping: Mapping, user: User, accept_valid: bool = False
) -> EvalSetVersion:
    """Make the next version of the task's eval set from a kept file, and forget the file.

    Raises:
        InputError: As `create_version`; the file is still kept then.
    """
    latest = EvalSet.objects.filter(task=task, versions__isnull=False).order_by("-versions__pk")
    eval_set = latest.first() or eval_set_for(task=task, name=upload.name)
    with upload.file.open("rb") as file:
        version = create_version(
            eval_set=eval_set,
            rows=open_rows(cast("BinaryIO", file), FileKind.of(upload.name)),
            mapping=mapping,
            origin=Origin(name=upload.name, user=user),
            accept_valid=accept_valid,
        )
    upload.delete()
    transaction.on_commit(lambda: upload.file.delete(save=False))
    return version


def eval_set_for(*, task: Task, name: str) -> EvalSet:
    """Return the task's eval set of that name, made if there is none."""
    return EvalSet.objects.get_or_create(task=task, name=name[:200])[0]


def _sample_rows(
    version_id: int, rows: RowFile, mapping: Mapping, intake: _Intake
) -> Iterator[tuple[Any, ...]]:
    for item in read_samples(rows, mapping):
        if isinstance(item, Problem):
            intake.refuse(item)
            continue
        intake.hash.add(item)
        yield _sample_row(version_id, intake.accepted, item)
        intake.accepted += 1


def _sample_row(version_id: int, position: int, sample: SampleRow) -> tuple[Any, ...]:
    return (
        version_id,
        position,
        sample.row,
        sample.key,
        json.dumps(sample.input, ensure_ascii=False),
        sample.target,
        json.dumps(sample.slices, ensure_ascii=False),
        sample.cluster,
    )


def _refuse_what_cannot_be_used(intake: _Intake, name: str, *, accept_valid: bool) -> None:
    if not intake.accepted or (intake.problems and not accept_valid):
        raise RefusedRowsError(
            *(intake.problems or [Problem(message="no rows")]),
            file=name,
            accepted=intake.accepted,
            rejected=intake.rejected,
        )


def _audit_version(version: EvalSetVersion, user: User | None) -> None:
    task = version.eval_set.task
    record(
        team=task.team,
        user=user,
        action="eval set version stored",
        subject=f"{task.name} v{version.number}",
        samples=version.sample_count,
        sha256=version.sha256,
    )
