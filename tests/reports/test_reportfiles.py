"""A report in five formats: the same figures in all, whatever people and models are called."""

import csv
import html
import io
import json
import re
from dataclasses import replace
from typing import Any

import pypdfium2
import pytest
from django.utils import timezone

from evals.domain.reportdocuments import (
    IntervalMark,
    Picture,
    ReportDocument,
    ReportStatus,
    Signature,
    from_mapping,
    to_mapping,
)
from evals.domain.seals import ReportFormat
from evals.domain.specs import Comparator, CriterionSpec
from evals.queries.reportdocuments import report_document
from evals.reports.fonts import unset_letters
from evals.reports.reportfiles import report_bytes
from evals.reports.reportmarkdown import escaped
from evals.reports.reportpictures import LONGEST_NAME, picture_svg, shortened
from tests import make

pytestmark = pytest.mark.django_db
HOSTILE = '<script>alert(1)</script> | **#[x](http://evil.example)** $x^2$ "q" \\ =1+1'


def document(
    name: str = "Ticket triage", *, margin: float | None = None, **options: Any
) -> ReportDocument:
    if margin is not None:
        within = CriterionSpec(metric="exact_match", comparator=Comparator.WITHIN, threshold=margin)
        options["criteria"] = (*make.BAR, within)
    made = make.evaluation(make.task(name=name), right={"open-model": 17}, **options)
    return report_document(made, now=timezone.now())


def texts(found: ReportDocument) -> set[str]:
    """Every word and figure that a reader of the document meets."""
    parts = {found.headline, *found.options}
    if (signed := found.decision) is not None:
        parts |= {signed.candidate, signed.reason, signed.by, signed.at, signed.expires_on or ""}
    for section in (found.first, *found.sections):
        parts |= {fact.value for fact in section.facts} | {fact.note for fact in section.facts}
        parts |= {fact.label for fact in section.facts} | {*section.paragraphs, *section.points}
        for table in section.tables:
            parts |= {table.title, *table.columns} | {c for row in table.rows for c in row}
    return {" ".join(part.split()) for part in parts} - {""}


def decided(found: ReportDocument) -> ReportDocument:
    """Return the record with a decision on it."""
    return replace(
        found,
        status=ReportStatus.GO,
        number=3,
        proposed_by="erin@example.com",
        decision=Signature(
            outcome="GO",
            candidate="open-model",
            reason="It clears the bar.",
            by="alex@example.com",
            at="2026-11-22 10:10 UTC",
            expires_on="2027-02-20",
        ),
    )


def words_of(found: ReportDocument, kind: ReportFormat) -> str:
    """What a reader of that format reads, without the format's own marks and line breaks."""
    data = report_bytes(found, kind)
    if kind is ReportFormat.PDF:
        text = " ".join(
            page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(data)
        )
        return re.sub(r"[\s\x00-\x1f\ufffe\u2010\u00ad\u200b-]+", "", text)
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
    found = decided(document(margin=0.3))
    words = words_of(found, kind)
    # A CSV has a row's name as the key of its figures, without the heading above it.
    headings = {table.columns[0] for each in found.sections for table in each.tables}
    apart = {*headings, *found.options} if kind is ReportFormat.CSV else set()
    apart |= set(found.options) if kind in (ReportFormat.PDF, ReportFormat.HTML) else set()
    missing = [text for text in texts(found) - apart if as_written(text, kind) not in words]
    assert missing == []
    assert len(texts(found)) > 100


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


def page_one(found: ReportDocument) -> str:
    pdf = pypdfium2.PdfDocument(report_bytes(found, ReportFormat.PDF))
    return " ".join(pdf[0].get_textpage().get_text_range().split())


def test_page_one_alone_says_what_was_decided_on_what_and_what_would_change_it():
    found = decided(document())
    first = page_one(found)
    for said in (
        *("Decided: GO", "open-model", "alex@example.com", "holds until 2027-02-20"),
        *("It clears the bar.", "exact match ≥ 0.6", "0.850", "n = 20", "alpha 0.05"),
        *("Clopper-Pearson", "95 % interval [", "Against gpt-x", "Monthly cost", "$54.00 to"),
        *("Autonomy rung", "What could go wrong", "The shock that flips the answer"),
        *("What would change this", "Verdict holds until"),
    ):
        assert said in first, said


def test_page_one_tells_the_answer_from_survival_and_where_the_other_shocks_stand():
    found = document()
    risks, shocks = found.section("risks"), found.section("shocks")
    assert risks is not None
    assert shocks is not None
    assert "the answer to whether the task can move" in risks.paragraphs[0]
    assert risks.paragraphs[1].startswith("Surviving is another question")
    more = len(shocks.tables[0].rows) - 3
    assert more > 0
    assert risks.points[3:] == (
        f"{more} more in the table of shocks, under What a shock would do.",
    )
    assert f"{more} more in the table of shocks" in page_one(found)


def test_page_one_is_one_page_whatever_names_are_like():
    long = make.candidate_spec("a-lab/" + "x" * 110)
    found = document("A long name, " * 12, candidates=(make.incumbent_spec(), long))
    pdf = pypdfium2.PdfDocument(report_bytes(found, ReportFormat.PDF))
    assert "What would change this" in pdf[0].get_textpage().get_text_range()
    assert pdf[1].get_textpage().get_text_range().startswith("Context")


def test_provenance_names_all_that_it_takes_to_do_it_again():
    found = document()
    raw, grounds = found.section("raw"), found.section("provenance")
    assert raw is not None
    assert grounds is not None
    columns = {column for table in raw.tables for column in table.columns}
    assert {
        *("Candidate", "Model", "Revision", "Quantisation", "Served by", "Harness SHA-256"),
        *("Prompt SHA-256", "Decoding", "Price", "Source", "As of", "ok", "skipped"),
    } <= columns
    assert {"Eval set", "Judge", "Plan", "Scorers"} <= {fact.label for fact in grounds.facts}
    assert {row[0] for table in raw.tables for row in table.rows} == {"gpt-x", "open-model"}


def picture(*names: str) -> Picture:
    marks = tuple(
        IntervalMark(name=name, value=0.8, low=0.7, high=0.9, is_open=True, is_hollow=False)
        for name in names
    )
    return Picture(title="t", description='a "b" <c>', axis="exact match", bar=0.85, marks=marks)


def test_a_picture_takes_any_name_as_it_is():
    svg = picture_svg(picture("通义千问", "نموذج", "<b>&--</b>", "🚀"))
    for name in ("通义千问", "نموذج", "&lt;b&gt;&amp;--&lt;/b&gt;", "🚀"):
        assert svg.count(name) == 1
    assert "@0@" not in svg
    assert 'aria-label="a &quot;b&quot; &lt;c&gt;"' in svg


def test_a_long_name_in_a_picture_keeps_its_beginning_and_its_end():
    name = "meta-llama/" + "x" * 90 + "-AWQ"
    assert shortened(name).startswith("meta-llama/")
    assert shortened(name).endswith("-AWQ")
    assert len(shortened(name)) == LONGEST_NAME
    assert shortened("short") == "short"


def test_letters_that_no_font_has_are_named_at_the_end_of_the_pdf():
    assert unset_letters("Ωж عא é") == ""
    assert unset_letters("a🚀🚀") == "🚀"
    pdf = pypdfium2.PdfDocument(report_bytes(document("Triage 🚀"), ReportFormat.PDF))
    assert "U+1F680" in pdf[len(pdf) - 1].get_textpage().get_text_range()


def test_the_decision_of_a_record_is_the_chosen_option_of_madr():
    text = report_bytes(decided(document()), ReportFormat.MARKDOWN).decode()
    assert 'Chosen option: "open-model", because It clears the bar.' in text
    assert text.startswith("---\nstatus: accepted\ndate: 2026-11-22\n")
    drivers = text.split("## Decision Drivers")[1].split("##")[0]
    assert "* exact match ≥ 0.6" in drivers
