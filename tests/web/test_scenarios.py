"""The page of scenarios: shocks of the catalogue, own ones, and what is refused."""

import html

import pytest
from django.urls import reverse

from evals.domain.specs import TaskSpec
from evals.models import AuditEntry, Scenario
from evals.services import tasks as task_services
from tests import make

OWN = {
    "name": "Our vendor doubles its prices",
    "affects": "model",
    "target": "",
    "price_multiplier": "2",
    "quality_delta": "0",
    "outage_hours": "0",
    "availability": "",
    "notice_days": "30",
}


@pytest.fixture
def evaluation(team):
    """The incumbent costs 27 cents per thousand, 54 dollars a month; the open model as much."""
    task = make.task(team, name="Ticket triage")
    made = make.evaluation(task, right={"gpt-x": 18, "open-model": 19})
    spec = TaskSpec(name=task.name, monthly_volume=200_000)
    task_services.change_task(task=task, spec=spec, switch_days=14, user=None)
    return made


def page(client, query=""):
    response = client.get(reverse("evals:scenarios") + query)
    assert response.status_code == 200
    return response.content.decode()


def save(client, **fields):
    return client.post(reverse("evals:scenario_new"), {**OWN, **fields})


def test_a_price_rise_is_replayed_over_every_task(viewer_client, evaluation):
    text = page(viewer_client, "?shock=price-up-new-generation")
    assert "Spend rises from $54.00 to $216.00 a month" in text
    assert "0 of 1 task have a tested fallback in time" in text
    assert "open-model would come too late" in text
    assert "14 days to switch, no notice" in text
    assert "aiwiki.ai" in text
    assert "2024-11-04" in text
    assert "simulated" in text


def test_what_stands_still_stays_in_todays_spend_and_is_no_saving(viewer_client, evaluation):
    moving = make.task(evaluation.task.team, name="Moving")
    make.evaluation(moving, right={"gpt-x": 18, "open-model": 19})
    spec = TaskSpec(name=moving.name, monthly_volume=100_000)
    task_services.change_task(task=moving, spec=spec, switch_days=0, user=None)
    text = page(viewer_client, "?shock=policy-cutoff")
    portfolio = viewer_client.get(reverse("evals:portfolio")).content.decode()
    assert "$81.00" in text
    assert "$81.00" in portfolio
    assert "Of $81.00 spent a month $27.00 stays; 1 task stands still" in text
    assert "for $27.00 of today's" in html.unescape(text)


def test_with_notice_the_task_survives(viewer_client, evaluation):
    text = page(viewer_client, "?shock=deprecation")
    assert "1 of 1 task has a tested fallback in time" in text
    assert "14 days to switch, 183 days&#x27; notice" in text


def test_an_unknown_time_to_switch_stays_unknown(viewer_client, evaluation):
    evaluation.task.refresh_from_db()
    spec = TaskSpec(name="Ticket triage", monthly_volume=200_000)
    task_services.change_task(task=evaluation.task, spec=spec, switch_days=None, user=None)
    assert "say how long a switch takes" in page(viewer_client, "?shock=deprecation")


def test_an_unknown_price_stays_unknown(viewer_client, team):
    specs = (make.candidate_spec("gpt-x", is_open=False, price=None), make.candidate_spec())
    make.evaluation(make.task(team), candidates=specs)
    text = page(viewer_client, "?shock=price-up-new-generation")
    assert "Spend is unknown" in text
    assert "$0.00" not in text


def test_a_target_aims_the_shock(viewer_client, evaluation):
    text = page(viewer_client, "?shock=partner-cut&target=SomebodyElse")
    assert "no task is harmed" in text or "unknown" in text
    assert 'value="SomebodyElse" selected' in text


def test_an_unknown_country_is_told(editor_client, evaluation):
    save(editor_client, affects="jurisdiction", target="us")
    own = Scenario.objects.get()
    assert own.shock["target"] == "US"
    text = page(editor_client, f"?shock=own-{own.pk}&target=Atlantis")
    assert "expected a country of ISO 3166-1" in text


def test_an_unknown_shock_is_told(viewer_client, evaluation):
    assert "There is no shock" in page(viewer_client, "?shock=the-moon")


def test_without_a_task_the_shocks_are_listed(viewer_client):
    text = page(viewer_client)
    assert "No task to shake yet" in text
    assert "The model is retired" in text


def test_a_scenario_is_made_changed_deleted_and_brought_back(editor_client, team, evaluation):
    made = save(editor_client)
    own = Scenario.objects.get(team=team)
    assert made.url == reverse("evals:scenarios") + f"?shock=own-{own.pk}"
    assert "Spend rises from $54.00 to $108.00" in page(editor_client, f"?shock=own-{own.pk}")
    edit = reverse("evals:scenario_edit", args=[own.pk])
    assert "Our vendor doubles" in editor_client.get(edit).content.decode()
    editor_client.post(edit, {**OWN, "price_multiplier": "3"})
    own.refresh_from_db()
    assert own.shock["price_multiplier"] == "3"
    deleted = editor_client.post(reverse("evals:scenario_delete", args=[own.pk]))
    assert not Scenario.objects.exists()
    assert "Undo" in editor_client.get(deleted.url).content.decode()
    entry = AuditEntry.objects.get(action="scenario deleted")
    editor_client.post(reverse("evals:scenario_restore", args=[entry.pk]))
    assert Scenario.objects.get(team=team).shock == own.shock
    actions = AuditEntry.objects.filter(team=team, action__startswith="scenario")
    assert list(actions.order_by("pk").values_list("action", flat=True)) == [
        *("scenario created", "scenario changed", "scenario deleted", "scenario created"),
    ]


def test_what_is_back_already_is_not_brought_back_twice(editor_client, evaluation):
    save(editor_client)
    editor_client.post(reverse("evals:scenario_delete", args=[Scenario.objects.get().pk]))
    entry = AuditEntry.objects.get(action="scenario deleted")
    restore = reverse("evals:scenario_restore", args=[entry.pk])
    editor_client.post(restore)
    answer = editor_client.post(restore, follow=True)
    assert "there is a scenario" in answer.content.decode()
    assert Scenario.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("price_multiplier", "-2", "expected a number from 0 to 1000"),
        ("price_multiplier", "1e300", "expected a number from 0 to 1000"),
        ("price_multiplier", "four", "Enter a number"),
        ("quality_delta", "-16", "expected a number from -1 to 1"),
        ("outage_hours", "10000", "expected a number from 0 to 8784"),
        ("notice_days", "-1", "expected a number from 0"),
        ("notice_days", "1.5", "expected whole days"),
        ("price_multiplier", "1", "Nothing changes"),
        ("name", "", "This field is required"),
    ],
)
def test_figures_that_make_no_sense_are_refused_and_nothing_is_lost(
    editor_client, team, field, value, said
):
    answer = save(editor_client, **{field: value})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert said in text
    assert OWN["name"] in text or field == "name"
    assert not Scenario.objects.exists()


def test_a_country_nobody_knows_is_refused(editor_client):
    answer = save(editor_client, affects="jurisdiction", target="Atlantis")
    assert answer.status_code == 422
    assert "expected a country" in answer.content.decode()


def test_two_scenarios_do_not_share_a_name(editor_client):
    save(editor_client)
    assert save(editor_client, name=OWN["name"].upper()).status_code == 422


def test_one_like_a_preset_begins_with_its_figures(editor_client):
    text = editor_client.get(reverse("evals:scenario_new") + "?like=gpu-up").content.decode()
    assert 'value="1.38"' in text


def test_the_card_of_a_task_names_the_shocks_that_change_something(viewer_client, evaluation):
    text = viewer_client.get(reverse("evals:task", args=[evaluation.task_id])).content.decode()
    assert "What a shock would do" in text
    assert "The model is retired" in text
    assert "Hardware gets dearer" not in text
    assert reverse("evals:scenarios") + "?shock=deprecation" in text
    assert "14 days to switch" in text


def test_a_negative_price_is_refused_in_the_words_that_were_typed(editor_client):
    response = save(editor_client, price_multiplier="-2")
    assert response.status_code == 422
    assert "Found -2, expected a number from 0 to 1000." in response.content.decode()
