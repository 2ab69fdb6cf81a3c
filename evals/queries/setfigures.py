"""The figures of a whole eval-set version, reckoned by the database: nothing is held in memory.

They are those of `domain.setfigures.figures_of`, for a million rows.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from evals.domain.setfigures import (
    BLANKS,
    INPUT_LOOKED_AT,
    LABEL_SHOWN,
    RARE,
    SHORTEST_LEAK,
    SHOWN,
    TARGET_LOOKED_AT,
    SetFigures,
    shift,
)
from evals.models import EvalSetVersion
from evals.queries.sampleranges import in_version

SIGNS = r"[\x01-/:-@\[-`{-\x7f]+"  # as the domain has them
LABELS = f"""
WITH label AS MATERIALIZED (
  SELECT target, count(*) AS n FROM evals_sample WHERE {in_version()} GROUP BY target
), top AS (SELECT target, n FROM label ORDER BY n DESC, target COLLATE "C" LIMIT 1)
SELECT (SELECT count(*) FROM label), (SELECT count(*) FROM label WHERE n < %(rare)s),
  left(top.target, %(label_shown)s), top.n FROM top
"""  # noqa: S608 - its parts are of this house
REPEATS = f"""
WITH one AS (
  SELECT md5(input ->> %(column)s)::uuid AS digest, target COLLATE "C" AS target, position
  FROM evals_sample WHERE {in_version()}
), same AS MATERIALIZED (
  SELECT count(*) AS n, min(position) AS first, max(position) AS last,
    min(target) <> max(target) AS differ
  FROM one GROUP BY digest HAVING count(*) > 1
)
SELECT coalesce(sum(n - 1), 0)::bigint, coalesce(sum(n) FILTER (WHERE differ), 0)::bigint,
  ARRAY(SELECT unnest(ARRAY[first, last]) FROM
    (SELECT first, last FROM same ORDER BY first LIMIT %(shown)s) AS few),
  ARRAY(SELECT unnest(ARRAY[first, last]) FROM
    (SELECT first, last FROM same WHERE differ ORDER BY first LIMIT %(shown)s) AS few)
FROM same
"""  # noqa: S608 - its parts are of this house
NEAR_EMPTY = f"""
WITH blank AS MATERIALIZED (
  SELECT position FROM evals_sample WHERE {in_version()}
  AND (regexp_replace(target, %(signs)s, '', 'g') = '' OR lower(btrim(target)) = ANY(%(blanks)s))
)
SELECT count(*), ARRAY(SELECT position FROM blank ORDER BY position LIMIT %(shown)s) FROM blank
"""  # noqa: S608 - its parts are of this house
PLAIN = "btrim(regexp_replace(lower(left({0}, {1})), %(signs)s, ' ', 'g'))"
LEAKS = f"""
WITH one AS (
  SELECT s.position, {PLAIN.format("s.input ->> %(column)s", "%(input_looked_at)s")} AS text,
    {PLAIN.format("s.target", "%(target_looked_at)s")} AS own,
    {PLAIN.format("o.target", "%(target_looked_at)s")} AS other
  FROM evals_sample s JOIN evals_sample o
    ON o.id = s.id - s.position + (s.position + %(shift)s) %% %(rows)s
  WHERE {in_version(sample="s")}
), held AS MATERIALIZED (
  SELECT position,
    CASE WHEN length(own) >= %(shortest)s
      THEN strpos(' ' || text || ' ', ' ' || own || ' ') > 0 END AS leaks,
    CASE WHEN length(other) >= %(shortest)s AND other <> own
      THEN strpos(' ' || text || ' ', ' ' || other || ' ') > 0 END AS by_chance
  FROM one
)
SELECT count(leaks), count(*) FILTER (WHERE leaks), count(by_chance),
  count(*) FILTER (WHERE by_chance),
  ARRAY(SELECT position FROM held WHERE leaks ORDER BY position LIMIT %(shown)s)
FROM held
"""  # noqa: S608 - its parts are of this house


def set_figures(version: EvalSetVersion) -> SetFigures:
    """Return the figures of all samples of a version that has some, in four queries."""
    asked = _asked(version)
    labels, rare, top, count = _row(LABELS, asked)
    repeated, contradicted, repeats, against = _row(REPEATS, asked)
    near_empty, blanks = _row(NEAR_EMPTY, asked)
    looked, leaked, chance_looked, chance_hits, leaks = _row(LEAKS, asked)
    return SetFigures(
        rows=version.sample_count,
        repeated=repeated,
        contradicted=contradicted,
        near_empty=near_empty,
        labels=labels,
        rare_labels=rare,
        top_label=top,
        top_count=count,
        leak_looked=looked,
        leaked=leaked,
        chance_looked=chance_looked,
        chance_hits=chance_hits,
        examples={
            "repeated": repeats,
            "contradicted": against,
            "near_empty": blanks,
            "leaked": leaks,
        },
    )


def _asked(version: EvalSetVersion) -> dict[str, Any]:
    return {
        "version": version.pk,
        "column": version.mapping["input"],
        "rows": version.sample_count,
        "shift": shift(version.sample_count),
        "signs": SIGNS,
        "blanks": list(BLANKS),
        "rare": RARE,
        "shown": SHOWN,
        "shortest": SHORTEST_LEAK,
        "label_shown": LABEL_SHOWN,
        "input_looked_at": INPUT_LOOKED_AT,
        "target_looked_at": TARGET_LOOKED_AT,
    }


def _row(query: str, asked: dict[str, Any]) -> Sequence[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, asked)
        found: Sequence[Any] = cursor.fetchone()
        return found
