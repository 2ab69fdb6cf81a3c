"""Tasks and their eval-set versions as documents."""

from datetime import datetime
from typing import Any

from django.db.models import F

from evals.domain.specs import EvalSetSpec, Spec
from evals.domain.specwriting import written_parts
from evals.models import EvalSetVersion, Task, Team
from evals.queries.candidatedocuments import spec_document
from evals.queries.candidates import with_parts
from evals.queries.evalsets import version_page
from evals.queries.plaindocuments import plain
from evals.queries.preparation import latest_version
from evals.queries.specs import (
    candidate_spec,
    criterion_specs,
    eval_set_spec,
    scorer_specs,
    task_spec,
)
from evals.queries.tasklists import tasks_page
from evals.queries.tasks import task_page

Document = dict[str, Any]
NO_ROWS = EvalSetSpec(input="", target="")


def tasks_document(team: Team, *, now: datetime) -> Document:
    """Return a team's tasks by name with what was found for each."""
    return {"tasks": plain(tasks_page(team, now=now).rows)}


def task_document(task: Task, *, now: datetime) -> Document:
    """Return a task as a spec file would have it, and what its page shows.

    Select its team and `positions.INCUMBENT` beforehand.
    """
    return {
        "id": task.pk,
        "name": task.name,
        "created_at": task.created_at.isoformat(),
        "switch_days": task.switch_days,
        "spec": _spec(task),
        "shown": plain(task_page(task, now=now)),
    }


def versions_document(task: Task) -> Document:
    """Return the versions of a task's eval sets, the newest first, in one query."""
    versions = EvalSetVersion.objects.filter(eval_set__task=task).order_by("-pk")
    rows = versions.annotate(eval_set_name=F("eval_set__name"))
    return {"versions": [_version(row) for row in rows]}


def version_document(version: EvalSetVersion) -> Document:
    """Return a version with what its page shows; select eval set, task and creator beforehand."""
    version.eval_set_name = version.eval_set.name  # type: ignore[attr-defined]
    return {**_version(version), "shown": plain(version_page(version))}


def _version(version: EvalSetVersion) -> Document:
    return {
        "id": version.pk,
        "eval_set": version.eval_set_name,  # type: ignore[attr-defined]
        "number": version.number,
        "sha256": version.sha256,
        "samples": version.sample_count,
        "rejected": version.rejected_count,
        "columns": version.columns,
        "mapping": version.mapping,
        "source_name": version.source_name.rpartition("/")[2],
        "created_at": version.created_at.isoformat(),
    }


def _spec(task: Task) -> Document:
    """Return what the task has so far of a spec; what it has not is not there."""
    version, bar = latest_version(task), task.bars.order_by("-number").first()
    scorers = task.scorer_sets.order_by("-number").first()
    rows = with_parts(task.candidates.filter(archived_at__isnull=True)).order_by("name")
    eval_set = eval_set_spec(version) if version else NO_ROWS
    spec = Spec(
        task=task_spec(task),
        eval_set=eval_set,
        scorers=scorer_specs(scorers) if scorers else (),
        bar=criterion_specs(bar) if bar else (),
        candidates=(),
        incumbent=task.incumbent.name if task.incumbent else None,
    )
    written: Document = plain(written_parts(spec))
    candidates = [spec_document(candidate_spec(row)) for row in rows]
    written |= {"candidates": candidates}
    if version is None:
        del written["eval_set"]
    elif eval_set.file:
        written["eval_set"]["file"] = eval_set.file.rpartition("/")[2]
    return written
