"""Every sample of a comparison's grid, as it is filtered and sorted, as plain values."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from evals.domain.comparisons import Around, grid_page
from evals.models import Run, Sample, Trial
from evals.queries.comparedruns import Comparison, Refusal, compare_runs
from evals.queries.comparefilters import CompareFilters

CHUNK = 500


def grid_documents(
    runs: Sequence[Run], filters: CompareFilters
) -> Iterator[dict[str, Any]] | Refusal:
    """Return one value for each sample, read in chunks; see `compare_runs` for what to select."""
    found = compare_runs(runs, baseline=filters.baseline)
    return found if isinstance(found, Refusal) else _documents(found, filters)


def _documents(comparison: Comparison, filters: CompareFilters) -> Iterator[dict[str, Any]]:
    names = [scorer.name for scorer in comparison.scorers]
    metric = filters.metric if filters.metric in names else names[0]
    compared = comparison.compared(metric)
    slices = {k: v for k, v in filters.slices.items() if k in comparison.layout.slices}
    found = compared.mask(filters.show) & comparison.layout.where(slices or None)
    everything = grid_page(compared.keys(filters.sort), found, Around(), most=len(found))
    scores = np.vstack([compared.baseline[np.newaxis], compared.others])
    positions = everything.positions
    for start in range(0, len(positions), CHUNK):
        yield from _chunk(comparison, positions[start : start + CHUNK], metric, scores)


def _chunk(
    comparison: Comparison, positions: Sequence[int], metric: str, scores: Any
) -> Iterator[dict[str, Any]]:
    version = comparison.baseline.run.evaluation.version_id
    column = comparison.baseline.spec.eval_set.input
    samples = {s.position: s for s in Sample.objects.at(version, positions)}
    runs = [each.run.pk for each in comparison.runs]
    rows = Trial.objects.filter(run__in=runs, sample__in=[s.pk for s in samples.values()], epoch=0)
    kept = rows.only("run", "sample", "output")
    outputs = {(row.run_id, row.sample_id): row.output for row in kept}
    for position in positions:
        if (sample := samples.get(position)) is None:
            continue
        document = {"row": sample.row, "input": sample.input.get(column), "target": sample.target}
        for index, each in enumerate(comparison.runs):
            score = float(scores[index, position])
            document[f"{each.label}: output"] = outputs.get((each.run.pk, sample.pk))
            document[f"{each.label}: {metric}"] = None if np.isnan(score) else score
        yield document
