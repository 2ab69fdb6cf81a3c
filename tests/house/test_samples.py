"""Samples are asked for by their primary key: they have no other index."""

import re
from pathlib import Path

import pytest

EVALS = Path(__file__).parents[2] / "evals"
SOURCES = sorted(path for path in EVALS.rglob("*.py") if "migrations" not in path.parts)
BY_VERSION = (
    # A statement names the table and only then how its rows are found; the words' table has more.
    re.compile(r"evals_sample\b(?!words)[^;)]*?\bversion_id\s*(?:=|IN\b)", re.IGNORECASE),
    re.compile(r"Sample\.objects\s*\.(?:filter|get|exclude)\(\s*(?:version|position)"),
    re.compile(r"\bsample__version|version\.samples\b"),
)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1 FROM evals_sample s, evals_run WHERE s.version_id = %s",
        "DELETE FROM evals_sample\n WHERE version_id IN (1)",
        "Sample.objects.filter(\n    version=version)",
        "Trial.objects.filter(sample__version=1)",
    ],
)
def test_what_reads_all_samples_would_be_found(text):
    assert any(pattern.search(text) for pattern in BY_VERSION)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(EVALS)))
def test_no_sample_is_looked_for_by_its_version(path):
    source = path.read_text(encoding="utf-8")
    assert not [found.group() for each in BY_VERSION for found in each.finditer(source)]
