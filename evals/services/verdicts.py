"""Closing an evaluation: verdicts with their grounds, written once."""

from datetime import datetime

from django.db import transaction

from evals.domain.specs import Spec
from evals.models import Evaluation, Run, Shard, VerdictRow
from evals.models.evaluations import FINAL, RunState, ShardState
from evals.queries.results import candidate_documents, plan_document
from evals.queries.specs import frozen_spec
from evals.services.shards import free_lost_leases
from evals.services.staleness import (
    model_reasons_at_the_end,
    price_reasons_at_the_end,
    reason_at_the_end,
)
from evals.services.trialpacks import ring_for_runs


@transaction.atomic
def close_evaluation(*, evaluation_id: int, now: datetime) -> Evaluation | None:
    """Write the verdicts once every run has ended and nothing is in flight any more.

    Returns:
        The evaluation if this call closed it, else None.
    """
    evaluation = (
        Evaluation.objects.select_for_update(of=("self",))
        .select_related("version", "bar", "scorer_set", "task")
        .get(pk=evaluation_id)
    )
    if evaluation.finished_at is not None or not _has_ended(evaluation, now=now):
        return None
    # A holder that lost its lease long ago may still be about: what it brings now comes too late.
    free_lost_leases(Shard.objects.filter(run__evaluation=evaluation, state=ShardState.LEASED))
    spec = frozen_spec(evaluation)
    runs = list(evaluation.runs.all())
    documents = candidate_documents(evaluation, spec)
    stale_reason = reason_at_the_end(evaluation)
    released = model_reasons_at_the_end(evaluation)
    repriced = price_reasons_at_the_end(evaluation, spec, on=now.date())
    VerdictRow.objects.bulk_create(
        VerdictRow(
            run=run,
            state=document["verdict"],
            grounds={"result": document, **_grounds(evaluation, spec)},
            computed_at=now,
            stale_reason=(document["verdict"] and (stale_reason or released.get(run.position)))
            or repriced.get(run.position, ""),
        )
        for run, document in zip(runs, documents, strict=True)
    )
    evaluation.state, evaluation.finished_at = _end_state(runs), now
    evaluation.save(update_fields=["state", "finished_at"])
    ring_for_runs(evaluation, runs)
    return evaluation


def _has_ended(evaluation: Evaluation, *, now: datetime) -> bool:
    open_runs = evaluation.runs.exclude(state__in=FINAL)
    in_flight = Shard.objects.filter(
        run__evaluation=evaluation, state=ShardState.LEASED, lease_until__gte=now
    )
    return not open_runs.exists() and not in_flight.exists()


def _end_state(runs: list[Run]) -> RunState:
    """Return completed if every run was, else the first other end."""
    others = [run.state for run in runs if run.state != RunState.COMPLETED]
    return RunState(others[0]) if others else RunState.COMPLETED


def _grounds(evaluation: Evaluation, spec: Spec) -> dict[str, object]:
    return {
        "plan": plan_document(spec.plan),
        "spec": evaluation.spec,
        "eval_set": {
            "number": evaluation.version.number,
            "sha256": evaluation.version.sha256,
            "samples": evaluation.version.sample_count,
        },
        "bar": evaluation.bar.number,
        "scorers": evaluation.scorer_set.number,
        "incumbent": spec.incumbent,
    }
