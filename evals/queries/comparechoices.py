"""What may be compared: the runs of a team's evaluations, those of one set together."""

from dataclasses import dataclass

from evals.models import Run, Team
from evals.models.evaluations import RunState
from evals.queries.access import runs_for
from evals.queries.savedviews import ViewLink, view_links

MOST_RUNS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChoice:
    """One run that may be ticked."""

    pk: int
    name: str
    status: str
    is_chosen: bool
    is_incumbent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationChoice:
    """One evaluation with its runs; `url_query` compares all of them, "" for fewer than two."""

    pk: int
    task_name: str
    number: int
    grounds: str
    query: str
    runs: tuple[RunChoice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparePick:
    """The page where runs are picked. `problem` says why what was picked cannot be compared."""

    problem: str
    evaluations: tuple[EvaluationChoice, ...]
    saved_views: tuple[ViewLink, ...]


def compare_pick(team: Team, *, chosen: tuple[int, ...], problem: str, most: int) -> ComparePick:
    """Return the newest evaluations with their runs, in two queries."""
    runs = (
        runs_for(team)
        .exclude(state__in=[RunState.QUEUED, RunState.CANCELLED])
        .select_related("evaluation__task", "evaluation__version", "candidate")
        .defer("evaluation__spec", "evaluation__ledger")
        .order_by("-evaluation_id", "position")[:MOST_RUNS]
    )
    by_evaluation: dict[int, list[Run]] = {}
    for run in runs:
        by_evaluation.setdefault(run.evaluation_id, []).append(run)
    return ComparePick(
        problem=problem,
        evaluations=tuple(_choice(each, set(chosen), most) for each in by_evaluation.values()),
        saved_views=view_links(team, "compare"),
    )


def _choice(runs: list[Run], chosen: set[int], most: int) -> EvaluationChoice:
    evaluation = runs[0].evaluation
    ids = ",".join(str(run.pk) for run in runs[:most])
    return EvaluationChoice(
        pk=evaluation.pk,
        task_name=evaluation.task.name,
        number=evaluation.number,
        grounds=f"eval set v{evaluation.version.number}",
        query=f"?runs={ids}" if len(runs) > 1 else "",
        runs=tuple(
            RunChoice(
                pk=run.pk,
                name=run.candidate.name,
                status=run.state,
                is_chosen=run.pk in chosen,
                is_incumbent=run.is_incumbent,
            )
            for run in runs
        ),
    )
