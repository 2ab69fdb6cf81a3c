"""The demo's other tasks: all answers, prices and volumes are simulated, and shown as such.

They give the portfolio more than one line, and the scenarios tasks that survive and tasks that do
not. Only the tickets are shared with the task that real models answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from evals.demo.tickets import CHANNELS, STYLES, held_out_tickets
from evals.domain.rows import Row
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

LABS = {"closed-api": "Simulated Lab A", "closed-rival": "Simulated Lab B"}
OPEN_LAB = "Simulated open lab"
HOSTED = PriceSpec(input_usd_per_mtok=Decimal("0.35"), output_usd_per_mtok=Decimal("0.40"))
LARGE = PriceSpec(input_usd_per_mtok=Decimal("0.90"), output_usd_per_mtok=Decimal("0.90"))
CLOSED = PriceSpec(input_usd_per_mtok=Decimal("2.5"), output_usd_per_mtok=Decimal(10))
ABOUT_MONEY = ("billing", "refunds")  # queues of those who ask about money


@dataclass(frozen=True, slots=True)
class _Play:
    """How a stand-in plays: its share of right answers, tokens read and written, wrong answers."""

    accuracy: float
    tokens: tuple[int, int]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedTask:
    """One task, and how many days it would take to move it; None is unknown."""

    spec: Spec
    switch_days: int | None

    @property
    def rows(self) -> Iterator[Row]:
        """The examples: tickets with one more column for the answer."""
        for number, ticket in enumerate(held_out_tickets(300)):
            answer = "yes" if ticket.queue in ABOUT_MONEY else "no"
            yield Row(number, None, {**ticket.row(), "money": answer})


COLUMNS = ("id", "text", "queue", "channel", "style", "money")


def simulated_tasks() -> tuple[SimulatedTask, ...]:
    """Return the tasks in the order in which they are made."""
    return (
        SimulatedTask(
            spec=_spec(
                TaskSpec(
                    name="Money questions",
                    description="Tell whether a customer asks for money back or about a bill.",
                    interactive=True,
                    monthly_volume=900_000,
                    failure_cost_usd=Decimal("0.02"),
                ),
                target="money",
                candidates=(
                    _candidate("closed-api", CLOSED, _Play(0.97, (1400, 20), ("yes", "no"))),
                    _candidate("open-8b-hosted", HOSTED, _Play(0.97, (1400, 20), ("yes", "no"))),
                    _candidate("open-70b-hosted", LARGE, _Play(0.98, (1400, 20), ("yes", "no"))),
                ),
            ),
            switch_days=0,
        ),
        SimulatedTask(
            spec=_spec(
                TaskSpec(
                    name="Customer tone",
                    description="Say how a customer writes, so that the reply fits.",
                    interactive=False,
                    monthly_volume=400_000,
                ),
                target="style",
                candidates=(
                    _candidate("closed-rival", CLOSED, _Play(0.95, (2600, 40), STYLES)),
                    _candidate("open-8b-hosted", HOSTED, _Play(0.80, (2600, 40), STYLES)),
                    _candidate("open-70b-hosted", LARGE, _Play(0.91, (2600, 40), STYLES)),
                ),
            ),
            switch_days=14,
        ),
        SimulatedTask(
            spec=_spec(
                TaskSpec(
                    name="Channel tagging",
                    description="Tell through which channel a ticket came in.",
                    interactive=False,
                    monthly_volume=300_000,
                ),
                target="channel",
                candidates=(
                    _candidate("closed-api", CLOSED, _Play(0.96, (900, 10), CHANNELS)),
                    _candidate("open-8b-hosted", HOSTED, _Play(0.96, (900, 10), CHANNELS)),
                ),
            ),
            switch_days=None,
        ),
    )


def unevaluated() -> tuple[TaskSpec, CandidateSpec]:
    """Return a task that nothing was evaluated for, and what it runs on, at an unknown price."""
    facts = TaskSpec(
        name="Complaint summaries",
        description="Sum up a complaint for the team lead.",
        interactive=False,
        monthly_volume=25_000,
    )
    return facts, replace(
        _candidate("closed-rival", CLOSED, _Play(0.95, (3000, 300), ())), price=None
    )


def _spec(task: TaskSpec, *, target: str, candidates: tuple[CandidateSpec, ...]) -> Spec:
    return Spec(
        task=task,
        eval_set=EvalSetSpec(file="support-tickets.csv", input="text", target=target),
        scorers=(ScorerSpec(name="exact_match"),),
        bar=(
            CriterionSpec(metric="exact_match", comparator=Comparator.AT_LEAST, threshold=0.9),
            CriterionSpec(metric="cost_per_1k_usd", comparator=Comparator.AT_MOST, threshold=2.5),
        ),
        candidates=candidates,
        incumbent=candidates[0].name,
        plan=PlanSpec(seed=7),
    )


def _candidate(name: str, price: PriceSpec, play: _Play) -> CandidateSpec:
    lab, (read, written) = LABS.get(name, OPEN_LAB), play.tokens
    return CandidateSpec(
        name=name,
        model=ModelSpec(id=f"{name}-2026-06", open=name not in LABS, lab=lab),
        endpoint=EndpointSpec(
            kind=EndpointKind.STAND_IN,
            concurrency=32,
            simulation={
                "accuracy": play.accuracy,
                "latency_seconds": 0.05,
                "latency_spread": 0.3,
                # Each draws its own errors.
                "seed": sum(map(ord, name)),
                "input_tokens": read,
                "output_tokens": written,
                "labels": list(play.labels),
            },
        ),
        price=price,
        harness=HarnessSpec(prompt="{{ text }}\nAnswer:", max_tokens=64),
    )
