"""The samples of a run: a page of trials by keyset, the filters above it, the drawer beside it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.db import connection
from django.db.models import Count, QuerySet
from django.db.models.functions import Left
from django.urls import reverse

from evals.domain.specs import Spec
from evals.domain.trials import TrialState
from evals.models import Run, Trial
from evals.queries import figures
from evals.queries.evaluationlists import Pager
from evals.queries.facts import GRADED
from evals.queries.outcomes import CandidateName, candidate_name
from evals.queries.specs import frozen_spec
from evals.queries.trialdrawer import Drawer, trial_drawer
from evals.queries.trialfilters import (
    SHOWN,
    SLICE_PREFIX,
    Cursor,
    TrialFilters,
    beyond,
    column_text,
    matching,
    shown_as,
)

PAGE = 50
EXCERPT = 160
MOST_VALUES = 200
FAILED = {
    TrialState.NO_ANSWER.value: "no answer",
    TrialState.MODEL_ERROR.value: "model error",
    TrialState.INFRA_ERROR.value: "infra error",
    TrialState.SCORER_ERROR.value: "scorer error",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One choice of a filter."""

    label: str
    query: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """One slice column and its values."""

    label: str
    chips: tuple[Chip, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRow:
    """One trial of the table. `state` is met, missed, or "" for a graded or missing score."""

    pk: int
    row: str
    input: str
    target: str
    answer: str
    state: str
    word: str
    score: str
    latency: str
    tokens: str
    is_truncated: bool
    is_current: bool


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """What every part of the page needs to know."""

    run: Run
    spec: Spec
    filters: TrialFilters

    @property
    def metric(self) -> str:
        return self.spec.scorers[0].name

    def trials(self) -> QuerySet[Trial]:
        return matching(self.run, self.filters, metric=self.metric, column=self.spec.eval_set.input)


def run_page(run: Run, parameters: Mapping[str, str], *, trial: Trial | None = None) -> RunPage:
    """Return a page of trials, in three queries, and three more for the drawer of `trial`.

    One more counts where filters narrow beyond the chips. Select the run's evaluation, task and
    version beforehand, and the trial's sample.
    """
    view = _view(run, parameters, trial)
    counts = _counts(view)
    found, has_more = _page_of(view)
    drawer = _drawer(view, trial, found)
    return RunPage(
        run_id=run.pk,
        evaluation_id=run.evaluation_id,
        number=run.evaluation.number,
        task_id=run.evaluation.task_id,
        task_name=run.evaluation.task.name,
        candidate=candidate_name(view.spec.candidates[run.position], is_incumbent=run.is_incumbent),
        status=run.state,
        scorer=figures.metric_label(view.metric),
        chips=_chips(view, counts),
        menus=_menus(view),
        search=view.filters.text,
        kept=_kept(view.filters),
        query=_list_query(view, found),
        rows=tuple(_row(view, row, trial) for row in found),
        pager=_pager(view, found, counts, has_more=has_more),
        has_trials=bool(counts[""]),
        drawer=drawer,
    )


def _view(run: Run, parameters: Mapping[str, str], trial: Trial | None) -> _View:
    spec = frozen_spec(run.evaluation)
    filters = TrialFilters.of(parameters, slices=spec.eval_set.slices)
    if trial is not None and filters.cursor is None:
        cursor = Cursor(side="at", place=trial.place, epoch=trial.epoch)
        filters = replace(filters, cursor=cursor)
    return _View(run=run, spec=spec, filters=filters)


def _counts(view: _View) -> dict[str, int]:
    """Return how many trials of the run each choice shows, "" for all of them."""
    kinds = {f"n_{show}": Count("pk", filter=shown_as(show, metric=view.metric)) for show in SHOWN}
    found = Trial.objects.filter(run=view.run).aggregate(n_=Count("pk"), **kinds)
    return {name.removeprefix("n_"): number for name, number in found.items()}


def _page_of(view: _View) -> tuple[list[Trial], bool]:
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


def _chips(view: _View, counts: Mapping[str, int]) -> tuple[Chip, ...]:
    """Return the choices that show anything, and the one that is chosen."""
    current = view.filters.show
    labels = {"": "All", **SHOWN}
    if view.metric in GRADED:
        labels |= {"right": "Full score", "wrong": "Less"}
    return tuple(
        Chip(
            label=f"{label} {counts[show]:,}",
            query=view.filters.showing(show),
            is_current=show == current,
        )
        for show, label in labels.items()
        if counts[show] or show in {"", current}
    )


def _menus(view: _View) -> tuple[Menu, ...]:
    """Return a menu for each slice column, in one query."""
    if not view.spec.eval_set.slices:
        return ()
    values = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT slice.key, slice.value FROM evals_sample s, "
            "jsonb_each_text(s.slices) slice WHERE s.version_id = %s ORDER BY 1, 2 LIMIT %s",
            [view.run.evaluation.version_id, MOST_VALUES],
        )
        for name, value in cursor.fetchall():
            values[name].append(value)
    return tuple(_menu(view.filters, name, values[name]) for name in view.spec.eval_set.slices)


def _menu(filters: TrialFilters, name: str, values: list[str]) -> Menu:
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


def _kept(filters: TrialFilters) -> tuple[tuple[str, str], ...]:
    """Return what the search form keeps of the other filters."""
    slices = [(f"{SLICE_PREFIX}{name}", value) for name, value in filters.slices.items()]
    return (*([("show", filters.show)] if filters.show else []), *slices)


def _row(view: _View, trial: Trial, current: Trial | None) -> TrialRow:
    score = trial.scores.get(view.metric)
    state = _state(view, trial, score)
    answer = trial.answer if trial.answer is not None else trial.said  # type: ignore[attr-defined]
    tokens = (trial.input_tokens, trial.output_tokens)
    return TrialRow(
        pk=trial.pk,
        row=figures.count(trial.sample.row),
        input=trial.excerpt or "",  # type: ignore[attr-defined]
        target=trial.sample.target[:EXCERPT],
        answer=FAILED.get(trial.state) or (answer or "")[:EXCERPT],
        state=state,
        word={"met": "right", "missed": "wrong"}.get(state, ""),
        score=figures.UNKNOWN if score is None else f"{score:g}",
        latency=figures.seconds(trial.latency_seconds),
        tokens=figures.UNKNOWN if None in tokens else f"{tokens[0]:,} + {tokens[1]:,}",
        is_truncated=trial.finish_reason == "length",
        is_current=current is not None and trial.pk == current.pk,
    )


def _state(view: _View, trial: Trial, score: float | None) -> str:
    if trial.state != TrialState.OK or score is None:
        return ""
    if score == 1:
        return "met"
    return "" if view.metric in GRADED and score else "missed"


def _list_query(view: _View, found: list[Trial]) -> str:
    """Return the query that shows this very page; the first one begins somewhere too."""
    if view.filters.cursor is None and found:
        return view.filters.from_place("at", found[0].place, found[0].epoch)
    return view.filters.query()


def _pager(
    view: _View,
    found: list[Trial],
    counts: Mapping[str, int],
    *,
    has_more: bool,
) -> Pager:
    filters, cursor = view.filters, view.filters.cursor
    total = view.trials().count() if filters.narrows else counts[filters.show]
    is_back = cursor is not None and cursor.side == "before"
    has_previous = has_more if is_back else cursor is not None
    has_next = is_back or has_more
    base = reverse("evals:run", args=[view.run.pk])
    first, last = (found[0], found[-1]) if found else (None, None)
    if first and cursor and cursor.side == "at":
        has_previous = _neighbour(view, first, "before") is not None
    return Pager(
        summary=f"{figures.plural(total, 'trial')}, in the order they were asked",
        previous_url=base + filters.from_place("before", first.place, first.epoch)
        if first and has_previous
        else "",
        next_url=base + filters.from_place("after", last.place, last.epoch)
        if last and has_next
        else "",
    )


def _drawer(view: _View, trial: Trial | None, found: list[Trial]) -> Drawer | None:
    if trial is None:
        return None
    here = {row.pk for row in found}
    before, after = (_neighbour(view, trial, side) for side in ("before", "after"))
    return trial_drawer(
        trial,
        spec=view.spec,
        candidate=view.spec.candidates[view.run.position],
        previous_url=_trial_url(view, before, here),
        next_url=_trial_url(view, after, here),
    )


def _neighbour(view: _View, trial: Trial, side: str) -> Trial | None:
    cursor = Cursor(side=side, place=trial.place, epoch=trial.epoch)
    return beyond(view.trials().only("pk", "place", "epoch"), cursor).first()


def _trial_url(view: _View, trial: Trial | None, here: set[int]) -> str:
    """Return the neighbour's address; the table beside it stays where it is if it can."""
    if trial is None:
        return ""
    filters = view.filters
    is_here = trial.pk in here
    query = filters.query() if is_here else filters.from_place("at", trial.place, trial.epoch)
    return reverse("evals:trial", args=[view.run.pk, trial.pk]) + query
