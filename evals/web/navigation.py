"""What the frame around every page shows."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from evals.models import Team
from evals.models.evaluations import LIVE
from evals.queries import access

SECTIONS = {
    "task": "tasks",
    "evaluation": "evaluations",
    "cascade": "evaluations",
    "run": "evaluations",
    "trial": "evaluations",
    "version": "tasks",
    "compare": "compare",
    "view": "compare",
    "upload": "tasks",
    "bar": "tasks",
    "candidate": "candidates",
    "connection": "candidates",
    "throughput": "candidates",
    "endpoint": "endpoints",
    "model": "models",
    "hardware": "prices",
    "portfolio": "portfolio",
    "scenario": "scenarios",
    "report": "reports",
    "price": "prices",
    "review": "review",
    "worker": "workers",
    "team": "team",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Navigation:
    """The frame's values."""

    team_name: str
    teams: tuple[Team, ...]
    section: str
    task_count: int
    live_count: int
    user_email: str
    may_write: bool
    may_decide: bool


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Return the frame's values for a member's request, None for anybody else's.

    They are looked up when a template asks for them: a fragment has no frame.
    """
    team: Team | None = getattr(request, "team", None)
    return {"nav": SimpleLazyObject(lambda: _navigation(request, team)) if team else None}


def _navigation(request: HttpRequest, team: Team) -> Navigation:
    return Navigation(
        team_name=team.name,
        teams=tuple(m.team for m in request.memberships),  # type: ignore[attr-defined]
        section=_section(request),
        task_count=access.tasks_for(team).count(),
        live_count=access.evaluations_for(team).filter(state__in=LIVE).count(),
        user_email=str(request.user),
        may_write=access.may_write(request.membership),  # type: ignore[attr-defined]
        may_decide=access.may_decide(request.membership),  # type: ignore[attr-defined]
    )


def _section(request: HttpRequest) -> str:
    name = request.resolver_match.url_name if request.resolver_match else None
    stem = (name or "").partition("_")[0].removesuffix("s")
    return SECTIONS.get(stem, "")
