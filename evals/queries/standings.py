"""Which evaluation speaks for a task, and what it says: shared by the portfolio and the lists."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Case, F, IntegerField, QuerySet, Sum, Value, When
from django.db.models.fields.json import KT

from evals.domain.specs import EndpointKind
from evals.domain.verdicts import Standing, Verdict, overall
from evals.models import Evaluation, Run, Shard, Team, VerdictRow
from evals.models.evaluations import LIVE, RunState, ShardState
from evals.queries import figures
from evals.queries.expiries import has_expired, retirements_for

STORED = ("ok", "no_answer", "model_error", "infra_error", "scorer_error")
FINISHING = "finishing"  # all is answered, the verdicts are being written


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictCell:
    """One candidate's verdict in a grid or a list."""

    candidate: str
    run_id: int
    evaluation_id: int
    verdict: str
    value: str
    is_open: bool
    is_incumbent: bool
    is_simulated: bool
    is_stale: bool
    is_expired: bool

    @property
    def still_holds(self) -> bool:
        """Whether the verdict answers anything today."""
        return not (self.is_stale or self.is_expired)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveEvaluation:
    """An evaluation that has not ended, and how far it is."""

    pk: int
    task_id: int
    task_name: str
    number: int
    status: str
    done: int
    total: int
    label: str
    started: str


def speaking(evaluations: QuerySet[Evaluation]) -> QuerySet[Evaluation]:
    """Return for each task the evaluation that speaks for it.

    That is the latest that was completed; where none was, the latest that ended with verdicts.
    An evaluation that somebody stopped does not silence an earlier whole one.
    """
    whole = Case(
        When(state=RunState.COMPLETED, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    ended = evaluations.filter(finished_at__isnull=False).exclude(state=RunState.CANCELLED)
    return ended.order_by("task_id", whole, "-number").distinct("task_id")


def cells_of(
    team: Team, evaluation_ids: Iterable[int], *, today: date
) -> dict[int, list[VerdictCell]]:
    """Return the verdicts of each evaluation in the order of its spec, in two queries."""
    cells: dict[int, list[VerdictCell]] = defaultdict(list)
    found = (
        VerdictRow.objects.filter(run__evaluation_id__in=list(evaluation_ids))
        .annotate(
            value=KT("grounds__result__metrics__0__value"),
            priced=KT("grounds__result__cost__price__dated_on"),
            identifier=F("run__candidate__model__identifier"),
            evaluation_id=F("run__evaluation_id"),
            candidate=F("run__candidate__name"),
            is_open=F("run__candidate__model__is_open"),
            kind=F("run__candidate__endpoint__kind"),
            is_incumbent=F("run__is_incumbent"),
        )
        .order_by("run__position")
        .values(
            *("run_id", "evaluation_id", "state", "stale_reason", "value", "candidate"),
            *("is_open", "kind", "is_incumbent", "computed_at", "priced", "identifier"),
        )
    )
    rows = list(found)
    retirements = retirements_for(team, {row["identifier"] for row in rows})
    for row in rows:
        cells[row["evaluation_id"]].append(
            VerdictCell(
                candidate=row["candidate"],
                run_id=row["run_id"],
                evaluation_id=row["evaluation_id"],
                verdict=row["state"] or "",
                value=figures.rate(None if row["value"] is None else float(row["value"])),
                is_open=row["is_open"],
                is_incumbent=row["is_incumbent"],
                is_simulated=row["kind"] == EndpointKind.STAND_IN,
                is_stale=bool(row["stale_reason"]),
                is_expired=not row["is_incumbent"]
                and has_expired(
                    computed_on=row["computed_at"].date(),
                    priced=row["priced"],
                    retires_on=retirements.get(row["identifier"]),
                    today=today,
                ),
            )
        )
    return cells


def answer_of(cells: Iterable[VerdictCell]) -> Verdict:
    """Return the verdict on the whole question; one that is stale or too old does not answer it."""
    return overall(
        [
            Standing(
                is_open=cell.is_open,
                is_incumbent=cell.is_incumbent,
                verdict=Verdict(cell.verdict) if cell.verdict and cell.still_holds else None,
            )
            for cell in cells
        ]
    )


def live_evaluations(
    evaluations: QuerySet[Evaluation], *, now: datetime
) -> tuple[LiveEvaluation, ...]:
    """Return the evaluations that have not ended, newest first, in three queries."""
    rows = list(evaluations.filter(finished_at__isnull=True).select_related("task").order_by("-pk"))
    progress = progress_of(rows)
    return tuple(
        LiveEvaluation(
            pk=row.pk,
            task_id=row.task_id,
            task_name=row.task.name,
            number=row.number,
            status=progress[row.pk].status,
            done=progress[row.pk].done,
            total=progress[row.pk].total,
            label=progress[row.pk].label,
            started=figures.ago(row.created_at, now=now),
        )
        for row in rows
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationProgress:
    """How far an evaluation is: by its stored verdicts once it has them, else by its shards.

    Shards are cheap, and coarser than counting trials.
    """

    status: str
    done: int
    total: int

    @property
    def label(self) -> str:
        """The figures in words."""
        return f"{self.done:,} of {self.total:,}"


def progress_of(evaluations: Iterable[Evaluation]) -> dict[int, EvaluationProgress]:
    """Return how far each evaluation is, in two queries."""
    rows = list(evaluations)
    ids = [row.pk for row in rows]
    places = (
        Shard.objects.filter(run__evaluation__in=ids, state=ShardState.DONE)
        .values_list("run__evaluation")
        .annotate(done=Sum(F("stop") - F("start")))
        .order_by()
    )
    done: dict[int, int] = dict(places)
    states: dict[int, list[str]] = defaultdict(list)
    counts: dict[int, list[dict[str, int] | None]] = defaultdict(list)
    for evaluation_id, state, trials in Run.objects.filter(evaluation__in=ids).values_list(
        "evaluation_id", "state", "verdict__grounds__result__trials"
    ):
        states[evaluation_id].append(state)
        counts[evaluation_id].append(trials)
    return {
        row.pk: EvaluationProgress(
            status=status_word(row, states[row.pk]),
            done=_counted(counts[row.pk], by_shards=done.get(row.pk, 0) * row.epochs),
            total=row.sample_count * row.epochs * len(states[row.pk]),
        )
        for row in rows
    }


def _counted(runs: Iterable[dict[str, int] | None], *, by_shards: int) -> int:
    """Return the trials that the verdicts counted, as an evaluation's own page does."""
    found = list(runs)
    known = [trials for trials in found if trials is not None]
    if not known or len(known) < len(found):
        return by_shards
    return sum(trials[state] for trials in known for state in STORED)


def status_word(evaluation: Evaluation, run_states: Iterable[str]) -> str:
    """Return an evaluation's status in one word, from its own state and its runs'."""
    states = set(run_states)
    if evaluation.finished_at is not None:
        return evaluation.state
    if states & {*LIVE}:
        return "running" if RunState.RUNNING in states else "queued"
    if RunState.PAUSED in states:
        return "paused"
    return "stopping" if RunState.STOPPED in states else FINISHING
