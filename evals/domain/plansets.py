"""A plan for rows that are in memory, as the command line has them."""

from collections.abc import Sequence

from evals.domain.evalsets import SampleRow
from evals.domain.evaluationplan import EvaluationPlan, Probes, plan_evaluation
from evals.domain.order import asked_count, asking_order
from evals.domain.planrows import planned_rows, probed_places, slice_key
from evals.domain.prompts import render
from evals.domain.specs import Spec


def planned_evaluation(
    spec: Spec, rows: Sequence[SampleRow], *, assumed: Sequence[float] = ()
) -> EvaluationPlan:
    """Return what an evaluation of these rows can resolve and takes."""
    clusters = [row.cluster for row in rows] if spec.eval_set.cluster is not None else ()
    order = asking_order(spec.plan, len(rows), clusters)
    asked = [rows[place] for place in order[: asked_count(len(rows), spec.plan)]]
    counts = planned_rows(
        ((row.slices, row.cluster, 1) for row in asked),
        total=len(rows),
        wanted={slice_key(line.slice) for line in spec.bar if line.slice is not None},
        has_clusters=spec.eval_set.cluster is not None,
    )
    probed = [rows[place] for place in probed_places(len(rows))]
    target = spec.eval_set.target
    prompts = {
        candidate.name: [
            render(candidate.harness.prompt, row.input, target=target) for row in probed
        ]
        for candidate in spec.candidates
    }
    return plan_evaluation(spec, rows=counts, probes=Probes(prompts=prompts), assumed=assumed)
