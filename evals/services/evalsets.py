"""Eval-set versions: rows in, an immutable hashed snapshot out, or nothing at all."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import IO, BinaryIO, cast

from django.core.files import File
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from evals.domain.evalsets import ContentHash, Mapping, check_mapping
from evals.domain.hubnames import hub_words
from evals.domain.problems import InputError, Problem
from evals.domain.rowfiles import FileKind, open_rows
from evals.domain.rows import RowFile
from evals.models import EvalSet, EvalSetVersion, Task, Upload, User
from evals.services.audit import record
from evals.services.rowintake import RowIntake
from evals.services.staleness import mark_older_sets
from evals.services.wordindexes import ring_for_version


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


@transaction.atomic
def create_version(  # noqa: PLR0913 - whose, what, what it means, and who is told
    *,
    eval_set: EvalSet,
    rows: RowFile,
    mapping: Mapping,
    origin: Origin,
    accept_valid: bool = False,
    progress: Callable[[int], object] | None = None,
) -> EvalSetVersion:
    """Store the rows as the next version, or return the one that has this very content.

    `progress` is told now and then how many rows were read so far; what it raises ends the work.

    Raises:
        RefusedRowsError: With the problems found, unless `accept_valid` says to go on with the
            valid rows and there are any. Nothing is stored then.
        InputError: If the file is unusable as a whole. Nothing is stored then.
    """
    from evals.services.samplecopy import copy_samples  # noqa: PLC0415 - pyarrow

    check_mapping(rows.columns, mapping)
    hold_task(eval_set.task_id)
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
    intake = RowIntake(ContentHash(mapping), progress)
    with closing(intake.samples(rows, mapping)) as samples:
        copy_samples(version.pk, samples)
    _refuse_what_cannot_be_used(intake, origin.name, accept_valid=accept_valid)
    sha256 = intake.hash.hexdigest()
    if existing := eval_set.versions.filter(sha256=sha256).first():
        transaction.savepoint_rollback(savepoint)
        return existing
    version.sha256, version.sample_count = sha256, intake.accepted
    version.rejected_count = intake.rejected
    _seal(version)
    _audit_version(version, origin.user)
    ring_for_version(version)
    mark_older_sets(version)
    return version


@transaction.atomic
def keep_upload(*, task: Task, user: User, name: str, file: IO[bytes], size: int) -> Upload:
    """Keep a file until its columns are mapped; forgotten after a day."""
    upload = Upload(team=task.team, task=task, created_by=user, name=name[-300:], size=size)
    upload.file.save(f"{upload.pk}", File(file), save=False)
    upload.save()
    return upload


def forget_upload(*, upload: Upload) -> None:
    """Delete an upload, and its file once that is sure to last."""
    upload.delete()
    delete_file_once_sure(upload)


def delete_file_once_sure(upload: Upload) -> None:
    """Delete an upload's file when the transaction ends well; one that does not keeps it."""
    transaction.on_commit(lambda: upload.file.delete(save=False), robust=True)


@transaction.atomic
def version_from_upload(  # noqa: PLR0913 - as `create_version`
    *,
    task: Task,
    upload: Upload,
    mapping: Mapping,
    user: User,
    accept_valid: bool = False,
    progress: Callable[[int], object] | None = None,
) -> EvalSetVersion:
    """Make the next version of the task's eval set from a kept file, and forget the file.

    `progress` is told now and then how many rows were read so far.

    Raises:
        InputError: As `create_version`; the file is still kept then. Or if a second press of the
            button finds that the first has stored it.
    """
    hold_task(task.pk)
    if not Upload.objects.select_for_update().filter(pk=upload.pk).exists():
        raise InputError(Problem(message="this file was stored a moment ago, expected another one"))
    with upload.file.open("rb") as file:
        version = create_version(
            eval_set=eval_set_of(task=task, upload=upload),
            rows=open_rows(cast("BinaryIO", file), FileKind.of(upload.name)),
            mapping=mapping,
            origin=Origin(name=source_words(upload), user=user),
            accept_valid=accept_valid,
            progress=progress,
        )
    forget_upload(upload=upload)
    return version


def hold_task(task_id: int) -> None:
    """Keep a task from being deleted until the transaction ends; all else may go on with it.

    Whoever locks more of a task takes this first: deletion begins with the task, too.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM evals_task WHERE id = %s FOR KEY SHARE", [task_id])


def eval_set_of(*, task: Task, upload: Upload) -> EvalSet:
    """Return the eval set that the upload becomes the next version of."""
    latest = EvalSet.objects.filter(task=task, versions__isnull=False).order_by("-versions__pk")
    return latest.first() or eval_set_for(task=task, name=upload.name)


def source_words(upload: Upload) -> str:
    """Return where the rows come from: the file's name, or the set of a hub."""
    return hub_words(upload.source) if upload.source else upload.name


def eval_set_for(*, task: Task, name: str) -> EvalSet:
    """Return the task's eval set of that name, made if there is none."""
    return EvalSet.objects.get_or_create(task=task, name=name[:200])[0]


def _seal(version: EvalSetVersion) -> None:
    """Freeze the version as of now; who began meanwhile has an older one. Holds the task."""
    Task.objects.select_for_update(no_key=True).get(pk=version.eval_set.task_id)
    version.created_at = timezone.now()
    version.save(update_fields=["sha256", "sample_count", "rejected_count", "created_at"])


def _refuse_what_cannot_be_used(intake: RowIntake, name: str, *, accept_valid: bool) -> None:
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
