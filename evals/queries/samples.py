"""The samples of a run: the filters, a page of trials by keyset, the drawer beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from evals.models import Run, Trial
from evals.queries import figures
from evals.queries.evaluationlists import Pager
from evals.queries.outcomes import CandidateName, candidate_name
from evals.queries.runfilters import (
    Chip,
    Menu,
    filter_chips,
    kept_fields,
    slice_menus,
    trial_counts,
)
from evals.queries.runview import (
    RunView,
    list_query,
    neighbour,
    page_of,
    run_view,
    trial_pager,
    trial_url,
)
from evals.queries.trialdrawer import Drawer, trial_drawer
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
    chips: tuple[Chip, ...]
    menus: tuple[Menu, ...]
    search: str
    kept: tuple[tuple[str, str], ...]
    query: str
    rows: tuple[TrialRow, ...]
    pager: Pager
    has_trials: bool
    drawer: Drawer | None


def run_page(
    run: Run, parameters: Mapping[str, str], *, now: datetime, trial: Trial | None = None
) -> RunPage:
    """Return a page of trials, in three queries, and three more for the drawer of `trial`.

    One more counts where filters narrow beyond the chips, and one looks for workers while the run
    is live. Select the run's evaluation, task and
    version beforehand, and the trial's sample.
    """
    view = run_view(run, parameters, trial)
    counts = trial_counts(view)
    found, has_more = page_of(view)
    drawer = _drawer(view, trial, found)
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
        chips=filter_chips(view, counts),
        menus=slice_menus(view),
        search=view.filters.text,
        kept=kept_fields(view.filters),
        query=list_query(view, found),
        rows=tuple(trial_row(view, row, trial) for row in found),
        pager=trial_pager(view, found, counts, has_more=has_more),
        has_trials=bool(counts[""]),
        drawer=drawer,
    )


def _missing(run: Run, *, now: datetime) -> tuple[MissingPool, ...]:
    return missing_pools(Run.objects.filter(pk=run.pk), now=now) if run.is_live else ()


def _drawer(view: RunView, trial: Trial | None, found: list[Trial]) -> Drawer | None:
    if trial is None:
        return None
    here = {row.pk for row in found}
    before, after = (neighbour(view, trial, side) for side in ("before", "after"))
    return trial_drawer(
        trial,
        spec=view.spec,
        candidate=view.spec.candidates[view.run.position],
        previous_url=trial_url(view, before, here),
        next_url=trial_url(view, after, here),
    )
