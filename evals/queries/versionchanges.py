"""How one eval-set version became another: counts, pages of changes, and a file of all of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.urls import reverse

from evals.domain.evalsets import text_of
from evals.domain.rowfiles import escape_cell
from evals.domain.rows import JSONValue
from evals.domain.worddiffs import Piece, word_diff
from evals.models import EvalSetVersion, Sample, VersionChange, VersionComparison
from evals.models.versions import ChangeKind
from evals.queries import figures
from evals.queries.evaluationlists import Pager

SHOWN = 20
CHUNK = 500
CELL_SHOWN = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class CellChange:
    """One cell before and after. `pieces` (): too long to be compared word by word."""

    column: str
    before: str
    after: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """One sample that is not the same; `cells` are those that differ, or all there are."""

    label: str
    note: str
    cells: tuple[CellChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KindTab:
    """A kind of change, how many there are, and its address."""

    label: str
    count: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonPage:
    """Two versions beside each other. `is_ready` False: a worker still compares them."""

    before_id: int
    after_id: int
    task_id: int
    task_name: str
    before: str
    after: str
    is_ready: bool
    summary: str
    matched_by: str
    meanings: tuple[str, ...]
    tabs: tuple[KindTab, ...]
    rows: tuple[ChangeRow, ...]
    kind: str
    pager: Pager


def comparison_page(comparison: VersionComparison, *, kind: str, start: int) -> ComparisonPage:
    """Return a page of changes, in three queries; select both versions and their task beforehand.

    An unknown `kind` shows the first that there is any of.
    """
    before, after = comparison.before, comparison.after
    counts = comparison.counts or {}
    present = [each for each in ChangeKind if counts.get(each)]
    chosen = ChangeKind(kind) if kind in ChangeKind else next(iter(present), ChangeKind.CHANGED)
    changes = list(
        comparison.changes.filter(kind=chosen, place__gte=start, place__lt=start + SHOWN).order_by(
            "place"
        )
    )
    return ComparisonPage(
        before_id=before.pk,
        after_id=after.pk,
        task_id=before.eval_set.task_id,
        task_name=before.eval_set.task.name,
        before=f"{before.eval_set.name} v{before.number}",
        after=f"{after.eval_set.name} v{after.number}",
        is_ready=bool(counts),
        summary=_summary(counts),
        matched_by=_matched_by(comparison),
        meanings=tuple(_meanings(before, after)),
        tabs=tuple(_tab(comparison, each, chosen) for each in ChangeKind) if counts else (),
        rows=tuple(_rows(comparison, changes)),
        kind=chosen.value,
        pager=_pager(comparison, chosen, start),
    )


def change_lines(comparison: VersionComparison) -> Iterator[list[str]]:
    """Yield a header, then each sample that differs with its cells, read in chunks.

    Cells are made safe for spreadsheets.
    """
    before, after = comparison.before, comparison.after
    columns = _columns(before, after)
    heads = [f"{side}: {name}" for name in columns for side in ("before", "after")]
    names = ["change", "id", "row_before", "row_after", "changed_columns", *heads]
    yield [escape_cell(name) for name in names]
    for kind in ChangeKind:
        total = (comparison.counts or {}).get(kind, 0)
        for start in range(0, total, CHUNK):
            window = comparison.changes.filter(kind=kind, place__gte=start, place__lt=start + CHUNK)
            changes = list(window.order_by("place"))
            for old, new in _pairs(comparison, changes):
                yield [escape_cell(cell) for cell in _line(kind, old, new, columns)]


def _line(
    kind: str, old: Sample | None, new: Sample | None, columns: Sequence[str]
) -> Iterator[str]:
    sample = new or old
    cells = {name: (_cell(old, name), _cell(new, name)) for name in columns}
    yield from (kind, (sample.key or "") if sample else "")
    yield from ("" if each is None else str(each.row) for each in (old, new))
    both = old is not None and new is not None
    yield ", ".join(name for name, (was, now) in cells.items() if was != now) if both else ""
    yield from (text for pair in cells.values() for text in pair)


def _rows(comparison: VersionComparison, changes: Sequence[VersionChange]) -> Iterator[ChangeRow]:
    columns = _columns(comparison.before, comparison.after)
    for old, new in _pairs(comparison, changes):
        sample = new or old
        if sample is None:
            continue
        rows = [f"row {each.row:,}" if each else "" for each in (old, new)]
        yield ChangeRow(
            label=f"id {sample.key}" if sample.key is not None else (rows[1] or rows[0]),
            note=" → ".join(filter(None, rows)) if old and new else "",
            cells=tuple(_cells(old, new, columns)),
        )


def _cells(old: Sample | None, new: Sample | None, columns: Sequence[str]) -> Iterator[CellChange]:
    for name in columns:
        before, after = _cell(old, name), _cell(new, name)
        if before == after:
            continue
        is_pair = old is not None and new is not None
        pieces = word_diff(before, after) if is_pair else None
        yield CellChange(
            column=name,
            before=_cut(before),
            after=_cut(after),
            pieces=pieces if pieces and len(before) + len(after) <= 2 * CELL_SHOWN else (),
        )


def _pairs(
    comparison: VersionComparison, changes: Sequence[VersionChange]
) -> list[tuple[Sample | None, Sample | None]]:
    """Return the samples of changes before and after, in two queries."""
    old = _samples(comparison.before_id, [change.before for change in changes])
    new = _samples(comparison.after_id, [change.after for change in changes])
    return [
        (old.get(-1 if c.before is None else c.before), new.get(-1 if c.after is None else c.after))
        for c in changes
    ]


def _samples(version_id: int, positions: Sequence[int | None]) -> dict[int, Sample]:
    wanted = [position for position in positions if position is not None]
    rows = Sample.objects.at(version_id, wanted)
    return {row.position: row for row in rows}


def _columns(before: EvalSetVersion, after: EvalSetVersion) -> list[str]:
    return list(dict.fromkeys([*after.columns, *before.columns]))


def _cell(sample: Sample | None, name: str) -> str:
    value: JSONValue = None if sample is None else sample.input.get(name)
    return "" if value is None else text_of(value)


def _cut(text: str) -> str:
    return text if len(text) <= CELL_SHOWN else f"{text[:CELL_SHOWN]}…"


def _summary(counts: dict[str, int]) -> str:
    if not counts:
        return ""
    kinds = [f"{counts[kind]:,} {kind}" for kind in ChangeKind if counts[kind]]
    return ", ".join([*kinds, f"{counts['same']:,} the same"])


def _matched_by(comparison: VersionComparison) -> str:
    if (comparison.counts or {}).get("by_key"):
        return "Samples are matched by their id."
    before, after = (each.mapping["input"] for each in (comparison.before, comparison.after))
    columns = f"“{after}”" if before == after else f"“{before}” before and “{after}” after"
    return (
        "There is no id in both versions, so samples are matched by the text of their input, "
        f"{columns}: one whose input was edited counts as removed and added."
    )


def _meanings(before: EvalSetVersion, after: EvalSetVersion) -> Iterator[str]:
    """Yield what changed about the columns and what they mean."""
    for verb, old, new in (("new", before, after), ("gone", after, before)):
        names = [name for name in new.columns if name not in old.columns]
        if names:
            noun = "Column" if len(names) == 1 else "Columns"
            yield f"{noun} {verb}: {', '.join(names)}; not counted as a change of every sample."
    for part in ("input", "target", "slices", "cluster"):
        was, now = (_named(each.mapping[part]) for each in (before, after))
        if was != now:
            yield f"{part.capitalize()}: {was} before, {now} now."


def _named(columns: str | list[str] | None) -> str:
    return (", ".join(columns) if isinstance(columns, list) else columns) or "none"


def _tab(comparison: VersionComparison, kind: ChangeKind, chosen: ChangeKind) -> KindTab:
    return KindTab(
        label=kind.label.capitalize(),
        count=figures.count((comparison.counts or {})[kind]),
        url=f"{_url(comparison)}?show={kind}",
        is_current=kind == chosen,
    )


def _pager(comparison: VersionComparison, kind: ChangeKind, start: int) -> Pager:
    total = (comparison.counts or {}).get(kind, 0)
    stop = min(start + SHOWN, total)
    here = f"{_url(comparison)}?show={kind}&from="
    return Pager(
        summary=f"{start + 1:,} to {stop:,} of {total:,}" if stop > start else "",
        previous_url=f"{here}{max(0, start - SHOWN)}" if start else "",
        next_url=f"{here}{stop}" if stop < total else "",
    )


def _url(comparison: VersionComparison) -> str:
    return reverse("evals:version_compare", args=[comparison.before_id, comparison.after_id])
