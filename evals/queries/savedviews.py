"""Pages with their filters that a team keeps under a name."""

from dataclasses import dataclass

from evals.models import SavedView, Team


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewLink:
    """One saved view."""

    pk: int
    name: str
    url: str


def view_links(team: Team, page: str) -> tuple[ViewLink, ...]:
    """Return the team's views of one kind of page, by name, in one query."""
    views = SavedView.objects.filter(team=team, page=page).only("pk", "name", "path")
    return tuple(ViewLink(pk=view.pk, name=view.name, url=view.path) for view in views)
