"""What the address of a comparison asks for."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Self, TypeVar
from urllib.parse import urlencode

from evals.domain.comparisons import Around, Show, Sort
from evals.queries.trialfilters import SLICE_PREFIX, text_of

NUMBER = re.compile(r"\d{1,18}", re.ASCII)
POSITION = re.compile(r"\d{1,9}", re.ASCII)
FIRST = Around()
SUMMARY, GRID = "summary", "grid"
Choice = TypeVar("Choice", Show, Sort)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareFilters:
    """The runs, the baseline among them, and what is shown of them."""

    runs: tuple[int, ...] = ()
    baseline: int | None = None
    view: str = SUMMARY
    metric: str = ""
    show: Show = Show.ALL
    sort: Sort = Sort.REGRESSION
    slices: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    around: Around = FIRST

    @classmethod
    def of(cls, parameters: Mapping[str, Sequence[str]]) -> Self:
        """Return the filters of an address; anything unknown is left out.

        `runs` may be written with commas or several times, as forms send it.
        """
        first = {name: values[0] for name, values in parameters.items() if values}
        ids = ",".join(parameters.get("runs", ())).split(",")
        runs = tuple(dict.fromkeys(int(text) for text in ids if NUMBER.fullmatch(text)))
        baseline = first.get("baseline", "")
        slices = {
            name.removeprefix(SLICE_PREFIX): text_of(first, name)
            for name in first
            if name.startswith(SLICE_PREFIX) and first[name]
        }
        return cls(
            runs=runs,
            baseline=int(baseline) if NUMBER.fullmatch(baseline) else None,
            view=GRID if first.get("view") == GRID else SUMMARY,
            metric=text_of(first, "metric"),
            show=_choice(Show, first.get("show"), Show.ALL),
            sort=_choice(Sort, first.get("sort"), Sort.REGRESSION),
            slices=slices,
            around=_around(first),
        )

    def query(self, **changes: object) -> str:
        """Return the address's query with some fields changed, from the first page on."""
        new = replace(self, **{"around": FIRST, **changes})  # type: ignore[arg-type]
        fields = {
            "runs": ",".join(map(str, new.runs)),
            "baseline": str(new.baseline or ""),
            "view": "" if new.view == SUMMARY else new.view,
            "metric": new.metric,
            "show": "" if new.show is Show.ALL else new.show.value,
            "sort": "" if new.sort is Sort.REGRESSION else new.sort.value,
            **{f"{SLICE_PREFIX}{name}": value for name, value in new.slices.items()},
        }
        if new.around.position is not None:
            side = "before" if new.around.is_before else "after"
            fields[side] = str(new.around.position)
        return "?" + urlencode({k: v for k, v in fields.items() if v}, safe=",")

    def in_slice(self, name: str, value: str) -> str:
        """Return the query for one value of a slice, "" for any."""
        return self.query(slices={k: v for k, v in {**self.slices, name: value}.items() if v})


def _around(first: Mapping[str, str]) -> Around:
    for side in ("after", "before"):
        if POSITION.fullmatch(first.get(side, "")):
            return Around(position=int(first[side]), is_before=side == "before")
    return FIRST


def _choice(kind: type[Choice], text: str | None, default: Choice) -> Choice:
    return kind(text) if text in set(kind) else default
