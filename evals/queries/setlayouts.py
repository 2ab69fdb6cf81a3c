"""The slices and clusters of an eval-set version by position: a version never changes."""

from collections.abc import Mapping

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from evals.domain.order import cluster_numbers
from evals.domain.specs import Spec
from evals.domain.trialtables import Layout
from evals.models import EvalSetVersion, Evaluation
from evals.queries.kept import Kept
from evals.queries.sampleranges import in_version

MOST_VALUES = 200  # of a slice column in a menu
KEPT_VALUES = 8_000_000  # of slices and clusters together
# Each value once, with its positions.
SLICES = (
    "SELECT wanted.name, s.slices ->> wanted.name, "  # noqa: S608 - its parts are of this house
    "string_agg(int4send(s.position), ''::bytea) "
    "FROM evals_sample s, unnest(%(columns)s::text[]) wanted(name) "
    f"WHERE {in_version(sample='s')} GROUP BY 1, 2"
)
CLUSTERS = f"SELECT cluster FROM evals_sample WHERE {in_version()} ORDER BY id"  # noqa: S608

_layouts: Kept[Layout] = Kept(KEPT_VALUES, size=lambda each: each.size * (len(each.slices) + 1))
_values: Kept[Mapping[str, tuple[str, ...]]] = Kept(200)


def set_layout(evaluation: Evaluation, spec: Spec) -> Layout:
    """Return the slices and clusters of the whole set, by position; select its version beforehand.

    In one query for the slices and one for the clusters, or in none where they are kept.
    """
    version, eval_set = evaluation.version, spec.eval_set
    columns, has_clusters = tuple(eval_set.slices), eval_set.cluster is not None

    def read() -> Layout:
        clusters = cluster_numbers(_clusters(version.pk)) if has_clusters else None
        return Layout(
            size=version.sample_count,
            slices=_slices(version, columns) if columns else {},
            clusters=None if clusters is None else np.array(clusters),
        )

    return _layouts.get((version.pk, columns, has_clusters), read)


def slice_values(evaluation: Evaluation, spec: Spec) -> Mapping[str, tuple[str, ...]]:
    """Return the values of each slice column, sorted, the first of them; see `set_layout`."""
    layout = set_layout(evaluation, spec)
    key = (evaluation.version_id, tuple(layout.slices))
    return _values.get(
        key,
        lambda: {
            name: tuple(sorted({v for v in values if v is not None})[:MOST_VALUES])
            for name, values in layout.slices.items()
        },
    )


def _slices(version: EvalSetVersion, columns: tuple[str, ...]) -> dict[str, NDArray[np.object_]]:
    """Return each column by position; the database sends each value once, with its positions."""
    with connection.cursor() as cursor:
        cursor.execute(SLICES, {"columns": list(columns), "version": version.pk})
        rows = cursor.fetchall()
    found = {name: np.full(version.sample_count, None, dtype=object) for name in columns}
    for name, value, positions in rows:
        found[name][np.frombuffer(positions, dtype=">i4")] = value
    return found


def _clusters(version_id: int) -> list[str | None]:
    with connection.cursor() as cursor:
        cursor.execute(CLUSTERS, {"version": version_id})
        return [cluster for (cluster,) in cursor.fetchall()]
