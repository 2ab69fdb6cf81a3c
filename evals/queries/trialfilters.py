"""Which trials of a run are shown: the filters as they stand in the address."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from types import MappingProxyType
from typing import Self
from urllib.parse import urlencode

from evals.domain.trials import TrialState

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
DIFFERS = MappingProxyType(
    {
        "any": "from any candidate",
        "incumbent": "from the incumbent",
        "lost": "wrong, the incumbent right",
        "won": "right, the incumbent wrong",
    }
)
HUMANS = MappingProxyType(
    {
        "none": "by nobody yet",
        "any": "by a person",
        "against": "otherwise than the scorer",
    }
)
DIFFS = ("baseline", "target", "none")
RANGES = ("score_from", "score_to", "seconds_from", "seconds_to", "usd_from", "usd_to")
# Keeps numbers within what the columns hold.
PLACE = re.compile(r"(\d{1,9})\.(\d{1,4})", re.ASCII)
NUMBER = re.compile(r"\d{0,9}(\.\d{0,12})?", re.ASCII)
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
    """What the address asks for; anything unknown in it is left out.

    `ranges` hold what was typed, so that a form shows it again as it was. `diff` is what the drawer
    compares outputs with, "" for what suits.
    """

    show: str = ""
    text: str = ""
    differs: str = ""
    human: str = ""
    diff: str = ""
    slices: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    ranges: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    cursor: Cursor | None = None

    @classmethod
    def of(cls, parameters: Mapping[str, str], *, slices: Sequence[str]) -> Self:
        """Return the filters of an address; `slices` are the columns that there are."""
        show, differs = parameters.get("show", ""), parameters.get("differs", "")
        diff, human = parameters.get("diff", ""), parameters.get("human", "")
        wanted = {name: text_of(parameters, f"{SLICE_PREFIX}{name}") for name in slices}
        typed = {name: parameters.get(name, "").strip() for name in RANGES}
        return cls(
            show=show if show in SHOWN else "",
            text=text_of(parameters, "q").strip()[:LONGEST_SEARCH],
            differs=differs if differs in DIFFERS else "",
            human=human if human in HUMANS else "",
            diff=diff if diff in DIFFS else "",
            slices={name: value for name, value in wanted.items() if value},
            ranges={name: value for name, value in typed.items() if _number(value) is not None},
            cursor=_cursor(parameters),
        )

    def fields(self) -> dict[str, str]:
        """Return what the address says, without where the page begins and without empty fields."""
        said = {"show": self.show, "q": self.text, "differs": self.differs, **self.ranges}
        said |= {"diff": self.diff, "human": self.human}
        said |= {f"{SLICE_PREFIX}{name}": value for name, value in self.slices.items()}
        return {name: value for name, value in said.items() if value}

    def query(self) -> str:
        """Return the address's query, with its "?" even when it is empty."""
        cursor = {self.cursor.side: str(self.cursor)} if self.cursor else {}
        return "?" + urlencode(self.fields() | cursor)

    def showing(self, show: str) -> str:
        """Return the query that shows one kind of trial, from the first page on."""
        return replace(self, show=show, cursor=None).query()

    def differing(self, differs: str) -> str:
        """Return the query that shows where candidates differ so."""
        return replace(self, differs=differs, cursor=None).query()

    def scored(self, human: str) -> str:
        """Return the query that shows what people have scored, or not, from the first page on."""
        return replace(self, human=human, cursor=None).query()

    def comparing(self, diff: str) -> str:
        """Return the query of the same page whose drawer compares outputs with something else."""
        return replace(self, diff=diff).query()

    def in_slice(self, name: str, value: str) -> str:
        """Return the query for one value of a slice, "" for any."""
        slices = {k: v for k, v in {**self.slices, name: value}.items() if v}
        return replace(self, slices=slices, cursor=None).query()

    def from_place(self, side: str, place: int, epoch: int) -> str:
        """Return the query of the page that begins there."""
        cursor = Cursor(side=side, place=place, epoch=epoch)
        return replace(self, cursor=cursor).query()

    def limit(self, name: str) -> float | None:
        """Return one end of a range, None where it is open."""
        return _number(self.ranges.get(name, ""))


def text_of(parameters: Mapping[str, str], name: str) -> str:
    """Return a field without NUL, which PostgreSQL's text cannot hold: nothing is found by one."""
    return parameters.get(name, "").replace("\0", "")


def _number(typed: str) -> float | None:
    if not typed.strip(".") or not NUMBER.fullmatch(typed):
        return None
    return float(typed) if isfinite(float(typed)) else None


def _cursor(parameters: Mapping[str, str]) -> Cursor | None:
    for side in ("after", "before", "at"):
        if found := PLACE.fullmatch(parameters.get(side, "")):
            return Cursor(side=side, place=int(found[1]), epoch=int(found[2]))
    return None
