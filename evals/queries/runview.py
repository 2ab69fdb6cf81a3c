"""One run seen through the filters of an address, and the page of trials that it shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import QuerySet
from django.db.models.functions import Left
from django.urls import reverse

from evals.domain.specs import Spec
from evals.domain.trialtables import Flags
from evals.models import Run, Trial
from evals.queries import figures
from evals.queries.evaluationlists import Pager
from evals.queries.runarrays import forget_arrays
from evals.queries.specs import frozen_spec
from evals.queries.trialfilters import Cursor, TrialFilters
from evals.queries.trialmasks import RunLooked, look, matching, shown_masks
from evals.queries.trialorder import Ordered, Window, in_order
from evals.queries.trialsearch import column_text

PAGE = 50
EXCERPT = 160
Place = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunView:
    """A run, its frozen spec and the filters: what every part of its page needs to know.

    `shown` are the choices as masks, `found` what all filters let through, in order.
    """

    looked: RunLooked
    filters: TrialFilters
    shown: Mapping[str, Flags]
    found: Ordered

    @property
    def run(self) -> Run:
        """The run."""
        return self.looked.run

    @property
    def spec(self) -> Spec:
        """What was frozen when its evaluation began."""
        return self.looked.spec

    @property
    def metric(self) -> str:
        """The first scorer, by which answers are right or wrong."""
        return self.looked.metric


def run_view(run: Run, parameters: Mapping[str, str], trial: Trial | None = None) -> RunView:
    """Return the view of an address; where only a trial is named, its page begins with it."""
    spec = frozen_spec(run.evaluation)
    filters = TrialFilters.of(parameters, slices=spec.eval_set.slices)
    if trial is not None and filters.cursor is None:
        cursor = Cursor(side="at", place=trial.place, epoch=trial.epoch)
        filters = replace(filters, cursor=cursor)
    looked = look(run, spec, filters)
    shown = shown_masks(looked)
    found = in_order(looked.arrays, matching(looked, filters, shown))
    return RunView(looked=looked, filters=filters, shown=shown, found=found)


def page_of(view: RunView) -> tuple[list[Trial], Window]:
    """Return the page's trials in the order they were asked, in one query."""
    window = view.found.page(view.filters.cursor, most=PAGE)
    rows = {(row.place, row.epoch): row for row in _rows(view, window.pairs)}
    if len(rows) < len(window.pairs):
        forget_arrays(view.run)  # trials were deleted since they were read
    return [rows[pair] for pair in window.pairs if pair in rows], window


def _rows(view: RunView, pairs: Sequence[Place]) -> QuerySet[Trial]:
    return (
        Trial.objects.filter(run=view.run, place__in={place for place, _ in pairs})
        .annotate(
            excerpt=Left(column_text("sample__input", view.spec.eval_set.input), EXCERPT),
            said=Left("output", EXCERPT),
        )
        .select_related("sample")
        .defer("output", "error", "details", "sample__input", "sample__slices")
    )


def list_query(view: RunView, found: list[Trial]) -> str:
    """Return the query that shows this very page; the first one begins somewhere too."""
    if view.filters.cursor is None and found:
        return view.filters.from_place("at", found[0].place, found[0].epoch)
    return view.filters.query()


def trial_pager(view: RunView, window: Window) -> Pager:
    """Return the way to the pages before and after, and how many trials there are in all."""
    base = reverse("evals:run", args=[view.run.pk])
    first, last = (window.pairs[0], window.pairs[-1]) if window.pairs else (None, None)
    return Pager(
        summary=f"{figures.plural(view.found.total, 'trial')}, in the order they were asked",
        previous_url=base + view.filters.from_place("before", *first)
        if first and window.has_previous
        else "",
        next_url=base + view.filters.from_place("after", *last) if last and window.has_next else "",
    )


def neighbour_urls(view: RunView, trial: Trial, here: set[int]) -> tuple[str, str]:
    """Return the addresses of the trials before and after, within the filters, in one query.

    The table beside them stays where it is if it can.
    """
    wanted = view.found.beside(trial.place, trial.epoch)
    places = {pair[0] for pair in wanted if pair}
    rows = Trial.objects.filter(run=view.run, place__in=places).only("pk", "place", "epoch")
    known = {(row.place, row.epoch): row for row in rows}
    before, after = (_trial_url(view, known.get(pair) if pair else None, here) for pair in wanted)
    return before, after


def _trial_url(view: RunView, trial: Trial | None, here: set[int]) -> str:
    if trial is None:
        return ""
    filters = view.filters
    is_here = trial.pk in here
    query = filters.query() if is_here else filters.from_place("at", trial.place, trial.epoch)
    return reverse("evals:trial", args=[view.run.pk, trial.pk]) + query
