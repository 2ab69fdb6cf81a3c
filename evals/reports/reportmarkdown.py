"""A report as Markdown, in the form of an architectural decision record.

Source: MADR 4.0 (adr.github.io/madr): its front matter and headings.
"""

import re
from collections.abc import Iterator, Sequence

from evals.domain.reportdocuments import (
    ReportDocument,
    ReportStatus,
    Section,
    Signature,
    Table,
)

STATUS = {
    ReportStatus.EVALUATED: "draft",
    ReportStatus.PROPOSED: "proposed",
    ReportStatus.GO: "accepted",
    ReportStatus.NO_GO: "rejected",
    ReportStatus.DEFER: "deferred",
}
# What MADR calls the parts that a report has; the others follow under "More Information".
HEADINGS = {
    "context": "Context and Problem Statement",
    "drivers": "Decision Drivers",
    "options": "Considered Options",
}
# The parts of the outcome, in the order of MADR; `risks` is a consequence that may come.
OUTCOME = {
    "consequences": "Consequences",
    "risks": "What could go wrong",
    "confirmation": "Confirmation",
}
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~])")


def report_markdown(document: ReportDocument) -> str:
    """Return the record; names are escaped, so that no name can become a heading or a link."""
    return "\n".join(_lines(document)).rstrip() + "\n"


def _lines(document: ReportDocument) -> Iterator[str]:
    yield from _front_matter(document)
    yield f"# {escaped(document.task)}: {escaped(document.headline)}"
    yield ""
    if document.simulated:
        yield from (f"**{escaped(document.simulated)}**", "")
    for key, heading in HEADINGS.items():
        if section := document.section(key):
            yield from (f"## {heading}", "")
            if key == "options":
                yield from (*(f"* {escaped(option)}" for option in document.options), "")
            yield from _section(section, heading="")
    yield from _outcome(document)
    yield "## More Information"
    yield ""
    known = {*HEADINGS, *OUTCOME}
    for section in document.sections:
        if section.key not in known:
            yield from _section(section, heading=f"### {escaped(section.title)}")


def _front_matter(document: ReportDocument) -> Iterator[str]:
    decision = document.decision
    yield "---"
    yield f"status: {STATUS[document.status]}"
    yield f"date: {(decision.at if decision else document.made_at)[:10]}"
    yield f"decision-makers: {_quoted(decision.by) if decision else '[]'}"
    yield f"consulted: {_quoted(document.proposed_by) if document.proposed_by else '[]'}"
    if document.supersedes is not None:
        yield f"supersedes: {document.supersedes}"
    yield from ("---", "")


def _outcome(document: ReportDocument) -> Iterator[str]:
    yield from ("## Decision Outcome", "")
    if (decision := document.decision) is not None:
        yield f"Chosen option: {_chosen(decision)}, because {escaped(decision.reason)}"
        yield ""
        until = f" It holds until {decision.expires_on}." if decision.expires_on else ""
        yield f"**{decision.outcome}**, by {escaped(decision.by)} on {decision.at}.{until}"
        yield ""
    yield from _section(document.first, heading=f"### {escaped(document.first.title)}")
    for key, heading in OUTCOME.items():
        if section := document.section(key):
            yield from _section(section, heading=f"### {heading}")


def _chosen(decision: Signature) -> str:
    return f'"{escaped(decision.candidate)}"' if decision.candidate else "none, nothing moves"


def _section(section: Section, *, heading: str) -> Iterator[str]:
    if heading:
        yield from (heading, "")
    for paragraph in section.paragraphs:
        yield from (escaped(paragraph), "")
    if section.points:
        yield from (*(f"* {escaped(point)}" for point in section.points), "")
    if section.facts:
        rows = [(fact.label, fact.value, fact.note) for fact in section.facts]
        yield from _table(Table(title="", columns=("", "Figure", "Note"), rows=tuple(rows)))
    for table in section.tables:
        if table.title:
            yield from (f"**{escaped(table.title)}**", "")
        yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    rules = ["---:" if place in table.numeric else "---" for place in range(len(table.columns))]
    yield _row(table.columns)
    yield _row(rules, is_rule=True)
    for row in table.rows:
        yield _row(row)
    yield ""


def _row(cells: Sequence[str], *, is_rule: bool = False) -> str:
    return f"| {' | '.join(cells if is_rule else map(escaped, cells))} |"


def escaped(text: str) -> str:
    """Return a text whose characters mean nothing in Markdown, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _quoted(text: str) -> str:
    inner = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inner}"'
