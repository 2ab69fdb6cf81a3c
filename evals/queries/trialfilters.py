"""Which trials of a run are shown: the filters as they stand in the address."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Self
from urllib.parse import urlencode

from django.db.models import F, Func, Q, QuerySet, TextField, Value

from evals.domain.trials import TRUNCATED, TrialState
from evals.models import Run, Trial

SLICE_PREFIX = "slice."
SHOWN = MappingProxyType(
    {
        "right": "Right",
        "wrong": "Wrong",
        TrialState.NO_ANSWER.value: "No answer",
        TrialState.MODEL_ERROR.value: "Model error",
        TrialState.INFRA_ERROR.value: "Infra error",
        TrialState.SCORER_ERROR.value: "Scorer error",
        "truncated": "Truncated",
    }
)
# Keeps numbers within what the columns hold.
PLACE = re.compile(r"(\d{1,9})\.(\d{1,4})", re.ASCII)
LONGEST_SEARCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a page begins: `after` or `before` a (place, epoch), or `at` it."""

    side: str
    place: int
    epoch: int

    def __str__(self) -> str:
        return f"{self.place}.{self.epoch}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialFilters:
    """What the address asks for; anything unknown in it is left out."""

    show: str = ""
    text: str = ""
    slices: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    cursor: Cursor | None = None

    @classmethod
    def of(cls, parameters: Mapping[str, str], *, slices: Sequence[str]) -> Self:
        """Return the filters of an address; `slices` are the columns that there are."""
        show = parameters.get("show", "")
        wanted = {name: _text(parameters, f"{SLICE_PREFIX}{name}") for name in slices}
        return cls(
            show=show if show in SHOWN else "",
            text=_text(parameters, "q").strip()[:LONGEST_SEARCH],
            slices={name: value for name, value in wanted.items() if value},
            cursor=_cursor(parameters),
        )

    def query(self) -> str:
        """Return the address's query, with its "?" even when it is empty."""
        parameters = {"show": self.show, "q": self.text}
        parameters |= {f"{SLICE_PREFIX}{name}": value for name, value in self.slices.items()}
        if self.cursor:
            parameters[self.cursor.side] = str(self.cursor)
        return "?" + urlencode({name: value for name, value in parameters.items() if value})

    def showing(self, show: str) -> str:
        """Return the query that shows one kind of trial, from the first page on."""
        return replace(self, show=show, cursor=None).query()

    def in_slice(self, name: str, value: str) -> str:
        """Return the query for one value of a slice, "" for any."""
        slices = {k: v for k, v in {**self.slices, name: value}.items() if v}
        return replace(self, slices=slices, cursor=None).query()

    def from_place(self, side: str, place: int, epoch: int) -> str:
        """Return the query of the page that begins there."""
        cursor = Cursor(side=side, place=place, epoch=epoch)
        return replace(self, cursor=cursor).query()

    @property
    def narrows(self) -> bool:
        """Whether a count has to be made for these filters alone."""
        return bool(self.text or self.slices)


def matching(run: Run, filters: TrialFilters, *, metric: str, column: str) -> QuerySet[Trial]:
    """Return the run's trials that the filters let through, in no order, from no place."""
    trials = Trial.objects.filter(run=run)
    if filters.show:
        trials = trials.filter(shown_as(filters.show, metric=metric))
    if filters.slices:
        trials = trials.filter(sample__slices__contains=dict(filters.slices))
    if filters.text:
        trials = trials.alias(asked=column_text(column)).filter(
            Q(output__icontains=filters.text) | Q(asked__icontains=filters.text)
        )
    return trials


def shown_as(show: str, *, metric: str) -> Q:
    """Return the condition behind one of the choices; wrong is an answer, not a failure."""
    right = Q(scores__contains={metric: 1})
    if show == "right":
        return right
    if show == "wrong":
        return Q(state=TrialState.OK.value) & ~right
    if show == "truncated":
        return Q(finish_reason__in=TRUNCATED)
    return Q(state=show)


def column_text(column: str) -> Func:
    """Return a column of the sample as text; any name will do, "0" and "a__b" too."""
    return Func(
        F("sample__input"),
        Value(column),
        function="jsonb_extract_path_text",
        output_field=TextField(),
    )


def beyond(trials: QuerySet[Trial], cursor: Cursor) -> QuerySet[Trial]:
    """Return the trials on the cursor's side, nearest first."""
    place, epoch = cursor.place, cursor.epoch
    if cursor.side == "before":
        nearer = Q(place__lte=place) & (Q(place__lt=place) | Q(epoch__lt=epoch))
        return trials.filter(nearer).order_by("-place", "-epoch")
    further = Q(epoch__gte=epoch) if cursor.side == "at" else Q(epoch__gt=epoch)
    nearer = Q(place__gte=place) & (Q(place__gt=place) | further)
    return trials.filter(nearer).order_by("place", "epoch")


def _text(parameters: Mapping[str, str], name: str) -> str:
    # PostgreSQL's text holds no NUL, so nothing is found by one.
    return parameters.get(name, "").replace("\0", "")


def _cursor(parameters: Mapping[str, str]) -> Cursor | None:
    for side in ("after", "before", "at"):
        if found := PLACE.fullmatch(parameters.get(side, "")):
            return Cursor(side=side, place=int(found[1]), epoch=int(found[2]))
    return None
