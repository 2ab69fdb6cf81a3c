"""A report in five formats: the same figures in all, whatever people and models are called."""

import csv
import html
import io
import json
import re

import pypdfium2
import pytest
from django.utils import timezone

from evals.domain.reportdocuments import ReportDocument, from_mapping, to_mapping
from evals.domain.seals import ReportFormat
from evals.queries.reportdocuments import report_document
from evals.reports.reportfiles import report_bytes
from evals.reports.reportmarkdown import escaped
from tests import make

pytestmark = pytest.mark.django_db
HOSTILE = '<script>alert(1)</script> | **#[x](http://evil.example)** $x^2$ "q" \\ =1+1'


def document(name: str = "Ticket triage", **options: object) -> ReportDocument:
    made = make.evaluation(make.task(name=name), right={"open-model": 17}, **options)
    return report_document(made, now=timezone.now())


def texts(found: ReportDocument) -> set[str]:
    """Every figure that a reader of the document meets."""
    parts = {found.headline}
    for section in (found.first, *found.sections):
        parts |= {fact.value for fact in section.facts} | {*section.paragraphs, *section.points}
        parts |= {cell for table in section.tables for row in table.rows for cell in row}
    return {" ".join(part.split()) for part in parts} - {""}


def words_of(found: ReportDocument, kind: ReportFormat) -> str:
    """What a reader of that format reads, without the format's own marks and line breaks."""
    data = report_bytes(found, kind)
    if kind is ReportFormat.PDF:
        text = " ".join(
            page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(data)
        )
        return re.sub(r"[\s\x00-\x1f\ufffe\u2010\u00ad-]+", "", text)
    if kind is ReportFormat.HTML:
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", data.decode())).split())
    if kind is ReportFormat.CSV:
        return "\n".join(cell for row in csv.reader(io.StringIO(data.decode())) for cell in row)
    return data.decode()


def as_written(text: str, kind: ReportFormat) -> str:
    if kind is ReportFormat.PDF:
        return re.sub(r"[\s-]+", "", text)
    if kind is ReportFormat.MARKDOWN:
        return escaped(text)
    return json.dumps(text, ensure_ascii=False)[1:-1] if kind is ReportFormat.JSON else text


@pytest.mark.parametrize("kind", list(ReportFormat))
def test_every_figure_stands_in_every_format(kind):
    found = document()
    words = words_of(found, kind)
    missing = [text for text in texts(found) if as_written(text, kind) not in words]
    assert missing == []
    assert len(texts(found)) > 50


def test_the_document_is_stored_and_read_back_whole():
    found = document()
    assert from_mapping(json.loads(json.dumps(to_mapping(found)))) == found


def test_another_schema_is_refused():
    with pytest.raises(ValueError, match=r"viability\.report/1"):
        from_mapping({"schema": "viability.report/9"})


def test_the_html_file_asks_for_nothing_and_runs_nothing():
    text = report_bytes(document(HOSTILE[:200]), ReportFormat.HTML).decode()
    assert not re.findall(r"""(?:src|href|action|data)\s*=\s*["'](?!#)|url\((?!#)|@import""", text)
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_the_same_document_makes_the_same_files():
    found = document()
    for kind in (ReportFormat.HTML, ReportFormat.MARKDOWN, ReportFormat.CSV, ReportFormat.JSON):
        assert report_bytes(found, kind) == report_bytes(found, kind)


def test_no_name_becomes_markup_in_the_record():
    text = report_bytes(document(HOSTILE[:200]), ReportFormat.MARKDOWN).decode()
    assert text.startswith("---\nstatus: draft\ndate: 20")
    assert not re.search(r"(?<!\\)\]\(", text)
    assert sum(line.startswith("# ") for line in text.splitlines()) == 1


def test_the_record_has_the_headings_of_madr():
    text = report_bytes(document(), ReportFormat.MARKDOWN).decode()
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings == [
        "## Context and Problem Statement",
        "## Decision Drivers",
        "## Considered Options",
        "## Decision Outcome",
        "## More Information",
    ]


def test_no_cell_is_a_formula():
    rows = csv.reader(io.StringIO(report_bytes(document("=1+1"), ReportFormat.CSV).decode()))
    cells = [cell for row in rows for cell in row]
    assert "'=1+1" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "@", "\t"))]


def test_the_pdf_sets_names_as_text_and_says_the_answer_on_page_one():
    pdf = pypdfium2.PdfDocument(report_bytes(document("#panic() $x$"), ReportFormat.PDF))
    first = pdf[0].get_textpage().get_text_range()
    assert "#panic() $x$" in first
    assert "GO" in first
    assert "alpha 0.05" in first


def test_what_is_simulated_says_so_in_every_format():
    found = document()
    assert "stand-in" in found.simulated
    for kind in ReportFormat:
        assert as_written("a stand-in answered for gpt-x", kind) in words_of(found, kind)


def test_an_evaluation_without_verdicts_has_no_report():
    with pytest.raises(ValueError, match="nothing to report"):
        report_document(make.live_evaluation(make.task()), now=timezone.now())
