"""The samples of a run: the filters, a page of trials by keyset, the drawer beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from evals.models import Run, Team, Trial
from evals.queries import figures
from evals.queries.evaluationlists import Pager
from evals.queries.humanscores import human_rates
from evals.queries.outcomes import CandidateName, candidate_name
from evals.queries.runfilters import (
    Chip,
    Menu,
    RangeField,
    filter_chips,
    filter_menus,
    kept_fields,
    range_fields,
    range_words,
)
from evals.queries.runview import (
    RunView,
    list_query,
    neighbour_urls,
    page_of,
    run_view,
    trial_pager,
)
from evals.queries.savedviews import ViewLink, view_links
from evals.queries.trialdrawer import Drawer, Opened, trial_drawer
from evals.queries.trialfilters import DIFFS, RANGES
from evals.queries.trialrows import TrialRow, trial_row
from evals.queries.workers import MissingPool, missing_pools


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """Everything the page of a run shows."""

    run_id: int
    evaluation_id: int
    number: int
    task_id: int
    task_name: str
    candidate: CandidateName
    status: str
    message: str
    missing_pools: tuple[MissingPool, ...]
    scorer: str
    humans: tuple[str, ...]
    chips: tuple[Chip, ...]
    menus: tuple[Menu, ...]
    ranges: tuple[RangeField, ...]
    range_words: str
    search: str
    search_note: str
    kept_by_search: tuple[tuple[str, str], ...]
    kept_by_ranges: tuple[tuple[str, str], ...]
    query: str
    download_query: str
    saved_views: tuple[ViewLink, ...]
    rows: tuple[TrialRow, ...]
    pager: Pager
    has_trials: bool
    is_filtered: bool
    drawer: Drawer | None


def run_page(
    run: Run,
    parameters: Mapping[str, str],
    *,
    team: Team,
    now: datetime,
    trial: Trial | None = None,
) -> RunPage:
    """Return a page of trials, in three queries, and three more for the drawer of `trial`.

    A search takes two more, other candidates' scores one, and a live run one to look for workers.
    What is not kept takes one each: the run's trials, the set's positions, its slices and its
    clusters. Select the run's evaluation, task and version with its word index beforehand, and the
    trial's sample.
    """
    view = run_view(run, parameters, trial)
    found, window = page_of(view)
    filters = view.filters
    return RunPage(
        run_id=run.pk,
        evaluation_id=run.evaluation_id,
        number=run.evaluation.number,
        task_id=run.evaluation.task_id,
        task_name=run.evaluation.task.name,
        candidate=candidate_name(view.spec.candidates[run.position], is_incumbent=run.is_incumbent),
        status=run.state,
        message=run.message,
        missing_pools=_missing(run, now=now),
        scorer=figures.metric_label(view.metric),
        humans=human_rates(run, view.spec, view.looked.arrays),
        chips=filter_chips(view),
        menus=filter_menus(view),
        ranges=range_fields(filters),
        range_words=range_words(filters),
        search=filters.text,
        search_note=view.looked.words.note if view.looked.words else "",
        kept_by_search=kept_fields(filters, "q"),
        kept_by_ranges=kept_fields(filters, *RANGES),
        query=list_query(view, found),
        download_query=filters.showing(filters.show),
        saved_views=view_links(team, "run"),
        rows=tuple(trial_row(view, row, trial) for row in found),
        pager=trial_pager(view, window),
        has_trials=bool(view.looked.arrays.table.stored.any()),
        is_filtered=bool(filters.fields()),
        drawer=_drawer(view, trial, found),
    )


def _missing(run: Run, *, now: datetime) -> tuple[MissingPool, ...]:
    return missing_pools(Run.objects.filter(pk=run.pk), now=now) if run.is_live else ()


def _drawer(view: RunView, trial: Trial | None, found: list[Trial]) -> Drawer | None:
    if trial is None:
        return None
    before, after = neighbour_urls(view, trial, {row.pk for row in found})
    diff = view.filters.diff
    opened = Opened(
        trial=trial,
        run=view.run,
        spec=view.spec,
        diff=diff,
        diff_queries={choice: view.filters.comparing(choice) for choice in DIFFS},
        query=view.filters.showing(view.filters.show) if view.filters.fields() else "",
    )
    return trial_drawer(opened, previous_url=before, next_url=after)
