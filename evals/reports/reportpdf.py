"""A report as PDF, set by typst: page one alone says what was decided, on what and until when."""

import json
from typing import Any

from django.template.loader import get_template

from evals.domain.reportdocuments import STATUS_WORDS, ReportDocument, Section, to_mapping
from evals.reports.fonts import FALLBACKS, TEXT, font_folders, unset_letters
from evals.reports.reportpictures import picture_svg

TEMPLATE = "reports/report.typ"
MOST_NAMED = 12
BOX = "□"


def report_pdf(document: ReportDocument) -> bytes:
    """Return the file. Names and texts reach typst as values, never as markup."""
    import typst  # noqa: PLC0415 - only exports set type

    source = get_template(TEMPLATE).template.source  # type: ignore[attr-defined]
    return bytes(
        typst.compile(
            source.encode(),
            format="pdf",
            font_paths=font_folders(),
            ignore_system_fonts=True,
            sys_inputs={"record": json.dumps(_values(document), ensure_ascii=False)},
        )
    )


def _values(document: ReportDocument) -> dict[str, Any]:
    values = {k: v for k, v in to_mapping(document).items() if k != "result"}
    unset = unset_letters(json.dumps(values, ensure_ascii=False))
    return values | {
        "fonts": [TEXT, *FALLBACKS],
        "unset": _unset_words(unset),
        "status_words": STATUS_WORDS[document.status],
        "first": _with_svg(document.first, values["first"], unset),
        "sections": [
            _with_svg(section, found, unset)
            for section, found in zip(document.sections, values["sections"], strict=True)
        ],
    }


def _unset_words(letters: str) -> str:
    """Return which letters stand as boxes, by number: what cannot be set cannot be shown."""
    if not letters:
        return ""
    named = ", ".join(f"U+{ord(letter):04X}" for letter in letters[:MOST_NAMED])
    more = f" and {len(letters) - MOST_NAMED} more" if len(letters) > MOST_NAMED else ""
    return (
        f"No font here has the letters {named}{more}; they stand as boxes. "
        "The HTML, Markdown, JSON and CSV files of this record have them."
    )


def _with_svg(section: Section, found: dict[str, Any], unset: str) -> dict[str, Any]:
    if section.picture is None:
        return found | {"svg": ""}
    # In a picture one letter that no font has would cost its whole name.
    boxes = str.maketrans(dict.fromkeys(unset, BOX))
    return found | {"svg": picture_svg(section.picture).translate(boxes)}
