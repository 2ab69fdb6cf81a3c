"""Storing a version says how far it is, and stores every cell as it was read."""

import csv
import io
from typing import Any

import pytest

from evals.domain.evalsets import Mapping
from evals.domain.rowfiles import FileKind, open_rows
from evals.models import EvalSetVersion, Sample
from evals.services.evalsets import Origin, create_version, eval_set_for
from tests import make

pytestmark = pytest.mark.django_db


def stored(content: bytes, **options: Any) -> EvalSetVersion:
    return create_version(
        eval_set=eval_set_for(task=make.task(), name="rows.csv"),
        rows=open_rows(io.BytesIO(content), FileKind.CSV),
        mapping=Mapping("text", "label", ("tone",), "who"),
        origin=Origin(name="rows.csv", user=None),
        **options,
    )


def file_of(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([["text", "label", "tone", "who"], *rows])
    return text.getvalue().encode()


def test_progress_tells_rows_that_only_grow() -> None:
    told: list[int] = []
    stored(file_of([[f"q {n}", "yes", "", ""] for n in range(9000)]), progress=told.append)
    assert len(told) >= 3
    assert told == sorted(told)
    assert told[-1] <= 9000


def test_what_is_stored_is_what_stands_in_the_cells() -> None:
    nasty = ["tab\there", "back\\slash", "\\N", "\\.", "line\nfeed", "re\r\nturn", 'q"uote', "😀 é"]
    rows = [["plain", "yes", "warm", "c1"]]
    rows += [[cell, f"t{cell}", " " if n % 2 else f"s{cell}", ""] for n, cell in enumerate(nasty)]
    samples = Sample.objects.of(stored(file_of(rows)).pk).order_by("pk")
    names = ("text", "label", "tone", "who")
    assert [
        (s.position, s.row, s.key, s.input, s.target, s.slices, s.cluster) for s in samples
    ] == [
        (
            *(n, n, None, dict(zip(names, row, strict=True)), row[1]),
            *({"tone": row[2]} if row[2].strip() else {}, row[3] or None),
        )
        for n, row in enumerate(rows)
    ]
