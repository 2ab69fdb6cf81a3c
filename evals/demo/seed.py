"""The demo's task: real small open models against a simulated incumbent, evaluated for real."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from django.db import transaction

from evals.demo.simulated import COLUMNS as SIMULATED_COLUMNS
from evals.demo.simulated import LABS, simulated_tasks, unevaluated
from evals.demo.tickets import PROMPT_TEMPLATE, QUEUES, held_out_tickets
from evals.domain.evalsets import Mapping
from evals.domain.rows import Row, RowFile
from evals.domain.specs import (
    CandidateSpec,
    Comparator,
    CriterionSpec,
    EndpointKind,
    EndpointSpec,
    EvalSetSpec,
    HarnessSpec,
    ModelSpec,
    PlanSpec,
    PriceSpec,
    ScorerSpec,
    Spec,
    TaskSpec,
)
from evals.models import Evaluation, Task, Team
from evals.services.candidates import save_candidate
from evals.services.evalsets import Origin, create_version, eval_set_for
from evals.services.evaluations import Grounds, start_evaluation
from evals.services.tasks import create_task, save_bar, save_scorers, set_incumbent
from evals.services.teams import default_team

MODELS = Path(__file__).parent / "models"
HARNESS = HarnessSpec(prompt=PROMPT_TEMPLATE, max_tokens=8)
FILE = "support-tickets.csv"
COLUMNS = ("id", "text", "queue", "channel", "style")
SWITCH_DAYS = 3


def demo_spec() -> Spec:
    """Return the demo as the spec that it is."""
    return Spec(
        task=TaskSpec(
            name="Ticket triage",
            description="Route each support ticket to one of five queues.",
            interactive=True,
            monthly_volume=200_000,
            failure_cost_usd=Decimal("0.05"),
        ),
        eval_set=EvalSetSpec(file=FILE, input="text", target="queue", slices=("channel", "style")),
        scorers=(ScorerSpec(name="exact_match"),),
        bar=(
            CriterionSpec(metric="exact_match", comparator=Comparator.AT_LEAST, threshold=0.85),
            CriterionSpec(
                metric="latency_p95_seconds", comparator=Comparator.AT_MOST, threshold=2.0
            ),
            CriterionSpec(
                metric="cost_per_1k_usd",
                comparator=Comparator.AT_MOST,
                threshold=1.5,
                advisory=True,
            ),
        ),
        candidates=(
            _incumbent(),
            _router("ticket-router-1m", "ticket-router-1m.gguf"),
            _router("ticket-router-1m-early", "ticket-router-1m-early.gguf"),
        ),
        incumbent="closed-api",
        plan=PlanSpec(seed=7),
    )


@transaction.atomic
def seed_demo(*, now: datetime) -> Evaluation | None:
    """Store the demo and start its evaluations; None if it is there already.

    Returns:
        The evaluation of the task that real models answer; the other tasks are simulated.
    """
    spec, team = demo_spec(), default_team()
    if Task.objects.filter(team=team, name=spec.task.name).exists():
        return None
    evaluation = _seed(team, spec, RowFile(COLUMNS, _rows()), now=now, switch_days=SWITCH_DAYS)
    for task in simulated_tasks():
        rows = RowFile(SIMULATED_COLUMNS, task.rows)
        _seed(team, task.spec, rows, now=now, switch_days=task.switch_days)
    _seed_unevaluated(team, now=now)
    return evaluation


def _seed(
    team: Team, spec: Spec, rows: RowFile, *, now: datetime, switch_days: int | None
) -> Evaluation:
    task = create_task(team=team, spec=spec.task, user=None, switch_days=switch_days)
    candidates = [save_candidate(task=task, spec=c, user=None, now=now) for c in spec.candidates]
    set_incumbent(task=task, candidate=candidates[0], user=None)
    columns = spec.eval_set
    version = create_version(
        eval_set=eval_set_for(task=task, name="Synthetic support tickets"),
        rows=rows,
        mapping=Mapping(columns.input, columns.target, columns.slices),
        origin=Origin(name=FILE, user=None),
    )
    grounds = Grounds(
        version=version,
        bar=save_bar(task=task, criteria=spec.bar, user=None),
        scorer_set=save_scorers(task=task, scorers=spec.scorers, user=None),
        candidates=candidates,
    )
    return start_evaluation(spec=spec, grounds=grounds, user=None)


def _seed_unevaluated(team: Team, *, now: datetime) -> None:
    """Store a task of which little is known: no price, no bar, nothing evaluated."""
    facts, candidate = unevaluated()
    task = create_task(team=team, spec=facts, user=None)
    row = save_candidate(task=task, spec=candidate, user=None, now=now)
    set_incumbent(task=task, candidate=row, user=None)


def _rows() -> Iterator[Row]:
    for number, ticket in enumerate(held_out_tickets()):
        yield Row(number, None, asdict(ticket))


def _incumbent() -> CandidateSpec:
    """A stand-in: what a closed API might answer, cost and take. Simulated, and shown as such."""
    return CandidateSpec(
        name="closed-api",
        model=ModelSpec(id="closed-api-2026-06", open=False, lab=LABS["closed-api"]),
        endpoint=EndpointSpec(
            kind=EndpointKind.STAND_IN,
            concurrency=32,
            simulation={
                "accuracy": 0.97,
                "latency_seconds": 0.6,
                "latency_spread": 0.35,
                "seed": 7,
                "labels": list(QUEUES),
            },
        ),
        price=PriceSpec(input_usd_per_mtok=Decimal("2.5"), output_usd_per_mtok=Decimal(10)),
        harness=HARNESS,
    )


def _router(name: str, file: str) -> CandidateSpec:
    return CandidateSpec(
        name=name,
        model=ModelSpec(
            id=str(MODELS / file), open=True, lab="Viability demo", licence="Apache-2.0"
        ),
        endpoint=EndpointSpec(kind=EndpointKind.OPENVINO, concurrency=1),
        price=PriceSpec(gpu="2 vCPU", usd_per_hour=Decimal("0.08")),
        harness=HARNESS,
    )
