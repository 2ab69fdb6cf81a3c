"""Runs side by side, sample by sample: flips first."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from django.db.models.functions import Left
from django.urls import reverse

from evals.domain.comparisons import Compared, GridPage, grid_page
from evals.domain.specs import GRADED
from evals.models import Sample, Trial
from evals.queries import figures
from evals.queries.comparedruns import ComparedRun, Comparison
from evals.queries.comparefilters import CompareFilters
from evals.queries.trialcolumns import score_state
from evals.queries.trialrows import FAILED
from evals.queries.trialsearch import column_text

CELLS = 240  # on a page: its weight follows them
MOST_ROWS = 50
EXCERPT, ANSWER = 120, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class GridCell:
    """One run's answer to one sample. `flip` is lost or won against the baseline, else ""."""

    label: str
    url: str
    state: str
    word: str
    answer: str
    score: str
    flip: str
    repeats: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRow:
    """One sample and what each run made of it."""

    row: str
    input: str
    target: str
    cells: tuple[GridCell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """One page of samples."""

    rows: tuple[GridRow, ...]
    total: int
    page: GridPage


def grid_of(comparison: Comparison, filters: CompareFilters, metric: str) -> Grid:
    """Return a page of the grid, in two queries."""
    compared = comparison.compared(metric)
    found = compared.mask(filters.show) & comparison.layout.where(filters.slices or None)
    most = min(MOST_ROWS, CELLS // len(comparison.runs))
    page = grid_page(compared.keys(filters.sort), found, filters.around, most=most)
    return Grid(rows=_rows(comparison, compared, metric, page), total=int(found.sum()), page=page)


def _rows(
    comparison: Comparison, compared: Compared, metric: str, page: GridPage
) -> tuple[GridRow, ...]:
    column = comparison.baseline.spec.eval_set.input
    version = comparison.baseline.run.evaluation.version_id
    samples = {
        sample.position: sample
        for sample in Sample.objects.at(version, page.positions)
        .annotate(excerpt=Left(column_text("input", column), EXCERPT))
        .defer("input", "slices")
    }
    trials = _trials(comparison, [sample.pk for sample in samples.values()])
    scores = np.vstack([compared.baseline[np.newaxis], compared.others])
    return tuple(
        GridRow(
            row=figures.count(samples[position].row),
            input=samples[position].excerpt or "",
            target=samples[position].target[:EXCERPT],
            cells=tuple(
                _cell(
                    each,
                    trials.get((each.run.pk, samples[position].pk), []),
                    metric=metric,
                    scores=(float(scores[index, position]), float(scores[0, position])),
                )
                for index, each in enumerate(comparison.runs)
            ),
        )
        for position in page.positions
        if position in samples
    )


def _trials(comparison: Comparison, samples: list[int]) -> Mapping[tuple[int, int], list[Trial]]:
    rows = (
        Trial.objects.filter(run__in=[each.run.pk for each in comparison.runs], sample__in=samples)
        .annotate(said=Left("output", ANSWER))
        .only("pk", "run_id", "sample_id", "epoch", "state", "scores", "answer")
        .order_by("epoch")
    )
    found: dict[tuple[int, int], list[Trial]] = {}
    for row in rows:
        found.setdefault((row.run_id, row.sample_id), []).append(row)
    return found


def _cell(
    each: ComparedRun, trials: list[Trial], *, metric: str, scores: tuple[float, float]
) -> GridCell:
    score, baseline = scores
    if not trials:
        return GridCell(
            label=each.label,
            url="",
            state="",
            word="",
            answer="not asked",
            score="",
            flip="",
            repeats="",
        )
    first = trials[0]
    is_known = not np.isnan(score)
    state = score_state(score if is_known else None, is_graded=True)
    said = first.answer if first.answer is not None else first.said  # type: ignore[attr-defined]
    return GridCell(
        label=each.label,
        url=reverse("evals:trial", args=[each.run.pk, first.pk]),
        state=state,
        word={"met": "right", "missed": "wrong"}.get(state, ""),
        answer=FAILED.get(first.state) or (said or "")[:ANSWER],
        score=f"{score:.3g}" if is_known and (metric in GRADED or not state) else "",
        flip=_flip(score, baseline),
        repeats=_repeats(trials, metric),
    )


def _flip(score: float, baseline: float) -> str:
    if np.isnan(score) or np.isnan(baseline) or score == baseline:
        return ""
    return "lost" if score < baseline else "won"


def _repeats(trials: list[Trial], metric: str) -> str:
    if len(trials) < 2:  # noqa: PLR2004 - one is no repeat
        return ""
    return f"{sum(trial.scores.get(metric) == 1 for trial in trials)} of {len(trials)} right"
