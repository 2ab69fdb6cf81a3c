"""Carrying out an evaluation in this very process, for the command line."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from evals.domain.specs import EndpointKind, Spec
from evals.models import Evaluation, Run
from evals.models.evaluations import RunState
from evals.queries.facts import Counted, count_runs
from evals.queries.specs import frozen_spec
from evals.queries.work import is_live
from evals.services.evaluations import take_over
from evals.services.execution import work_on_run
from evals.services.shards import free_dead_leases
from evals.services.verdicts import close_evaluation

LOOK_SECONDS = 0.25
IN_PROCESS = {EndpointKind.OPENVINO, EndpointKind.HF, EndpointKind.VLLM, EndpointKind.LM_EVAL}
COUNTING_SHARE = 0.1  # of the time at most goes into counting what is stored
HELD_SECONDS = 1.0  # between looks at a run that another process holds
MOST_LANES = 16  # each has five connections, and PostgreSQL's usual limit is 100 for everybody


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

    Runs that are paused go on, and what a killed command left leased is taken over at once.
    `show` is called a few times a second.
    """
    free_dead_leases()
    take_over(evaluation=evaluation)
    spec, runs = frozen_spec(evaluation), list(evaluation.runs.all())
    ending = threading.Event()
    lanes = _lanes(spec, runs)
    with ThreadPoolExecutor(min(len(lanes), MOST_LANES)) as workers:
        futures = [workers.submit(_work_through, lane, ending) for lane in lanes]
        try:
            _watch(futures, lambda: show(progress(evaluation, spec, runs)))
        except BaseException:
            ending.set()
            raise
    close_evaluation(evaluation_id=evaluation.pk, now=timezone.now())
    show(progress(evaluation, spec, runs))
    evaluation.refresh_from_db(fields=["state", "finished_at", "ledger"])
    return evaluation


def progress(evaluation: Evaluation, spec: Spec, runs: Sequence[Run]) -> Progress:
    """Return how far the evaluation is, from what is stored."""
    counted = list(count_runs(evaluation, spec, runs).values())
    counts = [c.facts.counts for c in counted]
    return Progress(
        planned=evaluation.sample_count * evaluation.epochs * len(runs),
        done=sum(c.judged + c.unscored for c in counts),
        errors=sum(c.model_error + c.unscored for c in counts),
        spent_usd=_spent(counted),
        estimated=any(c.facts.cost.estimated for c in counted),
    )


def paused_messages(evaluation: Evaluation) -> list[str]:
    """Return why runs are paused: a person in a browser would be asked; a command ends."""
    return _messages(evaluation.runs.filter(state=RunState.PAUSED))


def stopped_messages(evaluation: Evaluation) -> list[str]:
    """Return why the plan stopped runs before their last sample; a person needs no telling."""
    return _messages(evaluation.runs.filter(state=RunState.STOPPED).exclude(message=""))


def _messages(runs: QuerySet[Run]) -> list[str]:
    in_order = runs.select_related("candidate").order_by("position")
    return [f"{run.candidate.name}: {run.message}" for run in in_order]


def _spent(counted: Sequence[Counted]) -> Decimal | None:
    known = [c.facts.cost.total_usd for c in counted if c.facts.cost.known]
    return sum((usd for usd in known if usd is not None), Decimal(0)) if known else None


def _lanes(spec: Spec, runs: Sequence[Run]) -> list[list[int]]:
    """Return the runs that go on side by side; models in this process take turns.

    They would only share the same processor, and hold its memory all at once.
    """
    local = [run.pk for run in runs if spec.candidates[run.position].endpoint.kind in IN_PROCESS]
    alone = [[run.pk] for run in runs if run.pk not in local]
    return [*alone, local] if local else alone


def _work_through(run_ids: Sequence[int], ending: threading.Event) -> None:
    for run_id in run_ids:
        if not ending.is_set():
            _work(run_id, ending)


def _work(run_id: int, ending: threading.Event) -> None:
    """Work on a run until it has ended or is paused; another process may hold it for a while."""
    try:
        work_on_run(run_id, should_end=ending.is_set)
        while not ending.is_set() and is_live(run_id):
            ending.wait(HELD_SECONDS)
            work_on_run(run_id, should_end=ending.is_set)
    finally:
        connection.close()


def _watch(futures: Sequence[Future[None]], show: Callable[[], None]) -> None:
    pending, pause = set(futures), LOOK_SECONDS
    while pending:
        finished, pending = wait(pending, timeout=pause)
        for future in finished:
            future.result()
        started = time.monotonic()
        show()
        pause = max(LOOK_SECONDS, (time.monotonic() - started) / COUNTING_SHARE)
