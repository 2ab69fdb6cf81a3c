"""Lists of evaluations as documents."""

from datetime import datetime
from typing import Any

from evals.models import Task, Team
from evals.queries.evaluationlists import evaluations_page
from evals.queries.plaindocuments import plain


def evaluations_document(
    team: Team, *, task: Task | None, before: int | None, now: datetime
) -> dict[str, Any]:
    """Return a page of evaluations; `next` is None on the last one."""
    page = evaluations_page(team, task=task, before=before, now=now)
    following = page.rows[-1].pk if page.pager.next_url else None
    return {"evaluations": plain(page.rows), "next": following}
