"""Factories: just enough rows for a test, through the real services wherever there is one."""

import itertools
from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from evals.domain.evalsets import Mapping
from evals.domain.order import shuffled_order
from evals.domain.rows import Row, RowFile
from evals.domain.specs import (
    CandidateSpec,
    Comparator,
    CriterionSpec,
    EndpointKind,
    EndpointSpec,
    HarnessSpec,
    ModelSpec,
    PlanSpec,
    PriceSpec,
    ScorerSpec,
    Spec,
    TaskSpec,
)
from evals.domain.throughput import SweepPlan
from evals.domain.trials import TrialState
from evals.models import (
    Candidate,
    EvalSetVersion,
    Evaluation,
    Membership,
    QualityBar,
    Role,
    Run,
    Sample,
    Shard,
    Task,
    Team,
    ThroughputTest,
    Trial,
    User,
)
from evals.models.evaluations import RunState, ShardState
from evals.queries.specs import candidate_specs, eval_set_spec, task_spec
from evals.services import candidates as candidate_services
from evals.services import tasks as task_services
from evals.services import throughput as throughput_services
from evals.services.candidates import NOTHING_MORE, ServedBy
from evals.services.evalsets import Origin, create_version, eval_set_for
from evals.services.evaluations import Grounds, start_evaluation
from evals.services.verdicts import close_evaluation

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
PASSWORD = "a long enough password"  # noqa: S105
SCORERS = (ScorerSpec(name="exact_match"),)
BAR = (
    CriterionSpec(metric="exact_match", comparator=Comparator.AT_LEAST, threshold=0.6),
    # Advisory: a p95 takes 59 samples to settle, and tests have fewer.
    CriterionSpec(
        metric="latency_p95_seconds", comparator=Comparator.AT_MOST, threshold=2.0, advisory=True
    ),
)
TOKEN_PRICE = PriceSpec(input_usd_per_mtok=Decimal("2.5"), output_usd_per_mtok=Decimal(10))
QUEUES = ("billing", "refunds", "technical", "account", "other")
CHANNELS = ("phone", "mail")
_numbers = itertools.count(1)


def team(name: str = "Support platform") -> Team:
    return Team.objects.create(name=name, slug=f"team-{next(_numbers)}")


def member(of: Team | None = None, *, role: Role = Role.EDITOR, email: str | None = None) -> User:
    """Make a user with a membership; `of` None: in a team of their own."""
    email = email or f"member{next(_numbers)}@example.com"
    user = User.objects.create_user(email, PASSWORD)
    Membership.objects.create(team=of or team(), user=user, role=role)
    return user


def team_of(user: User) -> Team:
    return Membership.objects.get(user=user).team


def task(of: Team | None = None, *, name: str | None = None, **facts: Any) -> Task:
    spec = TaskSpec(
        name=name or f"Task {next(_numbers)}",
        **{"monthly_volume": 200_000, "interactive": True, **facts},
    )
    return task_services.create_task(team=of or team(), spec=spec, user=None)


def version(of: Task, *, samples: int = 10, slices: Sequence[str] = ("channel",)) -> EvalSetVersion:
    """Make a version with the columns text, queue and channel."""
    return create_version(
        eval_set=eval_set_for(task=of, name="tickets"),
        rows=RowFile(("text", "queue", "channel"), iter([_row(n) for n in range(samples)])),
        mapping=Mapping("text", "queue", tuple(slices)),
        origin=Origin(name="tickets.csv", user=None),
    )


def _row(number: int) -> Row:
    cells = {
        "text": f"ticket number {number} says <b>hello</b>",
        "queue": QUEUES[number % len(QUEUES)],
        "channel": CHANNELS[number % len(CHANNELS)],
    }
    return Row(number, number + 2, dict(cells))


def candidate_spec(
    name: str = "open-model",
    *,
    is_open: bool = True,
    kind: EndpointKind = EndpointKind.OPENAI,
    price: PriceSpec | None = TOKEN_PRICE,
    **endpoint: Any,
) -> CandidateSpec:
    if kind is EndpointKind.OPENAI:
        endpoint = {"base_url": "https://api.example.com/v1", **endpoint}
    return CandidateSpec(
        name=name,
        model=ModelSpec(id=f"lab/{name}", open=is_open, licence="Apache-2.0" if is_open else None),
        endpoint=EndpointSpec(kind=kind, **endpoint),
        harness=HarnessSpec(prompt="{{ text }}\nQueue:", system="You sort tickets."),
        price=price,
    )


def incumbent_spec(name: str = "gpt-x") -> CandidateSpec:
    """Return a closed candidate whose answers are simulated."""
    return candidate_spec(name, is_open=False, kind=EndpointKind.STAND_IN)


def candidate(
    of: Task,
    spec: CandidateSpec | None = None,
    *,
    served_by: ServedBy = NOTHING_MORE,
    **options: Any,
) -> Candidate:
    spec = spec or candidate_spec(**options)
    return candidate_services.save_candidate(
        task=of, spec=spec, user=None, now=NOON, served_by=served_by
    )


def throughput_test(of: Candidate, version: EvalSetVersion, **fields: Any) -> ThroughputTest:
    """Make a throughput test that nobody has rung for; `fields` are of the row."""
    test = throughput_services.start_test(
        candidate=of,
        version=version,
        wanted=throughput_services.Wanted(plan=SweepPlan()),
        user=None,
    )
    for name, value in fields.items():
        setattr(test, name, value)
    test.save()
    return test


def level(concurrency: int, **figures: Any) -> dict[str, Any]:
    """Return a level of a throughput test as it is stored."""
    usual = {
        "requests": 100,
        "failed": 0,
        "seconds": 10.0,
        "tasks_per_hour": 36_000.0,
        "input_tokens_per_second": 420.0,
        "output_tokens_per_second": 30.0,
        "p50_seconds": 0.1,
        "p95_seconds": 0.2,
        "p99_seconds": 0.3,
        "p95_low_seconds": 0.18,
        "p95_high_seconds": 0.25,
        "ttft_p50_seconds": None,
        "ttft_p95_seconds": None,
        "tpot_p50_seconds": None,
        "is_within_bar": True,
        "throttled": 0,
    }
    return {"concurrency": concurrency, **usual, **figures}


def bar(of: Task, criteria: Sequence[CriterionSpec] = BAR) -> QualityBar:
    return task_services.save_bar(task=of, criteria=criteria, user=None)


def live_evaluation(
    of: Task | None = None,
    *,
    samples: int = 20,
    candidates: Sequence[CandidateSpec] | None = None,
    criteria: Sequence[CriterionSpec] = BAR,
    scorers: Sequence[ScorerSpec] = SCORERS,
    plan: PlanSpec = PlanSpec(),  # noqa: B008 - frozen
    served_by: ServedBy = NOTHING_MORE,
) -> Evaluation:
    """Start an evaluation; the first candidate that is closed is the incumbent."""
    of = of or task()
    specs = (incumbent_spec(), candidate_spec()) if candidates is None else candidates
    rows = [candidate(of, spec, served_by=served_by) for spec in specs]
    incumbent = next((row for row in rows if not row.model.is_open), None)
    task_services.set_incumbent(task=of, candidate=incumbent, user=None)
    grounds = Grounds(
        version=of_version(of, samples),
        bar=bar(of, criteria),
        scorer_set=task_services.save_scorers(task=of, scorers=scorers, user=None),
        candidates=rows,
    )
    spec = Spec(
        task=task_spec(of),
        eval_set=eval_set_spec(grounds.version),
        scorers=tuple(scorers),
        bar=tuple(criteria),
        candidates=candidate_specs(rows),
        incumbent=incumbent.name if incumbent else None,
        plan=plan,
    )
    return start_evaluation(spec=spec, grounds=grounds, user=None)


def of_version(of: Task, samples: int) -> EvalSetVersion:
    """Return the task's latest version if it has that many samples, else a new one."""
    latest = EvalSetVersion.objects.filter(eval_set__task=of).order_by("-number").first()
    return latest if latest and latest.sample_count == samples else version(of, samples=samples)


def evaluation(
    of: Task | None = None, *, right: MappingType[str, int] | None = None, **options: Any
) -> Evaluation:
    """Make a finished evaluation; `right` says how many answers of each candidate are right.

    All others of a candidate are wrong; without `right` every answer is right.
    """
    made = live_evaluation(of, **options)
    for run in made.runs.select_related("candidate"):
        answer(run, right=(right or {}).get(run.candidate.name))
        complete(run)
    return finish(made)


def answer(
    run: Run, *, right: int | None = None, asked: int | None = None, **fields: Any
) -> list[Trial]:
    """Store trials for the first `asked` places of the run, the first `right` of them right."""
    size = run.evaluation.version.sample_count
    order = shuffled_order(size, seed=0)[: run.evaluation.sample_count if asked is None else asked]
    samples = {s.position: s for s in Sample.objects.of(run.evaluation.version_id)}
    right = len(order) if right is None else right
    return Trial.objects.bulk_create(
        _trial(run, samples[position], place=place, is_right=place < right, **fields)
        for place, position in enumerate(order)
    )


def _trial(run: Run, sample: Sample, *, place: int, is_right: bool, **fields: Any) -> Trial:
    output = sample.target if is_right else "no idea"
    facts = {
        "epoch": 0,
        "state": TrialState.OK.value,
        "output": output,
        "answer": output,
        "scores": {"exact_match": float(is_right)},
        "input_tokens": 100,
        "output_tokens": 2,
        "latency_seconds": 0.25 + place / 1000,
        "finish_reason": "stop",
    }
    return Trial(run=run, sample=sample, place=place, **{**facts, **fields})


def complete(run: Run) -> None:
    """Mark the run and its shards as done."""
    Shard.objects.filter(run=run).update(state=ShardState.DONE)
    Run.objects.filter(pk=run.pk).update(
        state=RunState.COMPLETED, started_at=NOON, finished_at=NOON
    )


def finish(evaluation: Evaluation, *, now: datetime | None = None) -> Evaluation:
    """Close the evaluation, whose runs have all ended, with its verdicts; by default just now.

    Verdicts of long ago have expired.
    """
    closed = close_evaluation(evaluation_id=evaluation.pk, now=now or timezone.now())
    assert closed is not None
    return closed
