"""What templates owe to each other."""

import re
from pathlib import Path

import pytest

from evals.queries.glossary import terms

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
ALONE = re.compile(r'{% include "(?P<name>[^"]+)"(?P<given>[^%]*) only %}')


def test_a_fragment_with_a_form_is_handed_the_token_without_which_browsers_are_refused():
    sources = {
        str(path.relative_to(TEMPLATES)): path.read_text() for path in TEMPLATES.rglob("*.html")
    }
    forgotten = [
        f"{page} includes {found['name']}"
        for page, source in sources.items()
        for found in ALONE.finditer(source)
        if "csrf_token" in sources[found["name"]] and "csrf_token=csrf_token" not in found["given"]
    ]
    assert not forgotten


def test_every_term_that_a_template_names_is_in_the_glossary():
    named = {
        key
        for path in TEMPLATES.rglob("*.html")
        for key in re.findall(r'{% term "([^"]+)"', path.read_text())
    }
    assert named
    assert not named - set(terms())


def test_no_label_means_two_things_and_every_meaning_is_one_plain_paragraph():
    said = [label.lower() for term in terms().values() for label in {term.name.lower(), *term.also}]
    assert len(said) == len(set(said))
    for term in terms().values():
        assert re.fullmatch(r"[a-z0-9-]+", term.key)
        assert term.meaning.endswith(".")
        assert "\n" not in term.meaning


@pytest.mark.parametrize(
    ("template", "keys"),
    [
        ("_candidate_table", ("candidate", "verdict", "interval", "n", "cost-per-1k", "p95")),
        ("_compare_summary", ("metric", "interval", "baseline")),
        ("_cost_card", ("cost-per-1k", "cost-per-accepted", "monthly")),
        ("_portfolio_money", ("task", "verdict", "incumbent", "go", "expiry")),
        ("_provenance", ("plan", "eval-set", "hash", "bar", "scorer", "incumbent")),
        ("_cascade_curve", ("escalation", "p95")),
        ("_model_list", ("licence", "openness", "autonomy", "retirement")),
        ("_hosted_plan", ("break-even", "monthly")),
        ("reports", ("record", "decision")),
        ("scenarios", ("survives", "fallback")),
    ],
)
def test_tables_and_cards_explain_their_words(template, keys):
    source = (TEMPLATES / "evals" / f"{template}.html").read_text()
    assert not [key for key in keys if f'{{% term "{key}"' not in source]
