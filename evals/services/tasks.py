"""Tasks, their quality bars and their scorers."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max

from evals.domain.problems import InputError, Problem
from evals.domain.specs import CriterionSpec, ScorerSpec, TaskSpec
from evals.models import Candidate, Criterion, QualityBar, ScorerSet, Task, Team, User
from evals.services.audit import record
from evals.services.staleness import mark_older_verdicts


@transaction.atomic
def create_task(
    *, team: Team, spec: TaskSpec, user: User | None, switch_days: int | None = None
) -> Task:
    """Create a task; `switch_days` is how long it takes to move to another candidate.

    Raises:
        InputError: If the team has a task of that name.
    """
    _check_name_is_free(team, spec.name)
    task = Task.objects.create(team=team, name=spec.name, switch_days=switch_days, **_facts(spec))
    record(team=team, user=user, action="task created", subject=task.name)
    return task


@transaction.atomic
def save_task(*, team: Team, spec: TaskSpec, user: User | None) -> Task:
    """Return the team's task of that name with the facts of `spec`, made if there is none."""
    task = Task.objects.filter(team=team, name__iexact=spec.name).first()
    if task is None:
        return create_task(team=team, spec=spec, user=user)
    facts = _facts(spec)
    changed = {name: value for name, value in facts.items() if getattr(task, name) != value}
    if changed:
        Task.objects.filter(pk=task.pk).update(**changed)
        record(team=team, user=user, action="task changed", subject=task.name, fields=list(changed))
        task.refresh_from_db()
    return task


@transaction.atomic
def change_task(*, task: Task, spec: TaskSpec, switch_days: int | None, user: User | None) -> None:
    """Give a task other facts, and perhaps another name; `switch_days` is not the spec file's.

    Raises:
        InputError: If another task of the team has that name.
    """
    _check_name_is_free(task.team, spec.name, but_for=task)
    facts = {"name": spec.name, "switch_days": switch_days, **_facts(spec)}
    changed = {name: value for name, value in facts.items() if getattr(task, name) != value}
    if changed:
        Task.objects.filter(pk=task.pk).update(**changed)
        record(
            team=task.team,
            user=user,
            action="task changed",
            subject=spec.name,
            fields=list(changed),
        )


@transaction.atomic
def set_incumbent(*, task: Task, candidate: Candidate | None, user: User | None) -> None:
    """Say which candidate the task runs on today."""
    if task.incumbent_id == (candidate.pk if candidate else None):
        return
    task.incumbent = candidate
    task.save(update_fields=["incumbent"])
    name = candidate.name if candidate else None
    record(team=task.team, user=user, action="incumbent set", subject=task.name, incumbent=name)


@transaction.atomic
def save_standard(
    *,
    task: Task,
    scorers: Sequence[ScorerSpec],
    criteria: Sequence[CriterionSpec],
    user: User | None,
) -> QualityBar:
    """Write what a task is judged by, scorers and bar together; return the bar."""
    Task.objects.select_for_update(no_key=True).get(
        pk=task.pk
    )  # two presses may not write one number
    save_scorers(task=task, scorers=scorers, user=user)
    return save_bar(task=task, criteria=criteria, user=user)


@transaction.atomic
def save_bar(*, task: Task, criteria: Sequence[CriterionSpec], user: User | None) -> QualityBar:
    """Return the task's latest bar if it says the same, else write the next version.

    Verdicts that rest on an earlier version become stale with the reason, and change in no more.
    """
    Task.objects.select_for_update(no_key=True).get(pk=task.pk)  # see `reason_at_the_end`
    latest = task.bars.order_by("-number").prefetch_related("criteria").first()
    if latest and [_criterion_fields(c) for c in criteria] == [
        _row_fields(c) for c in latest.criteria.all()
    ]:
        return latest
    bar = QualityBar.objects.create(
        task=task, number=latest.number + 1 if latest else 1, created_by=user
    )
    Criterion.objects.bulk_create(
        Criterion(bar=bar, position=position, **_criterion_fields(criterion))
        for position, criterion in enumerate(criteria)
    )
    record(team=task.team, user=user, action="quality bar written", subject=f"{task.name} {bar}")
    mark_older_verdicts(task=task, bar=bar)
    return bar


@transaction.atomic
def save_scorers(*, task: Task, scorers: Sequence[ScorerSpec], user: User | None) -> ScorerSet:
    """Return the task's latest scorers if they say the same, else write the next version."""
    definitions = [
        {"name": s.name, "options": dict(s.options), "extract": s.extract} for s in scorers
    ]
    latest = task.scorer_sets.order_by("-number").first()
    if latest and latest.definitions == definitions:
        return latest
    number = (task.scorer_sets.aggregate(Max("number"))["number__max"] or 0) + 1
    scorer_set = ScorerSet.objects.create(task=task, number=number, definitions=definitions)
    record(team=task.team, user=user, action="scorers written", subject=f"{task.name} v{number}")
    return scorer_set


def _check_name_is_free(team: Team, name: str, *, but_for: Task | None = None) -> None:
    Team.objects.select_for_update().get(pk=team.pk)  # two requests may not take one name
    same = Task.objects.filter(team=team, name__iexact=name).first()
    if same and same != but_for:
        raise InputError(
            Problem(message=f"there is a task {name!r} already, expected another name")
        )


def _facts(spec: TaskSpec) -> dict[str, object]:
    return {
        "description": spec.description,
        "is_interactive": spec.interactive,
        "monthly_volume": spec.monthly_volume,
        "failure_cost_usd": spec.failure_cost_usd,
    }


def _criterion_fields(criterion: CriterionSpec) -> dict[str, object]:
    return {
        "metric": criterion.metric,
        "comparator": criterion.comparator.value,
        "threshold": criterion.threshold,
        "slice": None if criterion.slice is None else dict(criterion.slice),
        "alpha": criterion.alpha,
        "is_advisory": criterion.advisory,
    }


def _row_fields(row: Criterion) -> dict[str, object]:
    return {
        "metric": row.metric,
        "comparator": row.comparator,
        "threshold": row.threshold,
        "slice": row.slice,
        "alpha": row.alpha,
        "is_advisory": row.is_advisory,
    }
