"""What stands above a run's trials: the choices of each filter, with their addresses."""

from collections.abc import Sequence
from dataclasses import dataclass

from evals.domain.specs import GRADED
from evals.queries.runview import RunView
from evals.queries.setlayouts import slice_values
from evals.queries.trialfilters import DIFFERS, HUMANS, SHOWN, TrialFilters

RANGE_LABELS = (
    ("score", "Score", ""),
    ("seconds", "Latency", "s"),
    ("usd", "Cost", "$"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One choice of a filter."""

    label: str
    query: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """A column or a question, and its values."""

    label: str
    chips: tuple[Chip, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeField:
    """The two ends of a range as a form has them."""

    label: str
    unit: str
    low_name: str
    low: str
    high_name: str
    high: str


def trial_counts(view: RunView) -> dict[str, int]:
    """Return how many trials of the run each choice shows, "" for all of them."""
    return {show: int(mask.sum()) for show, mask in view.shown.items()}


def filter_chips(view: RunView) -> tuple[Chip, ...]:
    """Return the choices that show anything, and the one that is chosen."""
    current, counts = view.filters.show, trial_counts(view)
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


def filter_menus(view: RunView) -> tuple[Menu, ...]:
    """Return a menu for each slice column, and one for where candidates differ."""
    slices = slice_values(view.run.evaluation, view.spec)
    menus = [_menu(view.filters, name, values) for name, values in slices.items()]
    if len(view.spec.candidates) > 1:
        menus.append(_differs(view))
    return (*menus, _scored(view.filters))


def range_fields(filters: TrialFilters) -> tuple[RangeField, ...]:
    """Return the fields for score, latency and cost."""
    return tuple(
        RangeField(
            label=label,
            unit=unit,
            low_name=f"{name}_from",
            low=filters.ranges.get(f"{name}_from", ""),
            high_name=f"{name}_to",
            high=filters.ranges.get(f"{name}_to", ""),
        )
        for name, label, unit in RANGE_LABELS
    )


def range_words(filters: TrialFilters) -> str:
    """Return the ranges that are set, in words, "" for none."""
    said = []
    for each in range_fields(filters):
        if each.low or each.high:
            ends = [f"from {each.low}" if each.low else "", f"to {each.high}" if each.high else ""]
            said.append(f"{each.label.lower()} {' '.join(filter(None, ends))}")
    return ", ".join(said)


def kept_fields(filters: TrialFilters, *own: str) -> tuple[tuple[str, str], ...]:
    """Return what a form keeps of the other filters; `own` are its fields."""
    return tuple((name, value) for name, value in filters.fields().items() if name not in own)


def _menu(filters: TrialFilters, name: str, values: Sequence[str]) -> Menu:
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


def _differs(view: RunView) -> Menu:
    current = view.filters.differs
    has_other = view.spec.incumbent and not view.run.is_incumbent
    choices = {"": "any", "any": DIFFERS["any"]} | (dict(DIFFERS) if has_other else {})
    return Menu(
        label=f"differs: {choices.get(current, 'any')}",
        chips=tuple(
            Chip(
                label=label,
                query=view.filters.differing(choice),
                is_current=choice == current,
            )
            for choice, label in choices.items()
        ),
    )


def _scored(filters: TrialFilters) -> Menu:
    choices = {"": "anyhow", **HUMANS}
    return Menu(
        label=f"scored: {choices[filters.human]}",
        chips=tuple(
            Chip(label=label, query=filters.scored(choice), is_current=choice == filters.human)
            for choice, label in choices.items()
        ),
    )
