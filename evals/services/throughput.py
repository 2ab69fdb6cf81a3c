"""Throughput tests: how one is asked for, ended by hand, and noticed when its worker is gone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from evals.domain.throughput import SweepPlan
from evals.models import Candidate, EvalSetVersion, ThroughputTest, User
from evals.models.prices import ThroughputState
from evals.queries.throughput import hardware_row, sweep_settings
from evals.queue import Job, enqueue
from evals.services.audit import record

OPEN = (ThroughputState.QUEUED, ThroughputState.RUNNING)
RING_AGAIN = timedelta(minutes=3)
LOST_AFTER = timedelta(minutes=2)  # a worker that measures says so every second


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a sweep is to do: its plan, the order of the questions, the hardware, the budget."""

    plan: SweepPlan
    seed: int = 0
    hardware_key: str = ""
    budget_usd: Decimal | None = None


@transaction.atomic
def start_test(
    *, candidate: Candidate, version: EvalSetVersion, wanted: Wanted, user: User | None
) -> ThroughputTest:
    """Write down what is to be measured; somebody else carries it out."""
    test = ThroughputTest.objects.create(
        candidate=candidate,
        version=version,
        settings=sweep_settings(
            wanted.plan,
            seed=wanted.seed,
            hardware_key=wanted.hardware_key,
            budget_usd=wanted.budget_usd,
        ),
        hardware=hardware_row(candidate.task.team_id, wanted.hardware_key),
        created_by=user,
    )
    record(
        team=candidate.task.team,
        user=user,
        action="throughput test started",
        subject=candidate.name,
        task=candidate.task.name,
        levels=list(wanted.plan.levels),
    )
    return test


@transaction.atomic
def ring_test(
    *, candidate: Candidate, version: EvalSetVersion, wanted: Wanted, user: User
) -> ThroughputTest:
    """Ask a worker of the candidate's pool to measure what its endpoint can do."""
    test = start_test(candidate=candidate, version=version, wanted=wanted, user=user)
    enqueue(Job.MEASURE_THROUGHPUT, test.pk, pool=candidate.endpoint.pool)
    return test


@transaction.atomic
def stop_test(*, test: ThroughputTest, user: User, now: datetime) -> bool:
    """End a test that goes on; what was measured stays. False where it has ended."""
    found = ThroughputTest.objects.select_for_update().get(pk=test.pk)
    if found.state not in OPEN:
        return False
    _end(found, f"stopped by {user}", now=now)
    candidate = test.candidate
    record(
        team=candidate.task.team,
        user=user,
        action="throughput test stopped",
        subject=candidate.name,
        task=candidate.task.name,
    )
    return True


@transaction.atomic
def ring_for_throughput(*, now: datetime) -> int:
    """Ring again for tests that no worker has heard of, and end those whose worker is gone.

    Returns how many were rung for. Levels that were measured are kept.
    """
    tests = ThroughputTest.objects.filter(state__in=OPEN).select_related("candidate__endpoint")
    rung = 0
    for test in tests.select_for_update(of=("self",), skip_locked=True):
        if test.state == ThroughputState.QUEUED:
            rung += _ring_again(test, now=now)
        elif _heard_at(test) < now - LOST_AFTER:
            _end(test, "the worker that measured it is gone", now=now)
    return rung


def _ring_again(test: ThroughputTest, *, now: datetime) -> int:
    rung = test.settings.get("rung_at")
    if (datetime.fromisoformat(rung) if rung else test.created_at) > now - RING_AGAIN:
        return 0
    test.settings["rung_at"] = now.isoformat()
    test.save(update_fields=["settings"])
    enqueue(Job.MEASURE_THROUGHPUT, test.pk, pool=test.candidate.endpoint.pool)
    return 1


def _heard_at(test: ThroughputTest) -> datetime:
    heard = test.settings.get("heard_at")
    return datetime.fromisoformat(heard) if heard else test.created_at


def _end(test: ThroughputTest, message: str, *, now: datetime) -> None:
    test.state = ThroughputState.COMPLETED if test.levels else ThroughputState.FAILED
    test.message, test.finished_at = message, now
    test.save(update_fields=["state", "message", "finished_at"])
