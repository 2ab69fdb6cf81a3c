"""One line for every change."""

from typing import Any

from evals.models import AuditEntry, Team, User


def record(*, team: Team, user: User | None, action: str, subject: str, **details: Any) -> None:
    """Write who did what to which thing; call it inside the transaction of the change."""
    AuditEntry.objects.create(
        team=team, user=user, action=action, subject=subject[:300], details=details
    )
