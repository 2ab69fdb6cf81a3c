"""The page that compares runs: its columns, its choices, and either a summary or a grid."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from evals.domain.comparisons import Around, Show, Sort
from evals.models import Run, Team
from evals.queries import figures
from evals.queries.comparedruns import ComparedRun, Comparison, Refusal, compare_runs
from evals.queries.comparefilters import GRID, SUMMARY, CompareFilters
from evals.queries.comparegrid import Grid, grid_of
from evals.queries.comparesummary import SummaryRow, summary_rows
from evals.queries.evaluationlists import Pager
from evals.queries.outcomes import CandidateName
from evals.queries.runfilters import Chip, Menu
from evals.queries.savedviews import ViewLink, view_links
from evals.queries.setlayouts import slice_values

SHOWN = {
    Show.ALL: "All",
    Show.LOST: "Lost to the baseline",
    Show.FAILURES: "Failures",
    Show.PASSES: "Passes",
    Show.ERRORS: "Errors",
    Show.DIFFERENT: "Different",
}
SORTED = {
    Sort.REGRESSION: "largest regression",
    Sort.IMPROVEMENT: "largest improvement",
    Sort.ROW: "row",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareColumn:
    """One run at the head of a table."""

    run_id: int
    evaluation_id: int
    label: str
    name: CandidateName
    is_baseline: bool
    baseline_query: str
    without_query: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparePage:
    """Everything the comparison shows; `summary` or `grid` is there, by the view."""

    task_id: int
    task_name: str
    title: str
    subtitle: str
    columns: tuple[CompareColumn, ...]
    warnings: tuple[str, ...]
    views: tuple[Chip, ...]
    chips: tuple[Chip, ...]
    menus: tuple[Menu, ...]
    summary: tuple[SummaryRow, ...]
    grid: Grid | None
    metric: str
    pager: Pager | None
    query: str
    download_query: str
    saved_views: tuple[ViewLink, ...]


def compare_page(
    runs: Sequence[Run], filters: CompareFilters, *, team: Team
) -> ComparePage | Refusal:
    """Return the comparison: in one query for a summary, in three for a grid.

    What is not kept takes one each: all runs' trials, the set's positions, its slices and its
    clusters. See `compare_runs` for what to select.
    """
    found = compare_runs(runs, baseline=filters.baseline)
    if isinstance(found, Refusal):
        return found
    filters = _known(filters, found)
    grid = grid_of(found, filters, filters.metric) if filters.view == GRID else None
    first = found.baseline.run.evaluation
    return ComparePage(
        task_id=first.task_id,
        task_name=first.task.name,
        title=f"{figures.plural(len(found.runs), 'run')} on the same samples",
        subtitle=f"eval set v{first.version.number} · "
        f"{figures.plural(first.version.sample_count, 'sample')} · against {found.baseline.label}",
        columns=tuple(_column(each, filters, found) for each in found.runs),
        warnings=found.warnings,
        views=tuple(
            Chip(label=label, query=filters.query(view=view), is_current=filters.view == view)
            for view, label in ((SUMMARY, "Summary"), (GRID, "Grid"))
        ),
        chips=_chips(found, filters) if grid else (),
        menus=_menus(found, filters),
        summary=() if grid else summary_rows(found, filters.slices or None),
        grid=grid,
        metric=figures.metric_label(filters.metric),
        pager=_pager(grid, filters) if grid else None,
        query=filters.query(),
        download_query=filters.query(),
        saved_views=view_links(team, "compare"),
    )


def _known(filters: CompareFilters, found: Comparison) -> CompareFilters:
    """Return the filters without scorers and slices that there are not."""
    names = [scorer.name for scorer in found.scorers]
    return replace(
        filters,
        metric=filters.metric if filters.metric in names else names[0],
        runs=tuple(sorted(filters.runs, key=lambda pk: pk != found.baseline.run.pk)),
        baseline=found.baseline.run.pk,
        slices={k: v for k, v in filters.slices.items() if k in found.layout.slices},
    )


def _column(each: ComparedRun, filters: CompareFilters, found: Comparison) -> CompareColumn:
    rest = tuple(pk for pk in filters.runs if pk != each.run.pk)
    can_go = len(rest) > 1 and each is not found.baseline
    return CompareColumn(
        run_id=each.run.pk,
        evaluation_id=each.run.evaluation_id,
        label=each.label,
        name=each.name,
        is_baseline=each is found.baseline,
        baseline_query=filters.query(baseline=each.run.pk),
        without_query=filters.query(runs=rest) if can_go else "",
    )


def _chips(found: Comparison, filters: CompareFilters) -> tuple[Chip, ...]:
    compared = found.compared(filters.metric)
    where = found.layout.where(filters.slices or None)
    return tuple(
        Chip(
            label=f"{label} {int((compared.mask(show) & where).sum()):,}",
            query=filters.query(show=show),
            is_current=filters.show is show,
        )
        for show, label in SHOWN.items()
    )


def _menus(found: Comparison, filters: CompareFilters) -> tuple[Menu, ...]:
    slices = slice_values(found.baseline.run.evaluation, found.baseline.spec)
    menus = [_slice_menu(filters, name, values) for name, values in slices.items()]
    if filters.view == GRID:
        menus.insert(0, _sort_menu(filters))
        if len(found.scorers) > 1:
            menus.insert(0, _metric_menu(found, filters))
    return tuple(menus)


def _slice_menu(filters: CompareFilters, name: str, values: Sequence[str]) -> Menu:
    current = filters.slices.get(name, "")
    return Menu(
        label=f"{name}: {current or 'any'}",
        chips=tuple(
            Chip(
                label=value or "any",
                query=filters.in_slice(name, value),
                is_current=value == current,
            )
            for value in ("", *values)
        ),
    )


def _sort_menu(filters: CompareFilters) -> Menu:
    return Menu(
        label=f"sort: {SORTED[filters.sort]}",
        chips=tuple(
            Chip(label=label, query=filters.query(sort=sort), is_current=filters.sort is sort)
            for sort, label in SORTED.items()
        ),
    )


def _metric_menu(found: Comparison, filters: CompareFilters) -> Menu:
    return Menu(
        label=f"by: {figures.metric_label(filters.metric)}",
        chips=tuple(
            Chip(
                label=figures.metric_label(scorer.name),
                query=filters.query(metric=scorer.name),
                is_current=scorer.name == filters.metric,
            )
            for scorer in found.scorers
        ),
    )


def _pager(grid: Grid, filters: CompareFilters) -> Pager:
    positions = grid.page.positions
    before, after = (
        (Around(position=positions[0], is_before=True), Around(position=positions[-1]))
        if positions
        else (Around(), Around())
    )
    return Pager(
        summary=f"{figures.plural(grid.total, 'sample')}, by {SORTED[filters.sort]}",
        previous_url=filters.query(around=before) if grid.page.has_previous else "",
        next_url=filters.query(around=after) if grid.page.has_next else "",
    )
