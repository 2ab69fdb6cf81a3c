"""Two versions compared, by the database alone, and kept: versions never change."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from evals.models import EvalSetVersion, Sample, VersionComparison
from evals.models.evalsets import sample_id
from evals.queries.sampleranges import in_version
from evals.queue import Job, enqueue

logger = logging.getLogger(__name__)
AT_ONCE_SAMPLES = 20_000
RING_AGAIN = timedelta(minutes=5)  # longer than two million rows take
# Samples are paired by their key or by their input: of several with one name first those that say
# the same, in whatever order, then what is left in order. Sixteen bytes stand for each text,
# as `jsonb` writes it: the order of columns and blanks between them say nothing.
COMPARE = f"""
WITH a AS (
  SELECT position, name, said,
    row_number() OVER (PARTITION BY name, said ORDER BY position) AS nth
  FROM (SELECT position, {{name_before}} AS name,
    md5((input::jsonb - %(gone)s::text[])::text || chr(31) || target)::uuid AS said
    FROM evals_sample WHERE {in_version("%(before)s")}) AS each_before
), b AS (
  SELECT position, name, said,
    row_number() OVER (PARTITION BY name, said ORDER BY position) AS nth
  FROM (SELECT position, {{name_after}} AS name,
    md5((input::jsonb - %(new)s::text[])::text || chr(31) || target)::uuid AS said
    FROM evals_sample WHERE {in_version("%(after)s")}) AS each_after
), said AS MATERIALIZED (
  SELECT coalesce(a.name, b.name) AS name, a.position AS before, b.position AS after
  FROM a FULL JOIN b ON a.name = b.name AND a.said = b.said AND a.nth = b.nth
), gone AS (
  SELECT name, before, row_number() OVER (PARTITION BY name ORDER BY before) AS nth
  FROM said WHERE after IS NULL
), new AS (
  SELECT name, after, row_number() OVER (PARTITION BY name ORDER BY after) AS nth
  FROM said WHERE before IS NULL
), pair AS MATERIALIZED (
  SELECT before, after, CASE WHEN before IS NULL THEN 'added' WHEN after IS NULL THEN 'removed'
    ELSE 'changed' END AS kind
  FROM gone FULL JOIN new ON gone.name = new.name AND gone.nth = new.nth
), stored AS (
  INSERT INTO evals_versionchange (comparison_id, kind, place, before, after)
  SELECT %(comparison)s, kind,
    row_number() OVER (PARTITION BY kind ORDER BY coalesce(after, before)) - 1, before, after
  FROM pair
)
SELECT kind, count(*) FROM pair GROUP BY kind
UNION ALL SELECT 'same', count(*) FROM said WHERE before IS NOT NULL AND after IS NOT NULL
"""  # noqa: S608 - its parts are of this house
BY_KEY = "md5(key)::uuid"
# Rows of before the column was `json` have the spelling of `jsonb`.
BY_INPUT = "md5(input::jsonb ->> %({0})s)::uuid"


@transaction.atomic
def ask_for_comparison(
    *, before: EvalSetVersion, after: EvalSetVersion, now: datetime
) -> VersionComparison:
    """Return how one version became the other; `counts` is None while a worker reckons it."""
    comparison, is_new = VersionComparison.objects.get_or_create(
        before=before, after=after, defaults={"rung_at": now}
    )
    if not is_new:
        return comparison
    if before.sample_count + after.sample_count <= AT_ONCE_SAMPLES:
        return _compare(comparison, now=now)
    enqueue(Job.COMPARE_VERSIONS, comparison.pk)
    return comparison


def carry_out(comparison_id: int, *, now: datetime) -> None:
    """Compare two versions and keep what was found; a second call does nothing."""
    with transaction.atomic():
        waiting = VersionComparison.objects.filter(counts__isnull=True)
        rows = waiting.select_related("before", "after").select_for_update(
            of=("self",), skip_locked=True
        )
        comparison = rows.filter(pk=comparison_id).first()
        if comparison is not None:
            _compare(comparison, now=now)
    logger.info("versions compared comparison=%s", comparison_id)


@transaction.atomic
def ring_for_comparisons(*, now: datetime) -> int:
    """Ring again for comparisons that nobody has heard of, and return how many."""
    due = VersionComparison.objects.filter(
        Q(rung_at=None) | Q(rung_at__lt=now - RING_AGAIN), counts__isnull=True
    )
    keys = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True))
    VersionComparison.objects.filter(pk__in=keys).update(rung_at=now)
    for key in keys:
        enqueue(Job.COMPARE_VERSIONS, key)
    return len(keys)


def _compare(comparison: VersionComparison, *, now: datetime) -> VersionComparison:
    by_key = _have_keys(comparison)
    query = COMPARE.format(
        name_before=BY_KEY if by_key else BY_INPUT.format("input_before"),
        name_after=BY_KEY if by_key else BY_INPUT.format("input_after"),
    )
    with connection.cursor() as cursor:
        cursor.execute(query, _asked(comparison))
        counts = dict(cursor.fetchall())
    kinds = {kind: counts.get(kind, 0) for kind in ("same", "changed", "added", "removed")}
    comparison.counts = {**kinds, "by_key": by_key}
    comparison.compared_at = now
    comparison.save(update_fields=["counts", "compared_at"])
    return comparison


def _have_keys(comparison: VersionComparison) -> bool:
    """Return whether samples of both versions have keys: all of a version's have, or none."""
    versions = (comparison.before_id, comparison.after_id)
    first = Sample.objects.filter(pk__in=[sample_id(version, 0) for version in versions])
    return not first.filter(key__isnull=True).exists()


def _asked(comparison: VersionComparison) -> dict[str, Any]:
    before, after = comparison.before, comparison.after
    return {
        "comparison": comparison.pk,
        "before": before.pk,
        "after": after.pk,
        "input_before": before.mapping["input"],
        "input_after": after.mapping["input"],
        "gone": [name for name in before.columns if name not in after.columns],
        "new": [name for name in after.columns if name not in before.columns],
    }
