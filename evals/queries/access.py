"""What a user may see: everything of their teams. What they may not see does not exist."""

from django.db.models import QuerySet

from evals.models import (
    AuditEntry,
    Candidate,
    CascadeReplay,
    ConnectionTest,
    Endpoint,
    EvalSetVersion,
    Evaluation,
    Membership,
    Report,
    Role,
    Run,
    Scenario,
    ShareLink,
    Task,
    Team,
    ThroughputTest,
    Trial,
    Upload,
    User,
    VersionComparison,
)

WRITERS = (Role.ADMIN, Role.EDITOR)
ASCENDING = (Role.VIEWER, Role.EDITOR, Role.ADMIN)


def memberships_of(user: User) -> QuerySet[Membership]:
    """Return the user's memberships with their teams, by the teams' names."""
    return Membership.objects.filter(user=user).select_related("team").order_by("team__name")


def may_write(membership: Membership) -> bool:
    """Return whether the member may change what the team owns."""
    return membership.role in WRITERS


def may_decide(membership: Membership) -> bool:
    """Return whether the member may sign for the team, and manage it."""
    return membership.role == Role.ADMIN


def roles_up_to(role: str) -> tuple[Role, ...]:
    """Return the roles that are not above this one, the lowest first."""
    return ASCENDING[: ASCENDING.index(Role(role)) + 1]


def tasks_for(team: Team) -> QuerySet[Task]:
    """Return the team's tasks."""
    return Task.objects.filter(team=team)


def versions_for(team: Team) -> QuerySet[EvalSetVersion]:
    """Return the team's eval-set versions."""
    return EvalSetVersion.objects.filter(eval_set__task__team=team)


def uploads_for(task: Task) -> QuerySet[Upload]:
    """Return the files that are on their way to become a version of the task's eval set."""
    return Upload.objects.filter(task=task)


def comparisons_for(team: Team) -> QuerySet[VersionComparison]:
    """Return the comparisons of the team's versions."""
    return VersionComparison.objects.filter(before__eval_set__task__team=team)


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


def cascades_for(team: Team) -> QuerySet[CascadeReplay]:
    """Return the replays of the team's evaluations."""
    return CascadeReplay.objects.filter(evaluation__task__team=team)


def scenarios_for(team: Team) -> QuerySet[Scenario]:
    """Return the shocks that the team supposed itself."""
    return Scenario.objects.filter(team=team)


def deleted_scenarios_for(team: Team) -> QuerySet[AuditEntry]:
    """Return the audit lines of scenarios that were deleted; each holds what it takes to undo."""
    return AuditEntry.objects.filter(team=team, action="scenario deleted")


def reports_for(team: Team) -> QuerySet[Report]:
    """Return the team's decision records."""
    return Report.objects.filter(task__team=team)


def share_links_for(team: Team) -> QuerySet[ShareLink]:
    """Return the links that show the team's reports."""
    return ShareLink.objects.filter(report__task__team=team)
