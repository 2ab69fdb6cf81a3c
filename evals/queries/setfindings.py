"""What to look out for in an eval set, as pages say it: a whole version, or the top of a file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, cast

from evals.domain.evalsets import Mapping, SampleRow, read_samples, text_of
from evals.domain.problems import InputError
from evals.domain.rowfiles import FileKind, open_rows
from evals.domain.setfigures import Pair, SetFigures, figures_of
from evals.domain.setwarnings import SetWarning, set_warnings
from evals.models import EvalSetVersion, Sample, Upload
from evals.queries import figures

LOOKED_AT = 2000  # rows of a file that is not stored yet
LOOKED_AT_BYTES = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A row that shows a finding. `start` None: it is not stored, so there is no page to go to."""

    label: str
    start: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to look at: what and how often, why it matters, and where to see it."""

    title: str
    why: str
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All there is to look at. `looked_at` "": not checked yet."""

    version_id: int | None
    looked_at: str
    items: tuple[Finding, ...]

    @property
    def is_checked(self) -> bool:
        """Whether the rows were looked at."""
        return bool(self.looked_at)


def version_findings(version: EvalSetVersion) -> Findings:
    """Return what stands out in a version; select its check beforehand.

    One query where rows were left out of the file, so that places and rows differ; else none.
    """
    check = getattr(version, "check_row", None)
    if check is None or check.figures is None:
        return Findings(version_id=version.pk, looked_at="", items=())
    found = SetFigures(**check.figures)
    warnings = set_warnings(found)
    rows = _rows_of(version, [place for warning in warnings for place in warning.examples])
    return Findings(
        version_id=version.pk,
        looked_at=f"all {figures.plural(found.rows, 'sample')}",
        items=tuple(
            _finding(warning, [_stored(place, rows) for place in warning.examples])
            for warning in warnings
        ),
    )


def first_findings(upload: Upload, mapping: Mapping | None) -> Findings | None:
    """Return what stands out in the first rows of a kept file; None where nothing can be said."""
    if mapping is None:
        return None
    try:
        samples = _first_samples(upload, mapping)
    except InputError:
        return None  # the page says it where the columns are chosen
    pairs = [
        Pair(place, text_of(sample.input[mapping.input]), sample.target)
        for place, sample in enumerate(samples)
    ]
    whole = "all" if len(pairs) < LOOKED_AT and upload.size <= LOOKED_AT_BYTES else "the first"
    return Findings(
        version_id=None,
        looked_at=f"{whole} {figures.plural(len(pairs), 'row')}" if pairs else "",
        items=tuple(
            _finding(warning, [_unstored(samples[place]) for place in warning.examples])
            for warning in set_warnings(figures_of(pairs))
        ),
    )


def _first_samples(upload: Upload, mapping: Mapping) -> list[SampleRow]:
    with upload.file.open("rb") as file:
        items = read_samples(open_rows(cast("BinaryIO", file), FileKind.of(upload.name)), mapping)
        return list(_within_reach(islice(items, LOOKED_AT)))


def _within_reach(items: Iterator[object]) -> Iterator[SampleRow]:
    size = 0
    for item in items:
        if isinstance(item, SampleRow):
            yield item
            size += sum(len(text_of(cell)) for cell in item.input.values())
        if size > LOOKED_AT_BYTES:
            return


def _finding(warning: SetWarning, examples: Sequence[Example]) -> Finding:
    return Finding(title=warning.title, why=warning.why, examples=tuple(examples))


def _rows_of(version: EvalSetVersion, places: Sequence[int]) -> dict[int, int]:
    """Return the rows of the uploaded file that stand at these places of the version."""
    if not version.rejected_count:
        return {place: place for place in places}
    found = Sample.objects.at(version.pk, places)
    return dict(found.values_list("position", "row"))


def _stored(position: int, rows: dict[int, int]) -> Example:
    return Example(label=f"row {rows.get(position, position)}", start=position)


def _unstored(sample: SampleRow) -> Example:
    return Example(label=f"row {sample.row}", start=None)
