"""The order in which an evaluation asks about its samples, and what stands at each place of it."""

from collections.abc import Sequence

import numpy as np
from django.db.models import QuerySet

from evals.domain.order import asking_order as order_of_plan
from evals.domain.order import cluster_numbers, goes_by_cluster
from evals.domain.specs import Spec
from evals.domain.trialtables import Layout
from evals.models import Evaluation, Sample


def asking_order(evaluation: Evaluation, spec: Spec) -> list[int]:
    """Return the positions of all samples of the version in the order of asking."""
    clusters: Sequence[str | None] = ()
    size = evaluation.version.sample_count
    if spec.eval_set.cluster is not None and goes_by_cluster(size, spec.plan):
        clusters = list(_samples(evaluation).values_list("cluster", flat=True))
    return _order(evaluation, spec, clusters)


def layout_of(evaluation: Evaluation, spec: Spec) -> Layout:
    """Return the slices and clusters of the places that the plan asks about.

    In no query where the set has neither, else in one.
    """
    size, columns = evaluation.sample_count, spec.eval_set.slices
    has_clusters = spec.eval_set.cluster is not None
    if not columns and not has_clusters:
        return Layout(size=size, slices={})
    rows = list(_samples(evaluation).values_list("slices", "cluster"))
    order = _order(evaluation, spec, [cluster for _, cluster in rows])[:size]
    planned = [rows[position][0] for position in order]
    names = cluster_numbers([cluster for _, cluster in rows])
    return Layout(
        size=size,
        slices={
            column: np.array([slices.get(column) for slices in planned], dtype=object)
            for column in columns
        },
        clusters=np.array([names[position] for position in order]) if has_clusters else None,
    )


def _order(evaluation: Evaluation, spec: Spec, clusters: Sequence[str | None]) -> list[int]:
    has_clusters = spec.eval_set.cluster is not None
    return order_of_plan(
        spec.plan, evaluation.version.sample_count, clusters if has_clusters else ()
    )


def _samples(evaluation: Evaluation) -> QuerySet[Sample]:
    return Sample.objects.of(evaluation.version_id).order_by("pk")
