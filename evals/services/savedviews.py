"""Saved views: a page's address with its filters, under a name for the whole team."""

from django.db import transaction

from evals.models import SavedView, Team, User
from evals.services.audit import record


@transaction.atomic
def save_view(*, team: Team, user: User, name: str, page: str, path: str) -> SavedView:
    """Keep an address under a name; the same name of the same page is replaced."""
    view, is_new = SavedView.objects.update_or_create(
        team=team, page=page, name=name, defaults={"path": path, "created_by": user}
    )
    action = "view saved" if is_new else "view replaced"
    record(team=team, user=user, action=action, subject=name, path=path)
    return view


@transaction.atomic
def delete_view(*, view: SavedView, user: User) -> None:
    """Forget a view; its address still works."""
    record(team=view.team, user=user, action="view deleted", subject=view.name, path=view.path)
    view.delete()
