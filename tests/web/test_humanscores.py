"""A person's score of a trial: beside the automatic one, undoable, and never in the verdict."""

import pytest
from django.test import Client
from django.urls import reverse

from evals.domain.specs import Comparator, CriterionSpec, ScorerSpec
from evals.models import AuditEntry, HumanScore, Run, Team, Trial, VerdictRow
from tests import make


@pytest.fixture
def run(team: Team) -> Run:
    """A run over 20 samples, 15 of them right."""
    evaluation = make.evaluation(make.task(team), right={"open-model": 15})
    return evaluation.runs.get(is_incumbent=False)


def wrong(run: Run) -> Trial:
    return Trial.objects.get(run=run, place=17)


def at(trial: Trial, name: str = "trial", *more: int) -> str:
    return reverse(f"evals:{name}", args=[trial.run_id, trial.pk, *more])


def say(client: Client, trial: Trial, value: str = "1", **fields: str) -> str:
    sent = {"scorer": "exact_match", "value": value, **fields}
    response = client.post(at(trial, "human_score"), sent, follow=True)
    return response.content.decode()


def test_it_stands_beside_the_automatic_score(editor_client: Client, run: Run):
    trial = wrong(run)
    text = say(editor_client, trial, note="a <synonym>")
    assert "human 1" in text
    assert "a &lt;synonym&gt;" in text
    trial.refresh_from_db()
    assert trial.scores == {"exact_match": 0.0}


def test_the_run_says_what_the_rate_would_be_and_the_verdict_stays(editor_client: Client, run: Run):
    before = list(VerdictRow.objects.order_by("pk").values_list("state", "grounds"))
    say(editor_client, wrong(run))
    text = editor_client.get(reverse("evals:run", args=[run.pk])).content.decode()
    assert "Exact match 0.750, with 1 human score 0.800." in text
    assert list(VerdictRow.objects.order_by("pk").values_list("state", "grounds")) == before


def test_a_second_score_replaces_the_first_which_stays_on_record(editor_client: Client, run: Run):
    trial = wrong(run)
    say(editor_client, trial, "1")
    say(editor_client, trial, "0", note="no, it is wrong")
    assert HumanScore.objects.filter(trial=trial).count() == 2
    assert HumanScore.objects.get(trial=trial, withdrawn_at=None).value == 0


def test_it_can_be_taken_back_and_put_back(editor_client: Client, run: Run):
    trial = wrong(run)
    say(editor_client, trial)
    score = HumanScore.objects.get()
    editor_client.post(at(trial, "human_score_withdraw", score.pk))
    text = editor_client.get(at(trial)).content.decode()
    assert "human 1" not in text
    assert "Put back" in text
    editor_client.post(at(trial, "human_score_restore", score.pk))
    assert "human 1" in editor_client.get(at(trial)).content.decode()


def test_putting_back_replaces_the_one_that_stands(editor_client: Client, run: Run):
    trial = wrong(run)
    say(editor_client, trial, "1")
    first = HumanScore.objects.get()
    say(editor_client, trial, "0")
    editor_client.post(at(trial, "human_score_restore", first.pk))
    assert HumanScore.objects.get(withdrawn_at=None) == first


def test_every_change_leaves_an_audit_line(editor_client: Client, run: Run):
    trial = wrong(run)
    say(editor_client, trial)
    score = HumanScore.objects.get()
    for name in ("human_score_withdraw", "human_score_withdraw", "human_score_restore"):
        editor_client.post(at(trial, name, score.pk))
    written = AuditEntry.objects.filter(action__startswith="human score").order_by("pk")
    assert [entry.action for entry in written] == [
        "human score saved",
        "human score taken back",
        "human score put back",
    ]
    assert written[0].details["trial"] == trial.pk


@pytest.mark.parametrize("value", ["0.5", "2", "-1", "nan", "x", ""])
def test_what_is_no_score_is_refused_with_what_was_expected(
    editor_client: Client, run: Run, value: str
):
    text = say(editor_client, wrong(run), value)
    assert "✕" in text
    assert not HumanScore.objects.exists()


def test_partial_credit_is_given_where_the_scorer_gives_it(editor_client: Client, team: Team):
    scorers = (ScorerSpec(name="f1"),)
    evaluation = make.live_evaluation(
        make.task(team),
        scorers=scorers,
        criteria=[CriterionSpec(metric="f1", comparator=Comparator.AT_LEAST, threshold=0.5)],
        candidates=[make.candidate_spec()],
    )
    trial = make.answer(evaluation.runs.get(), asked=3, scores={"f1": 0.5})[1]
    assert "human 0.7" in say(editor_client, trial, "0.7", scorer="f1")


def test_the_page_stays_as_it_was_filtered(editor_client: Client, run: Run):
    trial = wrong(run)
    sent = {"scorer": "exact_match", "value": "1", "query": "?show=wrong"}
    response = editor_client.post(at(trial, "human_score"), sent)
    assert response["Location"] == at(trial) + "?show=wrong"
    sent["query"] = "//evil.example/"
    assert editor_client.post(at(trial, "human_score"), sent)["Location"] == at(trial)


def test_a_viewer_and_a_stranger_score_nothing(
    editor_client: Client, viewer_client: Client, stranger_client: Client, run: Run
):
    trial = wrong(run)
    say(editor_client, trial)
    score = HumanScore.objects.get()
    for client in (viewer_client, stranger_client):
        assert client.post(at(trial, "human_score"), {"value": "1"}).status_code == 404
        for name in ("human_score_withdraw", "human_score_restore"):
            assert client.post(at(trial, name, score.pk)).status_code == 404
    assert editor_client.get(at(trial, "human_score")).status_code == 405
    page = viewer_client.get(at(trial)).content.decode()
    assert "human 1" in page
    assert "Take back" not in page
    assert "✕ Wrong" not in page


def test_a_score_of_another_trial_is_not_found(editor_client: Client, run: Run):
    say(editor_client, wrong(run))
    other = Trial.objects.get(run=run, place=3)
    address = at(other, "human_score_withdraw", HumanScore.objects.get().pk)
    assert editor_client.post(address).status_code == 404
