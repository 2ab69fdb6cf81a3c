"""The pages of replayed cascades: who may ask, who may read, and what they say."""

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from evals.models import CascadeReplay, Evaluation, Trial
from evals.models.facts import ReplayState
from evals.services.cascades import carry_out
from tests import make
from tests.services.test_cascades import SPECS, evaluated, run_of, write_more_where_wrong

pytestmark = pytest.mark.django_db


@pytest.fixture
def evaluation(team: Any) -> Evaluation:
    made = make.evaluation(
        make.task(team),
        samples=40,
        candidates=SPECS,
        right={"open-model": 30, "gpt-x": 36},
    )
    write_more_where_wrong(made)
    return made


def fields(evaluation: Evaluation, **changes: Any) -> dict[str, Any]:
    first, second = run_of(evaluation).pk, run_of(evaluation, "gpt-x").pk
    return {"first": first, "second": second, "signal": "brevity", **changes}


def post(client: Client, evaluation: Evaluation, **changes: Any) -> Any:
    address = reverse("evals:cascade_new", args=[evaluation.pk])
    return client.post(address, fields(evaluation, **changes))


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def listed(client: Client, evaluation: Evaluation) -> str:
    return text(client.get(reverse("evals:cascades", args=[evaluation.pk])))


def made(client: Client, evaluation: Evaluation, **changes: Any) -> CascadeReplay:
    assert post(client, evaluation, **changes).status_code == 302
    replay = CascadeReplay.objects.get()
    carry_out(replay.pk, now=make.NOON)
    replay.refresh_from_db()
    return replay


def test_the_evaluation_offers_its_best_open_candidate_before_the_incumbent(
    editor_client, viewer_client, evaluation
):
    address = reverse("evals:evaluation", args=[evaluation.pk])
    page = text(editor_client.get(address))
    assert "What if open-model answers first?" in page
    assert "Replay open-model → gpt-x" in page
    assert "Replay open-model → gpt-x" not in text(viewer_client.get(address))


def test_one_press_replays_it_and_the_page_waits_for_the_worker(editor_client, evaluation):
    response = post(editor_client, evaluation)
    replay = CascadeReplay.objects.get()
    assert response["Location"] == reverse("evals:cascade", args=[replay.pk])
    waiting = text(editor_client.get(response["Location"]))
    assert "Waiting for a worker" in waiting
    assert f'hx-get="/cascades/{replay.pk}/found/"' in waiting
    carry_out(replay.pk, now=make.NOON)
    fragment = text(editor_client.get(reverse("evals:cascade_found", args=[replay.pk])))
    assert "hx-get" not in fragment
    assert "What bounds it" in fragment


def test_the_page_says_what_was_found(editor_client, evaluation):
    replay = made(editor_client, evaluation)
    page = text(editor_client.get(reverse("evals:cascade", args=[replay.pk])))
    reported = replay.result["reported"]
    assert f"{reported['quality']['value']:.3f} [{reported['quality']['low']:.3f}, " in page
    assert "$0.010 a task, with gpt-x alone" in page
    assert "at random" in page
    assert "over 2 tokens" in page
    assert "while under 90 % are escalated" in page
    assert "40 of 40 in the plan" in page
    assert "20 choose, 20 report" in page
    assert replay.result["sha256"] in page
    assert "had no part in choosing" in page


def test_the_list_names_every_replay_and_an_empty_one_says_so(editor_client, evaluation):
    assert "Nothing has been replayed yet" in listed(editor_client, evaluation)
    replay = made(editor_client, evaluation)
    page = listed(editor_client, evaluation)
    assert f'href="/cascades/{replay.pk}/"' in page
    assert "Nothing has been replayed yet" not in page


def test_a_viewer_reads_and_starts_nothing(editor_client, viewer_client, evaluation):
    replay = made(editor_client, evaluation)
    for page in (
        listed(viewer_client, evaluation),
        text(viewer_client.get(reverse("evals:cascade", args=[replay.pk]))),
    ):
        assert "<form" not in page.partition("<main")[2].partition("</main>")[0]
    assert post(viewer_client, evaluation, signal="answered").status_code == 404
    assert CascadeReplay.objects.count() == 1


@pytest.mark.parametrize("name", ["cascade", "cascade_found", "cascade_file"])
def test_for_a_stranger_no_replay_exists(editor_client, stranger_client, evaluation, name):
    replay = made(editor_client, evaluation)
    address = reverse(f"evals:{name}", args=[replay.pk])
    assert editor_client.get(address).status_code == 200
    assert stranger_client.get(address).status_code == 404
    assert Client().get(address)["Location"].startswith("/sign-in/")


def test_for_a_stranger_no_list_exists_and_nothing_is_replayed(stranger_client, evaluation):
    assert stranger_client.get(f"/evaluations/{evaluation.pk}/cascades/").status_code == 404
    assert post(stranger_client, evaluation).status_code == 404
    assert stranger_client.get(f"/evaluations/{evaluation.pk}/cascades/new/").status_code == 405


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"signal": "agreement"}, "asked each sample once"),
        ({"signal": "pattern"}, "A pattern is needed"),
        ({"signal": "pattern", "pattern": "(a"}, "not a usable pattern"),
        ({"signal": "disagreement"}, "needs a third candidate"),
        ({"signal": "luck"}, "Select a valid choice"),
        ({"first": 999_999}, "Select a valid choice"),
        ({"first": "x"}, "Select a valid choice"),
        ({"signal": "pattern", "pattern": "a" * 501}, "at most 500 characters"),
    ],
)
def test_what_cannot_be_replayed_is_said_and_nothing_typed_is_lost(
    editor_client, evaluation, changes, said
):
    response = post(editor_client, evaluation, **changes)
    assert response.status_code == 422
    page = text(response)
    assert said in page
    if typed := changes.get("pattern"):
        assert f'value="{typed}"' in page
    assert not CascadeReplay.objects.exists()


def test_a_candidate_before_itself_is_refused(editor_client, evaluation):
    same = run_of(evaluation).pk
    response = post(editor_client, evaluation, second=same)
    assert response.status_code == 422
    assert "has to be another one" in text(response)


def test_another_evaluations_run_is_no_choice(editor_client, evaluation):
    other = evaluated()
    response = post(editor_client, evaluation, first=run_of(other).pk)
    assert response.status_code == 422


def test_without_pairs_the_page_says_why(editor_client, evaluation):
    Trial.objects.filter(run=run_of(evaluation, "gpt-x")).delete()
    replay = made(editor_client, evaluation)
    assert replay.state == ReplayState.FAILED
    page = text(editor_client.get(reverse("evals:cascade", args=[replay.pk])))
    assert "It could not be replayed" in page
    assert "gpt-x has 0 scored" in page
    assert "gpt-x has 0 scored" in listed(editor_client, evaluation)
    file = editor_client.get(reverse("evals:cascade_file", args=[replay.pk]))
    assert file.status_code == 404


def test_an_unknown_cost_is_shown_as_unknown(editor_client, team):
    unpriced = [make.candidate_spec("gpt-x", is_open=False, price=None), make.candidate_spec()]
    found = make.evaluation(make.task(team), samples=40, candidates=unpriced)
    Trial.objects.update(latency_seconds=None)
    replay = made(editor_client, found)
    page = text(editor_client.get(reverse("evals:cascade", args=[replay.pk])))
    assert "at an unknown cost, with gpt-x alone" in page
    assert "1.000, at an unknown cost, p95 unknown" in page
    assert "$0.00 " not in page


def test_a_live_evaluation_has_no_form_yet(editor_client, team):
    live = make.live_evaluation(make.task(team), candidates=SPECS)
    page = listed(editor_client, live)
    assert "has to have ended" in page
    assert "Replay another one" not in page
    response = post(editor_client, live)
    assert response.status_code == 422
    assert "has ended" in text(response)


def test_simulated_answers_are_marked(editor_client, team):
    found = make.evaluation(make.task(team), samples=40)
    replay = made(editor_client, found)
    assert "simulated answers" in text(editor_client.get(f"/cascades/{replay.pk}/"))


def test_the_file_has_the_whole_curve_in_numbers(editor_client, evaluation):
    replay = made(editor_client, evaluation)
    document = json.loads(editor_client.get(f"/cascades/{replay.pk}/result.json").content)
    assert [point["usd"] for point in document["curve"]] == [0.001, 0.0035, 0.011]
    assert document["names"] == {"first": "open-model", "second": "gpt-x"}
