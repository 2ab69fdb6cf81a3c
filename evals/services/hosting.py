"""A team's plans for serving candidates itself: one for each candidate."""

from django.db import transaction

from evals.domain.hostingplans import HostingFigures, written_hosting
from evals.models import Candidate, HostingPlan, User
from evals.services.audit import record


@transaction.atomic
def save_hosting(*, candidate: Candidate, plan: HostingFigures, user: User | None) -> HostingPlan:
    """Keep how the candidate would be hosted, in the place of what was planned before."""
    figures = written_hosting(plan)
    before = HostingPlan.objects.select_for_update().filter(candidate=candidate).first()
    if before and before.figures == figures:
        return before
    row, _ = HostingPlan.objects.update_or_create(
        candidate=candidate, defaults={"figures": figures, "updated_by": user}
    )
    record(
        team=candidate.task.team,
        user=user,
        action="hosting planned",
        subject=candidate.name,
        **figures,
    )
    return row


@transaction.atomic
def remove_hosting(*, candidate: Candidate, user: User | None) -> None:
    """Drop the candidate's hosting plan; the audit log keeps its figures."""
    row = HostingPlan.objects.filter(candidate=candidate).first()
    if row is None:
        return
    record(
        team=candidate.task.team,
        user=user,
        action="hosting plan removed",
        subject=candidate.name,
        **row.figures,
    )
    row.delete()
