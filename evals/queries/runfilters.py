"""What stands above a run's trials: the choices of each filter, with their addresses."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count

from evals.domain.specs import GRADED
from evals.models import Trial
from evals.queries.runview import RunView
from evals.queries.slices import slice_values
from evals.queries.trialfilters import SHOWN, SLICE_PREFIX, TrialFilters, shown_as


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


def trial_counts(view: RunView) -> dict[str, int]:
    """Return how many trials of the run each choice shows, "" for all of them."""
    kinds = {f"n_{show}": Count("pk", filter=shown_as(show, metric=view.metric)) for show in SHOWN}
    found = Trial.objects.filter(run=view.run).aggregate(n_=Count("pk"), **kinds)
    return {name.removeprefix("n_"): number for name, number in found.items()}


def filter_chips(view: RunView, counts: Mapping[str, int]) -> tuple[Chip, ...]:
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


def slice_menus(view: RunView) -> tuple[Menu, ...]:
    """Return a menu for each slice column, in one query."""
    if not view.spec.eval_set.slices:
        return ()
    values = slice_values(view.run.evaluation.version_id)
    columns = view.spec.eval_set.slices
    return tuple(_menu(view.filters, name, values.get(name, [])) for name in columns)


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


def kept_fields(filters: TrialFilters) -> tuple[tuple[str, str], ...]:
    """Return what the search form keeps of the other filters."""
    slices = [(f"{SLICE_PREFIX}{name}", value) for name, value in filters.slices.items()]
    return (*([("show", filters.show)] if filters.show else []), *slices)
