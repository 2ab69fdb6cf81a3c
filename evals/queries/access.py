"""What a user may see: everything of their teams. What they may not see does not exist."""

from django.db.models import QuerySet

from evals.models import (
    Candidate,
    ConnectionTest,
    Endpoint,
    EvalSetVersion,
    Evaluation,
    Membership,
    Role,
    Run,
    Task,
    Team,
    ThroughputTest,
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
    """Return the team's tasks."""
    return Task.objects.filter(team=team)


def versions_for(team: Team) -> QuerySet[EvalSetVersion]:
    """Return the team's eval-set versions."""
    return EvalSetVersion.objects.filter(eval_set__task__team=team)


def uploads_for(team: Team) -> QuerySet[Upload]:
    """Return the team's files that are not yet a version."""
    return Upload.objects.filter(team=team)


def candidates_for(team: Team) -> QuerySet[Candidate]:
    """Return the team's candidates, archived ones too."""
    return Candidate.objects.filter(task__team=team)


def endpoints_for(team: Team) -> QuerySet[Endpoint]:
    """Return the team's endpoints."""
    return Endpoint.objects.filter(team=team)


def connection_tests_for(team: Team) -> QuerySet[ConnectionTest]:
    """Return the tests of the team's candidates."""
    return ConnectionTest.objects.filter(candidate__task__team=team)


def throughput_tests_for(team: Team) -> QuerySet[ThroughputTest]:
    """Return the measurements of the team's endpoints."""
    return ThroughputTest.objects.filter(candidate__task__team=team)


def evaluations_for(team: Team) -> QuerySet[Evaluation]:
    """Return the team's evaluations."""
    return Evaluation.objects.filter(task__team=team)


def runs_for(team: Team) -> QuerySet[Run]:
    """Return the team's runs."""
    return Run.objects.filter(evaluation__task__team=team)


def trials_for(team: Team) -> QuerySet[Trial]:
    """Return the team's trials."""
    return Trial.objects.filter(run__evaluation__task__team=team)
