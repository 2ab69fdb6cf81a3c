"""What has changed since a team's verdicts: their frozen prices beside those of today."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from evals.models import EndpointPrice, Evaluation, Team, VerdictRow
from evals.queries import figures
from evals.queries.repricing import RepricedCost, costs_today
from evals.queries.standings import speaking

LISTED = 200  # the newest verdicts that are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """One verdict whose candidate costs something else today."""

    task_id: int
    task: str
    evaluation_id: int
    number: int
    run_id: int
    candidate: str
    is_incumbent: bool
    verdict: str
    is_stale: bool
    change: str
    source: str
    was_per_1k: str
    per_1k: str
    was_monthly: str
    monthly: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesPage:
    """The verdicts, of each task's latest answer or of all; `looked_at` counts verdicts."""

    rows: tuple[ChangeLine, ...]
    shows_all: bool
    looked_at: int
    is_cut: bool


def changes_page(team: Team, *, shows_all: bool, on: date) -> ChangesPage:
    """Return the verdicts whose price is another today, newest first, in five queries at most."""
    evaluations = Evaluation.objects.filter(task__team=team)
    if not shows_all:
        evaluations = evaluations.filter(
            pk__in=list(speaking(evaluations).values_list("pk", flat=True))
        )
    verdicts = list(_may_have_changed(evaluations)[: LISTED + 1])
    looked_at = verdicts[:LISTED]
    costs = costs_today(looked_at, on=on)
    return ChangesPage(
        rows=tuple(_line(v, costs[v.run_id]) for v in looked_at if v.run_id in costs),
        shows_all=shows_all,
        looked_at=len(looked_at),
        is_cut=len(verdicts) > LISTED,
    )


def _may_have_changed(evaluations: QuerySet[Evaluation]) -> QuerySet[VerdictRow]:
    """Return the verdicts whose candidate has a public price, or one of its endpoint's own."""
    said = EndpointPrice.objects.filter(
        endpoint=OuterRef("run__candidate__endpoint"), model=OuterRef("run__candidate__model")
    )
    rows = VerdictRow.objects.filter(run__evaluation__in=evaluations)
    rows = rows.filter(Q(run__candidate__price__has_key="catalogue") | Exists(said))
    parts = ("run__candidate", "run__evaluation__task")
    return rows.select_related(*parts).order_by("-run__evaluation", "run__position")


def _line(verdict: VerdictRow, cost: RepricedCost) -> ChangeLine:
    run = verdict.run
    return ChangeLine(
        task_id=run.evaluation.task_id,
        task=run.evaluation.task.name,
        evaluation_id=run.evaluation_id,
        number=run.evaluation.number,
        run_id=run.pk,
        candidate=run.candidate.name,
        is_incumbent=run.is_incumbent,
        verdict=verdict.state or "",
        is_stale=bool(verdict.stale_reason),
        change=cost.change,
        source=(cost.new.source if cost.new else None) or "",
        was_per_1k=figures.usd(cost.was_per_1k_usd),
        per_1k=figures.usd(cost.per_1k_usd),
        was_monthly=figures.usd(cost.was_monthly_usd),
        monthly=figures.usd(cost.monthly_usd),
    )
