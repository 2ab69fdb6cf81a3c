"""A live evaluation's figures: rate, time left, what was spent."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from evals.domain.specs import PlanSpec
from evals.models import Evaluation, Run, Team
from evals.models.evaluations import RunState
from evals.queries.access import evaluations_for
from evals.queries.evaluationprogress import ProgressPage, progress_page
from tests import make


@pytest.fixture
def live(team: Team) -> Evaluation:
    """Two candidates with 20 of 60 answers each, asked for ten seconds."""
    evaluation = make.live_evaluation(
        make.task(team), samples=60, plan=PlanSpec(budget_usd=Decimal(5))
    )
    for run in evaluation.runs.all():
        make.answer(run, asked=20, right=15)
    change(evaluation, state=RunState.RUNNING, started_at=timezone.now() - timedelta(seconds=10))
    return evaluation


def change(evaluation: Evaluation, **fields: Any) -> None:
    Run.objects.filter(evaluation=evaluation).update(**fields)


def page_of(evaluation: Evaluation) -> ProgressPage:
    found = evaluations_for(evaluation.task.team).select_related("version").get(pk=evaluation.pk)
    return progress_page(found, now=timezone.now())


def facts_of(evaluation: Evaluation) -> dict[str, tuple[str, str]]:
    return {fact.label: (fact.value, fact.note) for fact in page_of(evaluation).facts}


def test_the_rate_and_the_time_left_follow_from_the_last_half_minute(live: Evaluation):
    facts = facts_of(live)
    assert facts["Rate"][0] in {"4.0 /s", "3.9 /s"}
    assert facts["Time left"][0] in {"20 s", "21 s"}
    assert facts["Trials"] == ("40", "of 120")


def test_a_paused_run_has_no_time_left(live: Evaluation):
    change(live, state=RunState.PAUSED)
    assert facts_of(live)["Time left"][0] == "—"


def test_spending_stands_beside_its_cap_and_says_what_is_simulated(live: Evaluation):
    value, note = facts_of(live)["Spent"]
    assert value == "$0.011"  # 40 x (100 x 2.5 + 2 x 10) / 1,000,000
    assert "cap $5.00" in note
    assert "simulated in part" in note


def test_before_the_first_answer_nothing_is_spent_and_no_rate_is_known(team: Team):
    facts = facts_of(make.live_evaluation(make.task(team)))
    assert facts["Spent"][0] == "$0.00"
    assert facts["Rate"][0] == "—"


def test_without_any_price_spending_is_unknown(team: Team):
    specs = [make.candidate_spec(price=None)]
    facts = facts_of(make.live_evaluation(make.task(team), candidates=specs))
    assert facts["Spent"][0] == "—"


def test_an_interval_is_hollow_until_its_run_has_been_read(live: Evaluation):
    drawn = [row.drawing for row in page_of(live).rows]
    assert [d.state for d in drawn if d] == ["unsettled", "unsettled"]
