"""The portfolio: money, exposure, order, the chosen shock, and the same as a file."""

import csv
from datetime import timedelta
from io import StringIO

import pytest
from django.urls import reverse

from evals.models import VerdictRow
from evals.queries.portfolio import portfolio_page
from evals.services import tasks as task_services
from evals.services.verdicts import close_evaluation
from tests import make


def evaluated(team, name, **options):
    task = make.task(team, name=name)
    return make.evaluation(task, right={"gpt-x": 18, "open-model": 19}, **options)


def evaluated_on(team, name, now):
    made = make.live_evaluation(make.task(team, name=name))
    for run in made.runs.all():
        make.answer(run)
        make.complete(run)
    close_evaluation(evaluation_id=made.pk, now=now)


def text_of(client, query=""):
    return client.get(reverse("evals:portfolio") + query).content.decode()


def rows_of(client, query=""):
    answer = client.get(reverse("evals:portfolio_file") + query)
    assert answer["Content-Type"].startswith("text/csv")
    return list(csv.DictReader(StringIO(answer.content.decode())))


def test_money_today_with_the_best_go_and_under_the_shock(viewer_client, team):
    evaluated(team, "Ticket triage")
    (row,) = rows_of(viewer_client, "?shock=price-up-new-generation")
    assert row["usd_a_month_today"] == "54"
    assert (row["best_go"], row["usd_a_month_with_best_go"]) == ("open-model", "54")
    assert row["usd_a_month_under_shock"] == "216"
    assert row["under_shock"] == "unknown"
    assert row["why"] == "say how long a switch takes"
    assert row["incumbent_simulated"] == "simulated"
    assert row["open-model"] == "go"


def test_without_a_shock_there_is_no_column_for_one(viewer_client, team):
    evaluated(team, "Ticket triage")
    assert "Under the shock" in text_of(viewer_client)
    assert "Under the shock" not in text_of(viewer_client, "?shock=none")


def test_an_unknown_spend_is_unknown_and_counted_apart(viewer_client, team):
    evaluated(team, "Ticket triage")
    specs = (make.candidate_spec("gpt-x", is_open=False, price=None), make.candidate_spec())
    evaluated(team, "Tone", candidates=specs)
    text = text_of(viewer_client)
    assert "without 1 task: unknown" in text
    assert "The spend of 1 task is unknown" in text
    assert {row["usd_a_month_today"] for row in rows_of(viewer_client)} == {"54", ""}


def test_stale_verdicts_come_first_then_those_that_expire(team):
    for name in ("Alpha", "Gamma"):
        evaluated_on(team, name, make.NOON)
    evaluated_on(team, "Beta", make.NOON - timedelta(days=80))
    make.task(team, name="Aaa untested")
    stale = VerdictRow.objects.filter(run__evaluation__task__name="Gamma")
    stale.update(stale_reason="bar v2 has replaced the one it rests on")
    page = portfolio_page(team, shock=None, now=make.NOON)
    assert [row.name for row in page.rows] == ["Gamma", "Beta", "Alpha", "Aaa untested"]
    assert [row.expiry.words for row in page.rows] == ["stale", "2026-06-11", "2026-08-30", "—"]
    assert page.rows[1].expiry.note == "in 10 days"
    late = portfolio_page(team, shock=None, now=make.NOON + timedelta(days=91))
    assert [row.expiry.note for row in late.rows[1:3]] == ["expired", "expired"]


def test_a_stale_go_is_no_option_to_move_to(viewer_client, team):
    evaluated(team, "Ticket triage")
    VerdictRow.objects.update(stale_reason="bar v2 has replaced the one it rests on")
    assert rows_of(viewer_client)[0]["best_go"] == ""


def test_a_go_that_is_too_old_moves_nothing_and_saves_nothing(team):
    evaluated_on(team, "Ticket triage", make.NOON)
    fresh, late = (
        portfolio_page(team, shock=None, now=make.NOON + timedelta(days=days)) for days in (90, 91)
    )
    assert (fresh.headline, fresh.rows[0].money.best) == (
        "1 of 1 task can move today",
        "open-model",
    )
    assert (late.headline, late.rows[0].money.best) == ("0 of 1 task can move today", "")


def test_exposure_says_on_whom_everything_hangs(viewer_client, team):
    task = evaluated(team, "Ticket triage").task
    task_services.set_incumbent(
        task=task, candidate=task.candidates.get(name="open-model"), user=None
    )
    text = text_of(viewer_client)
    assert "api.example.com" in text
    assert "HHI 10,000 by spend: all on one vendor" in text


def test_no_name_becomes_a_formula(viewer_client, team):
    evaluated(team, '=HYPERLINK("https://example.com")')
    assert rows_of(viewer_client)[0]["task"].startswith("'=")


def test_an_unknown_shock_is_told_and_the_usual_one_shown(viewer_client, team):
    evaluated(team, "Ticket triage")
    assert "There is no shock" in text_of(viewer_client, "?shock=gone")


def test_another_teams_scenario_is_no_choice(stranger_client, viewer_client, team):
    evaluated(team, "Ticket triage")
    assert "Ticket triage" not in text_of(stranger_client)


@pytest.mark.parametrize("shock", ["", "?shock=own-99999999999999999999", "?shock=%00"])
def test_an_odd_address_is_answered(viewer_client, team, shock):
    evaluated(team, "Ticket triage")
    assert rows_of(viewer_client, shock)
