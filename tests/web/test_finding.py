"""Finding by name: the page, the palette's fragments, and whose things are found."""

import html
import re

import pytest
from django.test import Client
from django.urls import reverse

from evals.models import Team
from evals.queries.places import PLACES
from tests import make
from tests.make import team as make_team

FIND, FOUND = "/find/", "/find/found/"


@pytest.fixture
def busy(team: Team) -> Team:
    """A team with a task, an evaluation of it, and its candidates."""
    make.evaluation(make.task(team, name="Support intent"))
    return team


def found(client: Client, query: str, address: str = FIND) -> str:
    response = client.get(address, {"q": query})
    assert response.status_code == 200
    return html.unescape(response.content.decode())


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("intent support", "Support intent"),
        ("SUPPORT", "Support intent"),
        ("evaluation 1", "Support intent, evaluation 1"),
        ("intent 1", "Support intent, evaluation 1"),
        ("open-model", "open-model"),
        ("gpt-x support", "gpt-x"),
        ("7b olmo-2", "allenai/OLMo-2-1124-7B"),
        ("audit", "Audit log"),
        ("ttft", "TTFT"),
    ],
)
def test_words_in_any_order_and_case_find_what_is_called_so(busy, viewer_client, query, name):
    assert f">{name}</a>" in found(viewer_client, query)
    assert f"<span>{name}</span>" in found(viewer_client, query, FOUND)


def test_every_word_has_to_be_in_the_name(busy, viewer_client):
    page = found(viewer_client, "support nonsense")
    assert "Nothing of the team is called “support nonsense”." in page


def test_a_stranger_finds_nothing_of_the_team(busy, stranger_client):
    for query in ("support", "open-model", "gpt-x", "evaluation 1", "record 1"):
        assert "Support intent" not in found(stranger_client, query)
        assert "/candidates/" not in found(stranger_client, query, FOUND)


def test_who_is_not_signed_in_is_asked_to(client, db):
    for address in (FIND, FOUND, "/find/palette/"):
        assert client.get(address).status_code == 302


def test_what_is_archived_is_not_found(busy, viewer_client):
    candidate = busy.tasks.get().candidates.get(name="open-model")
    candidate.archived_at = make.NOON
    candidate.save()
    assert f'href="{reverse("evals:candidate", args=[candidate.pk])}"' not in found(
        viewer_client, "open-model"
    )


def test_the_folder_of_a_local_model_is_neither_shown_nor_found(team, viewer_client):
    candidate = make.candidate(make.task(team))
    candidate.model.identifier = "/srv/secret-folder/tiny.gguf"
    candidate.model.save()
    assert "tiny.gguf" in found(viewer_client, "tiny")
    assert "/srv/secret-folder" not in found(viewer_client, "tiny")
    assert "tiny.gguf" not in found(viewer_client, "secret-folder")


@pytest.mark.parametrize("query", ["", " ", "\x00", "%", "_", "\\", "9" * 400, "²", "'; --"])
def test_no_query_breaks_it(busy, viewer_client, query):
    assert found(viewer_client, query)
    assert found(viewer_client, query, FOUND)


def test_signs_of_the_database_are_letters_like_others(busy, viewer_client):
    assert ">Support intent</a>" not in found(viewer_client, "%")
    assert ">Support intent</a>" not in found(viewer_client, "support_intent")


def test_the_best_few_are_shown_and_said_to_be_few(team, viewer_client):
    for number in range(8):
        make.task(team, name=f"Late triage {number}")
    make.task(team, name="Triage first")
    page = found(viewer_client, "triage", FOUND)
    names = re.findall(r"<span>(.*?)</span>", page)
    assert names[0] == "Triage first"
    assert len(names) == 6
    assert "The first 6 matches." in page


def test_without_a_word_the_pages_are_offered_and_writers_ones_to_writers(
    editor_client, viewer_client
):
    assert ">New task<" in found(editor_client, "", FOUND)
    assert ">New task<" not in found(viewer_client, "", FOUND)


def test_the_palette_knows_every_page_of_the_sidebar(viewer_client, team):
    page = viewer_client.get(reverse("evals:portfolio")).content.decode()
    (sections,) = re.findall(r'<nav class="sections".*?</nav>', page, re.DOTALL)
    linked = re.findall(r'href="([^"]+)"', sections)
    known = [reverse(place.address) for place in PLACES]
    assert set(linked) <= set(known)
    assert [address for address in known if address in linked] == linked


def test_finding_costs_the_same_queries_for_two_things_and_for_many(
    team, viewer_client, django_assert_num_queries
):
    for address, frame in ((FIND, 5), (FOUND, 3), ("/find/palette/", 3)):
        for size in (1, 12):
            for _ in range(size):
                make.evaluation(make.task(team))
            with django_assert_num_queries(frame + 6):
                found(viewer_client, "task", address)
            with django_assert_num_queries(frame):
                found(viewer_client, "", address)


def test_the_palette_is_a_combobox_over_a_list_with_a_spoken_count(viewer_client, team):
    page = found(viewer_client, "", "/find/palette/")
    assert 'role="combobox"' in page
    assert 'aria-controls="palette-found"' in page
    assert 'id="palette-found" role="listbox"' in page
    assert 'role="status"' in page
    ids = re.findall(r'role="option"[^>]* id="([^"]+)"', page)
    assert len(ids) == len(set(ids)) > 10


def test_another_team_of_the_same_person_is_not_looked_through(viewer_client):
    make.task(make_team("Elsewhere"), name="Their secret")
    assert ">Their secret</a>" not in found(viewer_client, "secret")
