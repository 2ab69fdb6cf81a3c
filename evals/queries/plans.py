"""What an evaluation would take and could resolve, from a version's rows and earlier runs."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import Avg, Count, Exists, Max, OuterRef

from evals.domain.evaluationplan import EvaluationPlan, Probes, plan_evaluation
from evals.domain.order import asked_count
from evals.domain.planning import Measured
from evals.domain.planrows import (
    PlannedRows,
    RowGroup,
    planned_rows,
    probed_places,
    slice_key,
)
from evals.domain.prompts import PromptError, render
from evals.domain.specs import CandidateSpec, Spec
from evals.domain.trials import TrialState
from evals.models import EndpointLimit, EvalSetVersion, Run, Sample, Trial
from evals.queries.slices import positions_asked

LIMITS = ("concurrency", "requests_per_minute", "tokens_per_minute")
MEASURED_PLACES = 50  # of the latest run: enough for a mean, and quick to read


def version_plan(spec: Spec, version: EvalSetVersion, candidates: dict[str, int]) -> EvaluationPlan:
    """Return what an evaluation of a version can resolve and takes, in at most five queries.

    Args:
        spec: The bar, the candidates and the plan that are chosen.
        version: Whose rows are asked about.
        candidates: The ids of the candidates' rows by their names.
    """
    probes = Probes(
        prompts=probed_prompts(version, spec.candidates),
        measured=measured_means(candidates) if candidates else {},
    )
    limited = as_limited(spec.candidates, candidates)
    return plan_evaluation(
        replace(spec, candidates=limited), rows=_rows(version, spec), probes=probes
    )


def as_limited(
    specs: Sequence[CandidateSpec], candidates: dict[str, int]
) -> tuple[CandidateSpec, ...]:
    """Return the candidates with the limits that were set on their endpoints' pages."""
    limits = {
        candidate: {name: value for name, value in zip(LIMITS, values, strict=True) if value}
        for candidate, *values in EndpointLimit.objects.filter(
            endpoint__candidates__in=candidates.values()
        ).values_list("endpoint__candidates", *LIMITS)
    }
    return tuple(
        replace(
            spec, endpoint=replace(spec.endpoint, **limits.get(candidates.get(spec.name, 0), {}))
        )
        for spec in specs
    )


def _rows(version: EvalSetVersion, spec: Spec) -> PlannedRows:
    """Return the counts of what is asked about; only slices and clusters need the rows."""
    total = version.sample_count
    count = asked_count(total, spec.plan)
    wanted = {slice_key(line.slice) for line in spec.bar if line.slice is not None}
    has_clusters = spec.eval_set.cluster is not None
    if not (wanted or has_clusters):
        return PlannedRows(total=total, asked=RowGroup(samples=count), slices={})
    return planned_rows(
        _alike(version, spec),
        total=total,
        wanted=wanted,
        has_clusters=has_clusters,
    )


def _alike(version: EvalSetVersion, spec: Spec) -> Iterator[tuple[dict[str, str], str | None, int]]:
    """Yield slices, cluster and how many of the rows that are asked about are alike in both."""
    rows = Sample.objects.of(version.pk)
    asked = positions_asked(version, spec.plan)
    if asked is not None:
        rows = rows.filter(position__in=asked)
    alike = rows.order_by().values("slices", "cluster").annotate(count=Count("pk"))
    yield from alike.values_list("slices", "cluster", "count").iterator()


def probed_prompts(
    version: EvalSetVersion, candidates: Sequence[CandidateSpec]
) -> dict[str, list[str]]:
    """Return the prompts of some samples by candidate, none where a prompt cannot be used."""
    places = probed_places(version.sample_count)
    inputs = list(Sample.objects.at(version.pk, places).values_list("input", flat=True))
    target = version.mapping["target"]
    return {candidate.name: _rendered(candidate, inputs, target) for candidate in candidates}


def _rendered(candidate: CandidateSpec, inputs: Sequence[dict[str, Any]], target: str) -> list[str]:
    try:
        return [render(candidate.harness.prompt, cells, target=target) for cells in inputs]
    except PromptError:
        return []


def measured_means(candidates: dict[str, int]) -> dict[str, Measured]:
    """Return the means of each candidate's latest run with answers, over its first places."""
    names = {pk: name for name, pk in candidates.items()}
    answered = Trial.objects.filter(
        run=OuterRef("pk"), place__lt=MEASURED_PLACES, state=TrialState.OK.value
    )
    latest = (
        Run.objects.filter(Exists(answered), candidate__in=names)
        .order_by("candidate", "-pk")
        .distinct("candidate")
        .values("pk")
    )
    rows = (
        Trial.objects.filter(run__in=latest, place__lt=MEASURED_PLACES, state=TrialState.OK.value)
        .values_list("run__candidate")
        .annotate(
            *(Count("pk"), Avg("input_tokens"), Avg("output_tokens")),
            *(Max("input_tokens"), Avg("latency_seconds")),
        )
    )
    return {
        names[candidate]: Measured(
            trials=trials,
            input_tokens=read,
            output_tokens=written,
            longest_input=longest,
            latency_seconds=seconds,
        )
        for candidate, trials, read, written, longest, seconds in rows
    }
