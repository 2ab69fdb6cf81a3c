"""A report as PDF, set by typst: page one alone says what was decided, on what and until when."""

import json
from typing import Any

from django.template.loader import get_template

from evals.domain.reportdocuments import STATUS_WORDS, ReportDocument, Section, to_mapping
from evals.reports.reportpictures import picture_svg

TEMPLATE = "reports/report.typ"


def report_pdf(document: ReportDocument) -> bytes:
    """Return the file. Names and texts reach typst as values, never as markup."""
    import typst  # noqa: PLC0415 - only exports set type

    source = get_template(TEMPLATE).template.source  # type: ignore[attr-defined]
    return bytes(
        typst.compile(
            source.encode(),
            format="pdf",
            sys_inputs={"record": json.dumps(_values(document), ensure_ascii=False)},
        )
    )


def _values(document: ReportDocument) -> dict[str, Any]:
    values = {k: v for k, v in to_mapping(document).items() if k != "result"}
    return values | {
        "status_words": STATUS_WORDS[document.status],
        "first": _with_svg(document.first, values["first"]),
        "sections": [
            _with_svg(section, found)
            for section, found in zip(document.sections, values["sections"], strict=True)
        ],
    }


def _with_svg(section: Section, found: dict[str, Any]) -> dict[str, Any]:
    return found | {"svg": "" if section.picture is None else picture_svg(section.picture)}
