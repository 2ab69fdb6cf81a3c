"""The kinds of things that can be found by name, and how each one reads in a list."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from evals.models import Candidate, Endpoint, Evaluation, Report, Task, Team
from evals.queries import access


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was found: what it is called, what tells it from others, and its page."""

    name: str
    detail: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of thing.

    `fields` are searched, the first of them is what counts as its name; `number` is the field of
    its number, "" where it has none; `word` is what people call it and may type beside its name.
    Of what there are few, those that begin with what was typed come first.
    """

    title: str
    word: str
    rows: Callable[[Team], QuerySet[Any]]
    fields: tuple[str, ...]
    number: str = ""
    is_few: bool = False
    found: Callable[[Any], Found]


def _tasks(team: Team) -> QuerySet[Task]:
    return access.tasks_for(team).only("name", "description")


def _evaluations(team: Team) -> QuerySet[Evaluation]:
    found = access.evaluations_for(team).select_related("task")
    return found.only("number", "state", "task__name")


def _candidates(team: Team) -> QuerySet[Candidate]:
    found = access.candidates_for(team).filter(archived_at=None).select_related("task", "model")
    return found.only("name", "task__name", "model__is_open")


def _reports(team: Team) -> QuerySet[Report]:
    return access.reports_for(team).select_related("task").only("number", "task__name")


def _endpoints(team: Team) -> QuerySet[Endpoint]:
    return access.endpoints_for(team).filter(archived_at=None).only("name", "kind")


def _task(row: Task) -> Found:
    return Found(row.name, row.description, reverse("evals:task", args=[row.pk]))


def _evaluation(row: Evaluation) -> Found:
    address = reverse("evals:evaluation", args=[row.pk])
    return Found(f"{row.task.name}, evaluation {row.number}", row.state, address)


def _candidate(row: Candidate) -> Found:
    openness = "open" if row.model.is_open else "closed"
    address = reverse("evals:candidate", args=[row.pk])
    return Found(row.name, f"{openness}, for {row.task.name}", address)


def _report(row: Report) -> Found:
    return Found(
        f"{row.task.name}, record {row.number}", "", reverse("evals:report", args=[row.pk])
    )


def _endpoint(row: Endpoint) -> Found:
    return Found(row.name, row.kind, reverse("evals:endpoint", args=[row.pk]))


KINDS = (
    Kind(title="Tasks", word="task", rows=_tasks, fields=("name",), is_few=True, found=_task),
    Kind(
        title="Evaluations",
        word="evaluation",
        rows=_evaluations,
        fields=("task__name",),
        number="number",
        found=_evaluation,
    ),
    Kind(
        title="Candidates",
        word="candidate",
        rows=_candidates,
        fields=("name", "task__name"),
        found=_candidate,
    ),
    Kind(
        title="Reports",
        word="record",
        rows=_reports,
        fields=("task__name",),
        number="number",
        found=_report,
    ),
    Kind(title="Endpoints", word="endpoint", rows=_endpoints, fields=("name",), found=_endpoint),
)
