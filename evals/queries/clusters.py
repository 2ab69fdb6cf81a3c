"""Mean scores by cluster, where an eval set has them: clusters are what is independent there."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from evals.domain.metrics import ClusterMeans
from evals.domain.order import shuffled_order
from evals.domain.specs import Spec
from evals.models import Evaluation, Run
from evals.queries.states import JUDGED_STATES

# A sample without a cluster stands for itself. What was planned and has no score is 0 in the one
# sum and 1 in the other.
STATEMENT = """
SELECT run_id, count(*), sum(least / planned), sum((least + planned - judged) / planned) FROM (
  SELECT r.id AS run_id, coalesce('c' || s.cluster, 's' || s.position) AS cluster,
    count(*) * %s AS planned,
    coalesce(sum(t.judged), 0) AS judged,
    coalesce(sum(t.total), 0) AS least
  FROM unnest(%s::bigint[]) AS r(id)
  CROSS JOIN evals_sample s
  LEFT JOIN (
    SELECT run_id, sample_id, count((scores ->> %s)::float8) AS judged,
      sum((scores ->> %s)::float8) AS total
    FROM evals_trial WHERE run_id = ANY(%s) AND state = ANY(%s) GROUP BY run_id, sample_id
  ) t ON t.run_id = r.id AND t.sample_id = s.id
  WHERE s.version_id = %s AND (%s::int[] IS NULL OR s.position = ANY(%s))
  GROUP BY r.id, 2
) clusters GROUP BY run_id
"""


def cluster_means(
    evaluation: Evaluation, spec: Spec, runs: Sequence[Run]
) -> dict[tuple[int, str], ClusterMeans]:
    """Return the clusters' mean scores by run and scorer; nothing where no column is a cluster."""
    if spec.eval_set.cluster is None:
        return {}
    found = {}
    ids, positions = [run.pk for run in runs], _planned_positions(evaluation, spec)
    for scorer in spec.scorers:
        name = scorer.name
        parameters: list[Any] = [evaluation.epochs, ids, name, name, ids, JUDGED_STATES]
        with connection.cursor() as cursor:
            cursor.execute(STATEMENT, [*parameters, evaluation.version_id, positions, positions])
            for run_id, count, least, most in cursor.fetchall():
                means = ClusterMeans(count=count, least=float(least), most=float(most))
                found[run_id, name] = means
    return found


def _planned_positions(evaluation: Evaluation, spec: Spec) -> list[int] | None:
    """Return the positions that the plan asks about, None for all of them."""
    size = evaluation.version.sample_count
    if evaluation.sample_count == size:
        return None
    return shuffled_order(size, seed=spec.plan.seed)[: evaluation.sample_count]
