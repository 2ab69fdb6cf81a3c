"""Asking again what failed, and nothing else."""

from collections.abc import Collection
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from evals.domain.trials import TrialState
from evals.models import Evaluation, Run, Shard, Trial, User
from evals.models.evaluations import LIVE, RunState, ShardState
from evals.queries.specs import frozen_spec
from evals.services.audit import record_evaluation
from evals.services.evaluations import Grounds, ring, start_evaluation

FAILED = (TrialState.INFRA_ERROR, TrialState.SCORER_ERROR, TrialState.MODEL_ERROR)
REOPENED = (*LIVE, RunState.PAUSED, RunState.COMPLETED)  # a stopped run was stopped for a reason
COPIED = (
    *("sample_id", "place", "epoch", "state", "output", "answer", "scores", "details"),
    *("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens", "reasoning_tokens"),
    *("latency_seconds", "ttft_seconds", "finish_reason", "error", "prompt_hash"),
)


@transaction.atomic
def retry_failed(
    *,
    evaluation: Evaluation,
    states: Collection[TrialState],
    user: User | None,
    now: datetime,
) -> Evaluation | None:
    """Ask again the trials that ended in one of the states, and ring for the workers.

    Returns:
        The evaluation that they are asked in: this one, or another where this one has its
        verdicts already. None if nothing failed so.
    """
    live = Evaluation.objects.select_for_update(of=("self",)).get(pk=evaluation.pk)
    if live.finished_at is not None:
        return begin_again(evaluation=evaluation, states=states, user=user)
    runs = reopen_failed(evaluation=evaluation, states=states, user=user)
    ring(evaluation.runs.filter(pk__in=runs, state__in=LIVE), now=now)
    return evaluation if runs else None


@transaction.atomic
def reopen_failed(
    *, evaluation: Evaluation, states: Collection[TrialState], user: User | None
) -> list[int]:
    """Delete the failed trials of an evaluation that is not closed, and open their shards again.

    A shard that a worker holds is left alone: it counts what it has still to store.

    Returns:
        The runs that have something to ask again.
    """
    Evaluation.objects.select_for_update(of=("self",)).get(pk=evaluation.pk)
    runs = evaluation.runs.filter(state__in=REOPENED).select_for_update(no_key=True)
    shards = _failed_shards([run.pk for run in runs], states)
    here = Shard.objects.filter(
        pk__in=list(shards),
        run=OuterRef("run"),
        start__lte=OuterRef("place"),
        stop__gt=OuterRef("place"),
    )
    gone, _ = Trial.objects.filter(Exists(here), state__in=states).delete()
    reopened = list(set(shards.values()))
    Shard.objects.filter(pk__in=list(shards)).update(state=ShardState.WAITING)
    Run.objects.filter(pk__in=reopened, state=RunState.COMPLETED).update(
        state=RunState.QUEUED, finished_at=None, message="", settled_after=None
    )
    if gone:
        record_evaluation(evaluation, action="failed trials asked again", user=user, trials=gone)
    return reopened


def _failed_shards(run_ids: Collection[int], states: Collection[TrialState]) -> dict[int, int]:
    """Lock and return the shards nobody holds that have failed trials, each with its run."""
    failed = Trial.objects.filter(
        run=OuterRef("run"),
        place__gte=OuterRef("start"),
        place__lt=OuterRef("stop"),
        state__in=states,
    )
    free = Shard.objects.filter(Exists(failed), run__in=run_ids).exclude(state=ShardState.LEASED)
    return dict(free.select_for_update(of=("self",)).values_list("pk", "run_id"))


@transaction.atomic
def begin_again(
    *,
    evaluation: Evaluation,
    states: Collection[TrialState],
    user: User | None,
    identity: str | None = None,
) -> Evaluation | None:
    """Start another evaluation of the same frozen spec, with every answer that did not fail.

    The verdicts of the first one stay as they are. With an `identity` it is taken over from the
    first one, and the command that gives it drives the new one.

    Returns:
        The new evaluation, or the one that does this already; None if nothing failed so.
    """
    first = Evaluation.objects.select_for_update(of=("self",)).get(pk=evaluation.pk)
    if going_on := _going_on(first):
        return going_on
    if not Trial.objects.filter(run__evaluation=first, state__in=states).exists():
        return None
    if identity is not None:
        give_up_identity(evaluation=first)
    made = start_evaluation(
        spec=frozen_spec(first), grounds=same_grounds(first), user=user, identity=identity
    )
    carry_over(first, made, states)
    finish_whole_shards(made)
    record_evaluation(made, action="failed trials asked again", user=user, extends=first.number)
    return made


def _going_on(first: Evaluation) -> Evaluation | None:
    """Return the live evaluation that asks the same again; one of more samples is another thing."""
    plan = frozen_spec(first).plan
    live = Evaluation.objects.filter(extends=first, finished_at__isnull=True)
    return next((each for each in live if frozen_spec(each).plan == plan), None)


def give_up_identity(*, evaluation: Evaluation) -> None:
    """Let another evaluation be the one that a command with the same spec finds."""
    identity = evaluation.identity
    Evaluation.objects.filter(pk=evaluation.pk).update(identity=None)
    record_evaluation(evaluation, action="identity given up", user=None, identity=identity)


def same_grounds(first: Evaluation) -> Grounds:
    """Return the rows that another evaluation of the same spec rests on."""
    runs = first.runs.select_related("candidate").order_by("position")
    return Grounds(
        version=first.version,
        bar=first.bar,
        scorer_set=first.scorer_set,
        candidates=[run.candidate for run in runs],
        reuse_answers=first.reuse_answers,
        extends=first,
    )


def carry_over(first: Evaluation, made: Evaluation, states: Collection[TrialState]) -> None:
    """Copy every trial that did not end in one of the states; order and scorers are the same."""
    columns = ", ".join(COPIED)
    old = ", ".join(f"t.{column}" for column in COPIED)
    statement = (
        f"INSERT INTO evals_trial (run_id, attempts, is_reused, created_at, {columns}) "  # noqa: S608
        f"SELECT new.id, 0, true, now(), {old} FROM evals_trial t "
        "JOIN evals_run old ON old.id = t.run_id "
        "JOIN evals_run new ON new.evaluation_id = %s AND new.position = old.position "
        "WHERE old.evaluation_id = %s AND t.state <> ALL(%s)"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [made.pk, first.pk, [state.value for state in states]])
    tested = first.runs.filter(is_smoke_tested=True).values("position")
    made.runs.filter(position__in=tested).update(is_smoke_tested=True)  # whoever went on knows


def finish_whole_shards(made: Evaluation) -> None:
    """Mark the shards that lack nothing as done, so that no worker has to look at them."""
    statement = (
        "UPDATE evals_shard s SET state = 'done' FROM evals_run r "
        "WHERE r.id = s.run_id AND r.evaluation_id = %s AND (s.stop - s.start) * %s = "
        "(SELECT count(*) FROM evals_trial t WHERE t.run_id = s.run_id "
        "AND t.place >= s.start AND t.place < s.stop)"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [made.pk, made.epochs])
