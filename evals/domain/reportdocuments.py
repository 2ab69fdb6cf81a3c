"""A report as a value: the same words and figures for every format, in the order of reading.

Figures stand in it as they are read, units and all, so that no two exports can differ; the numbers
behind them are the result file's, which the document carries along.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

SCHEMA = "viability.report/1"


class ReportStatus(StrEnum):
    """Where a decision is. The first two are no decision yet."""

    EVALUATED = "evaluated"  # nobody has proposed anything
    PROPOSED = "proposed"
    GO = "go"
    NO_GO = "no_go"
    DEFER = "defer"


STATUS_WORDS = {
    ReportStatus.EVALUATED: "Evaluated, nothing proposed",
    ReportStatus.PROPOSED: "Proposed, not decided",
    ReportStatus.GO: "Decided: GO",
    ReportStatus.NO_GO: "Decided: NO-GO",
    ReportStatus.DEFER: "Decided: DEFER",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A figure with its label, and what has to be known to read it."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of texts. `numeric` names the columns, by place, that are aligned as numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalMark:
    """One candidate in the picture of intervals; None is unknown and leaves no mark."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    is_open: bool
    is_hollow: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Intervals beside each other, with the bar as a line. Its numbers stand in a table too."""

    title: str
    description: str
    axis: str
    bar: float | None
    marks: tuple[IntervalMark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a report under its heading."""

    key: str
    title: str
    paragraphs: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    tables: tuple[Table, ...] = ()
    picture: Picture | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a person decided: by whom, when and why. `expires_on` is an ISO date."""

    outcome: str
    candidate: str
    reason: str
    by: str
    at: str
    expires_on: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDocument:
    """A decision record. `number` is None until somebody proposes it.

    `first` is what a reader who sees only page one has to know; `options` names what was
    considered, `result` is the result file, `supersedes` the record that this one replaces.
    `expires_on` is the ISO date until when the verdict holds.
    """

    task: str
    team: str
    status: ReportStatus
    verdict: str
    headline: str
    made_at: str
    evaluation: int
    first: Section
    sections: tuple[Section, ...]
    options: tuple[str, ...]
    result: Mapping[str, Any]
    simulated: str = ""
    expires_on: str | None = None
    number: int | None = None
    proposed_by: str = ""
    supersedes: int | None = None
    previous_sha256: str = ""
    decision: Signature | None = None
    schema: str = SCHEMA

    def section(self, key: str) -> Section | None:
        """Return the section of that key, None if the report has none."""
        return next((section for section in self.sections if section.key == key), None)


def to_mapping(document: ReportDocument) -> dict[str, Any]:
    """Return a document as JSON values."""
    return asdict(document) | {"result": dict(document.result)}


def from_mapping(found: Mapping[str, Any]) -> ReportDocument:
    """Return the document that was stored.

    Raises:
        ValueError: If it is of another schema.
    """
    if found.get("schema") != SCHEMA:
        raise ValueError(f"found {found.get('schema')!r}, expected {SCHEMA}")
    parts = dict(found)
    parts["status"] = ReportStatus(found["status"])
    parts["first"] = _section(found["first"])
    parts["sections"] = tuple(map(_section, found["sections"]))
    parts["options"] = tuple(found["options"])
    parts["decision"] = None if found["decision"] is None else Signature(**found["decision"])
    return ReportDocument(**parts)


def _section(found: Mapping[str, Any]) -> Section:
    return Section(
        key=found["key"],
        title=found["title"],
        paragraphs=tuple(found["paragraphs"]),
        points=tuple(found["points"]),
        facts=tuple(Fact(**fact) for fact in found["facts"]),
        tables=tuple(_table(table) for table in found["tables"]),
        picture=None if found["picture"] is None else _picture(found["picture"]),
    )


def _table(found: Mapping[str, Any]) -> Table:
    return Table(
        title=found["title"],
        columns=tuple(found["columns"]),
        rows=_rows(found["rows"]),
        numeric=tuple(found["numeric"]),
    )


def _rows(found: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(row) for row in found)


def _picture(found: Mapping[str, Any]) -> Picture:
    marks = tuple(IntervalMark(**mark) for mark in found["marks"])
    return Picture(**{**found, "marks": marks})
