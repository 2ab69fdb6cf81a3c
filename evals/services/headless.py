"""Carrying out an evaluation in this very process, for the command line."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.utils import timezone

from evals.models import Evaluation, Run, Shard
from evals.models.evaluations import RunState, ShardState
from evals.queries.facts import Counted, count_runs
from evals.queries.specs import frozen_spec
from evals.services.evaluations import resume_evaluation
from evals.services.execution import work_on_run
from evals.services.verdicts import close_evaluation

LOOK_SECONDS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an evaluation is. `spent_usd` None: no price or usage is known."""

    planned: int
    done: int
    errors: int
    spent_usd: Decimal | None
    estimated: bool


def carry_out(evaluation: Evaluation, *, show: Callable[[Progress], None]) -> Evaluation:
    """Do all that is left of the evaluation and return it as it stands then.

    What an earlier command left leased is taken over: the caller holds the home, so whoever held
    it is dead. `show` is called a few times a second.
    """
    _take_over(evaluation)
    resume_evaluation(evaluation=evaluation, user=None)
    ending = threading.Event()
    run_ids = list(evaluation.runs.values_list("pk", flat=True))
    with ThreadPoolExecutor(len(run_ids)) as workers:
        futures = [workers.submit(_work, run_id, ending) for run_id in run_ids]
        try:
            _watch(evaluation, futures, show)
        except BaseException:
            ending.set()
            raise
    close_evaluation(evaluation_id=evaluation.pk, now=timezone.now())
    show(progress(evaluation))
    evaluation.refresh_from_db(fields=["state", "finished_at"])
    return evaluation


def progress(evaluation: Evaluation) -> Progress:
    """Return how far the evaluation is, from what is stored."""
    spec = frozen_spec(evaluation)
    runs = list(evaluation.runs.all())
    counted = [*count_runs(evaluation, spec, runs).values()]
    counts = [c.facts.counts for c in counted]
    return Progress(
        planned=evaluation.sample_count * evaluation.epochs * len(runs),
        done=sum(c.judged + c.unscored for c in counts),
        errors=sum(c.model_error + c.unscored for c in counts),
        spent_usd=_spent(counted),
        estimated=any(c.facts.cost.estimated for c in counted),
    )


def _spent(counted: list[Counted]) -> Decimal | None:
    known = [c.facts.cost.total_usd for c in counted if c.facts.cost.known]
    return sum((usd for usd in known if usd is not None), Decimal(0)) if known else None


def _take_over(evaluation: Evaluation) -> None:
    held = Shard.objects.filter(run__evaluation=evaluation, state=ShardState.LEASED)
    held.update(state=ShardState.WAITING, holder="", lease_until=None)


def _work(run_id: int, ending: threading.Event) -> None:
    try:
        work_on_run(run_id, should_end=ending.is_set)
    finally:
        connection.close()


def _watch(
    evaluation: Evaluation, futures: list[Future[None]], show: Callable[[Progress], None]
) -> None:
    pending = set(futures)
    while pending:
        finished, pending = wait(pending, timeout=LOOK_SECONDS)
        for future in finished:
            future.result()
        show(progress(evaluation))


def paused_messages(evaluation: Evaluation) -> list[str]:
    """Return why runs are paused: a person in a browser would be asked; a command ends."""
    paused = Run.objects.filter(evaluation=evaluation, state=RunState.PAUSED)
    return [f"{run.candidate.name}: {run.message}" for run in paused.select_related("candidate")]

