"""Specs and rows to plan with."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from evals.domain.evaluationplan import EvaluationPlan, Probes, plan_evaluation
from evals.domain.planning import Measured
from evals.domain.planrows import PlannedRows, RowGroup
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

PROMPT = "hello world " * 10  # 120 bytes
PRICE = PriceSpec(input_usd_per_mtok=Decimal(1), output_usd_per_mtok=Decimal(2))


def line(
    threshold: float = 0.85,
    comparator: Comparator = Comparator.AT_LEAST,
    metric: str = "exact_match",
    **more: Any,
) -> CriterionSpec:
    return CriterionSpec(metric=metric, comparator=comparator, threshold=threshold, **more)


def margin(threshold: float = 0.05, **more: Any) -> CriterionSpec:
    return line(threshold, Comparator.WITHIN, **more)


def candidate(
    name: str = "open",
    *,
    kind: EndpointKind = EndpointKind.OPENAI,
    price: PriceSpec | None = PRICE,
    **endpoint: Any,
) -> CandidateSpec:
    return CandidateSpec(
        name=name,
        model=ModelSpec(id=name, open=True),
        endpoint=EndpointSpec(kind=kind, **endpoint),
        harness=HarnessSpec(prompt="{{ text }}", max_tokens=16),
        price=price,
    )


def planned(
    *bar: CriterionSpec,
    samples: int = 180,
    candidates: Sequence[CandidateSpec] = (candidate(),),
    incumbent: str | None = None,
    rows: PlannedRows | None = None,
    cluster: str | None = None,
    assumed: Sequence[float] = (),
    measured: dict[str, Measured] | None = None,
    **plan: Any,
) -> EvaluationPlan:
    """Plan an evaluation of so many rows."""
    spec = Spec(
        task=TaskSpec(name="Colours"),
        eval_set=EvalSetSpec(input="text", target="label", cluster=cluster),
        scorers=(ScorerSpec(name="exact_match"), ScorerSpec(name="f1")),
        bar=bar or (line(),),
        candidates=tuple(candidates),
        incumbent=incumbent,
        plan=PlanSpec(**plan),
    )
    all_rows = PlannedRows(total=samples, asked=RowGroup(samples=samples), slices={})
    probes = Probes(
        prompts={each.name: [PROMPT] * 3 for each in candidates}, measured=measured or {}
    )
    return plan_evaluation(spec, rows=rows or all_rows, probes=probes, assumed=assumed)
