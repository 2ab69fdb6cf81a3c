"""What a user may see: everything of their teams. What they may not see does not exist."""

from django.db.models import QuerySet

from evals.models import (
    Candidate,
    ConnectionTest,
    Endpoint,
    Evaluation,
    EvalSetVersion,
    Membership,
    Role,
    Run,
    Task,
    Team,
    Trial,
    Upload,
    User,
)

WRITERS = (Role.ADMIN, Role.EDITOR)


def memberships_of(user: User) -> QuerySet[Membership]:
    """Return the user's memberships with their teams, by the teams' names."""
    return Membership.objects.filter(user=user).select_related("team").order_by("team__name")


def may_write(membership: Membership) -> bool:
    """Return whether the member may change what the team owns."""
    return membership.role in WRITERS


def tasks_for(team: Team) -> QuerySet[Task]:
    return Task.objects.filter(team=team)


def versions_for(team: Team) -> QuerySet[EvalSetVersion]:
    return EvalSetVersion.objects.filter(eval_set__task__team=team)


def uploads_for(team: Team) -> QuerySet[Upload]:
    return Upload.objects.filter(team=team)


def candidates_for(team: Team) -> QuerySet[Candidate]:
    return Candidate.objects.filter(task__team=team)


def endpoints_for(team: Team) -> QuerySet[Endpoint]:
    return Endpoint.objects.filter(team=team)


def connection_tests_for(team: Team) -> QuerySet[ConnectionTest]:
    return ConnectionTest.objects.filter(candidate__task__team=team)


def evaluations_for(team: Team) -> QuerySet[Evaluation]:
    return Evaluation.objects.filter(task__team=team)


def runs_for(team: Team) -> QuerySet[Run]:
    return Run.objects.filter(evaluation__task__team=team)


def trials_for(team: Team) -> QuerySet[Trial]:
    return Trial.objects.filter(run__evaluation__task__team=team)
