"""The slices and clusters of an eval-set version by position: a version never changes."""

from functools import lru_cache

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from evals.domain.order import cluster_numbers
from evals.domain.specs import Spec
from evals.domain.trialtables import Layout
from evals.models import Evaluation

KEPT = 64


def set_layout(evaluation: Evaluation, spec: Spec) -> Layout:
    """Return the slices and clusters of the whole set, by position; select its version beforehand.

    In one query for the slices and one for the clusters, or in none where they are kept.
    """
    version, eval_set = evaluation.version, spec.eval_set
    return _layout(
        version.pk, version.sample_count, tuple(eval_set.slices), eval_set.cluster is not None
    )


@lru_cache(maxsize=KEPT)
def _layout(version_id: int, size: int, columns: tuple[str, ...], has_clusters: bool) -> Layout:  # noqa: FBT001
    clusters = cluster_numbers(_clusters(version_id)) if has_clusters else None
    return Layout(
        size=size,
        slices=_slices(version_id, columns) if columns else {},
        clusters=None if clusters is None else np.array(clusters),
    )


def _slices(version_id: int, columns: tuple[str, ...]) -> dict[str, NDArray[np.object_]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT wanted.name, array_agg(s.slices ->> wanted.name ORDER BY s.position) "
            "FROM evals_sample s, unnest(%s::text[]) wanted(name) WHERE s.version_id = %s "
            "GROUP BY wanted.name",
            [list(columns), version_id],
        )
        found = dict(cursor.fetchall())
    return {name: np.array(found.get(name, []), dtype=object) for name in columns}


def _clusters(version_id: int) -> list[str | None]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT cluster FROM evals_sample WHERE version_id = %s ORDER BY position", [version_id]
        )
        return [cluster for (cluster,) in cursor.fetchall()]
