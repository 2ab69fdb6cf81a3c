"""One line for every change."""

from typing import Any

from evals.models import AuditEntry, Evaluation, Team, User


def record(
    *, team: Team, user: User | None, action: str, subject: str, **details: Any
) -> AuditEntry:
    """Write who did what to which thing; call it inside the transaction of the change."""
    return AuditEntry.objects.create(
        team=team, user=user, action=action, subject=subject[:300], details=details
    )


def record_evaluation(
    evaluation: Evaluation, *, action: str, user: User | None, **details: Any
) -> None:
    """Write who did what to an evaluation."""
    task = evaluation.task
    subject = f"{task.name} {evaluation.number}"
    record(team=task.team, user=user, action=action, subject=subject, **details)
