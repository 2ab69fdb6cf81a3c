"""The slices of an eval-set version, and how many of its samples the lines of a bar are about."""

from collections.abc import Iterator, Sequence

from django.db import connection

from evals.domain.order import asked_count
from evals.domain.slices import (
    SKIPPED,
    Reach,
    TooFew,
    asked_positions,
    empty_slice,
    nothing_asked,
    reach_of,
    too_few,
)
from evals.domain.specproblems import SpecProblem
from evals.domain.specs import Comparator, CriterionSpec, PlanSpec
from evals.models import EvalSetVersion, Sample
from evals.queries import figures
from evals.queries.barlines import criterion_text
from evals.queries.kept import Kept
from evals.queries.sampleranges import in_version

MOST_VALUES = 200
VALUES = (
    "SELECT DISTINCT slice.key, slice.value "  # noqa: S608 - its parts are of this house
    "FROM evals_sample s, jsonb_each_text(s.slices) slice "
    f"WHERE {in_version(sample='s')} ORDER BY 1, 2 LIMIT %(most)s"
)

_values: Kept[dict[str, list[str]]] = Kept(256)


def slice_values(version_id: int) -> dict[str, list[str]]:
    """Return the values of each slice column, the first 200 of all.

    In one query, or in none while they are kept: a version never changes.
    """
    return _values.get(version_id, lambda: _slice_values(version_id))


def _slice_values(version_id: int) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(VALUES, {"version": version_id, "most": MOST_VALUES})
        for name, value in cursor.fetchall():
            values.setdefault(name, []).append(value)
    return values


def slice_problems(
    version: EvalSetVersion, bar: Sequence[CriterionSpec], plan: PlanSpec
) -> Iterator[SpecProblem]:
    """Yield the lines of a bar whose slice has no sample to judge; in no query without slices."""
    if message := nothing_asked(version.sample_count, plan):
        yield SpecProblem(path=SKIPPED, message=message)
        return
    reaches = reaches_of(version, bar, plan)
    for index, (line, reach) in enumerate(zip(bar, reaches, strict=True)):
        if line.slice is not None and not reach.asked:
            message = empty_slice(line.slice, reach, slice_values(version.pk))
            yield SpecProblem(path=("bar", index, "slice"), message=message or "")


def few_samples(
    version: EvalSetVersion, bar: Sequence[CriterionSpec], plan: PlanSpec
) -> tuple[str, ...]:
    """Return a warning for each line that not even flawless answers could prove."""
    return tuple(
        _warning(few) for few in too_few(bar, plan, reaches_of(version, bar, plan)) if few.asked
    )


def _warning(few: TooFew) -> str:
    is_paired = few.criterion.comparator is Comparator.WITHIN
    if_flawless = "Answers that never differ from its" if is_paired else "Flawless answers"
    samples = figures.plural(few.asked, "sample")
    start = f"{criterion_text(few.criterion)}: {samples} cannot prove it."
    return f"{start} {if_flawless} would take {few.least:,}."


def reaches_of(
    version: EvalSetVersion, bar: Sequence[CriterionSpec], plan: PlanSpec
) -> tuple[Reach, ...]:
    """Return how many samples each line is about, in one query for each line with a slice.

    In one more where the plan asks about some of a clustered set.
    """
    size = version.sample_count
    whole = Reach(in_set=size, asked=asked_count(size, plan))
    if all(line.slice is None for line in bar):
        return (whole,) * len(bar)
    asked = positions_asked(version, plan)
    return tuple(
        whole if line.slice is None else reach_of(_positions(version, dict(line.slice)), asked)
        for line in bar
    )


def positions_asked(version: EvalSetVersion, plan: PlanSpec) -> frozenset[int] | None:
    """Return the positions that a plan asks about, None for all; in a query if clusters matter."""
    size, clusters = version.sample_count, []
    is_clustered = version.mapping.get("cluster") is not None
    if is_clustered and asked_count(size, plan) < size:
        rows = Sample.objects.of(version.pk).order_by("pk")
        clusters = list(rows.values_list("cluster", flat=True))
    return asked_positions(size, plan, clusters)


def _positions(version: EvalSetVersion, slice_: dict[str, str]) -> list[int]:
    inside = Sample.objects.of(version.pk).filter(slices__contains=slice_)
    return list(inside.values_list("position", flat=True))
