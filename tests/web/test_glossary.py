"""The glossary: its page, one term at a time, and the links that lead to it."""

import html

import pytest
from django.urls import reverse

from evals.models import Team
from evals.queries.glossary import glossary, terms
from tests import make


def test_the_page_has_every_term_at_its_anchor(viewer_client, team):
    page = html.unescape(viewer_client.get("/glossary/").content.decode())
    for term in terms().values():
        assert f'<div id="{term.key}"><dt>{term.name}</dt><dd>{term.meaning}</dd></div>' in page
    for group in glossary():
        assert f"<h2>{group.title}</h2>" in page


def test_one_term_is_a_fragment_that_the_browser_may_keep(viewer_client, team):
    response = viewer_client.get("/glossary/non-inferiority/")
    assert "at most a margin worse" in response.content.decode()
    assert "<html" not in response.content.decode()
    assert set(response.headers["Cache-Control"].split(", ")) == {"max-age=3600", "private"}


def test_a_word_that_nobody_explained_is_not_there(viewer_client, team):
    assert viewer_client.get("/glossary/nonsense/").status_code == 404


@pytest.mark.parametrize("kind", ["portfolio", "task", "evaluation", "run"])
def test_pages_lead_from_their_words_to_what_they_mean(viewer_client, team: Team, kind):
    evaluation = make.evaluation(make.task(team))
    pages = {
        "portfolio": (reverse("evals:portfolio"), {"task", "incumbent", "verdict", "hhi", "go"}),
        "task": (
            reverse("evals:task", args=[evaluation.task_id]),
            {"candidate", "bar", "bound", "interval", "n", "p95", "cost-per-accepted", "autonomy"},
        ),
        "evaluation": (
            reverse("evals:evaluation", args=[evaluation.pk]),
            {"alpha", "plan", "trial", "metric", "paired", "hash", "scorer"},
        ),
        "run": (
            reverse("evals:run", args=[evaluation.runs.get(is_incumbent=True).pk]),
            {"sample", "target"},
        ),
    }
    address, keys = pages[kind]
    page = viewer_client.get(address).content.decode()
    missing = {key for key in keys if f'<a class="term" href="/glossary/#{key}">' not in page}
    assert not missing


def test_the_glossary_is_one_press_away_from_every_page(viewer_client, team):
    page = viewer_client.get(reverse("evals:tasks")).content.decode()
    assert '<a href="/glossary/" data-glossary>Glossary</a>' in page
