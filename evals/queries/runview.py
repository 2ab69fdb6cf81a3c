"""One run seen through the filters of an address, and the page of trials that it shows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.db.models import QuerySet
from django.db.models.functions import Left
from django.urls import reverse

from evals.domain.specs import Spec
from evals.models import Run, Trial
from evals.queries import figures
from evals.queries.evaluationlists import Pager
from evals.queries.specs import frozen_spec
from evals.queries.trialfilters import Cursor, TrialFilters, beyond, column_text, matching

PAGE = 50
EXCERPT = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run, its frozen spec and the filters: what every part of its page needs to know."""

    run: Run
    spec: Spec
    filters: TrialFilters

    @property
    def metric(self) -> str:
        """The first scorer, by which answers are right or wrong."""
        return self.spec.scorers[0].name

    def trials(self) -> QuerySet[Trial]:
        """Return the trials that the filters let through."""
        return matching(self.run, self.filters, metric=self.metric, column=self.spec.eval_set.input)


def run_view(run: Run, parameters: Mapping[str, str], trial: Trial | None) -> RunView:
    """Return the view of an address; where only a trial is named, its page begins with it."""
    spec = frozen_spec(run.evaluation)
    filters = TrialFilters.of(parameters, slices=spec.eval_set.slices)
    if trial is not None and filters.cursor is None:
        cursor = Cursor(side="at", place=trial.place, epoch=trial.epoch)
        filters = replace(filters, cursor=cursor)
    return RunView(run=run, spec=spec, filters=filters)


def page_of(view: RunView) -> tuple[list[Trial], bool]:
    """Return the page's trials in the order they were asked, and whether there are more beyond."""
    trials = (
        view.trials()
        .select_related(None)
        .annotate(
            excerpt=Left(column_text(view.spec.eval_set.input), EXCERPT),
            said=Left("output", EXCERPT),
        )
        .select_related("sample")
        .defer("output", "error", "details", "sample__input", "sample__slices")
    )
    cursor = view.filters.cursor
    ordered = beyond(trials, cursor) if cursor else trials.order_by("place", "epoch")
    found = list(ordered[: PAGE + 1])
    page = found[:PAGE]
    if cursor and cursor.side == "before":
        page.reverse()
    return page, len(found) > PAGE


def list_query(view: RunView, found: list[Trial]) -> str:
    """Return the query that shows this very page; the first one begins somewhere too."""
    if view.filters.cursor is None and found:
        return view.filters.from_place("at", found[0].place, found[0].epoch)
    return view.filters.query()


def trial_pager(
    view: RunView,
    found: list[Trial],
    counts: Mapping[str, int],
    *,
    has_more: bool,
) -> Pager:
    """Return the way to the pages before and after, and how many trials there are in all."""
    filters, cursor = view.filters, view.filters.cursor
    total = view.trials().count() if filters.narrows else counts[filters.show]
    is_back = cursor is not None and cursor.side == "before"
    has_previous = has_more if is_back else cursor is not None
    has_next = is_back or has_more
    base = reverse("evals:run", args=[view.run.pk])
    first, last = (found[0], found[-1]) if found else (None, None)
    if first and cursor and cursor.side == "at":
        has_previous = neighbour(view, first, "before") is not None
    return Pager(
        summary=f"{figures.plural(total, 'trial')}, in the order they were asked",
        previous_url=base + filters.from_place("before", first.place, first.epoch)
        if first and has_previous
        else "",
        next_url=base + filters.from_place("after", last.place, last.epoch)
        if last and has_next
        else "",
    )


def neighbour(view: RunView, trial: Trial, side: str) -> Trial | None:
    """Return the next trial on that side, within the filters."""
    cursor = Cursor(side=side, place=trial.place, epoch=trial.epoch)
    return beyond(view.trials().only("pk", "place", "epoch"), cursor).first()


def trial_url(view: RunView, trial: Trial | None, here: set[int]) -> str:
    """Return the neighbour's address; the table beside it stays where it is if it can."""
    if trial is None:
        return ""
    filters = view.filters
    is_here = trial.pk in here
    query = filters.query() if is_here else filters.from_place("at", trial.place, trial.epoch)
    return reverse("evals:trial", args=[view.run.pk, trial.pk]) + query
