"""Having more asked where an evaluation ended undecided."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from evals.domain.specs import Comparator, CriterionSpec, PlanSpec
from evals.models import Evaluation
from evals.models.evaluations import RunState
from evals.queries.specs import frozen_spec
from evals.services.evaluations import start_evaluation
from evals.services.retries import same_grounds
from tests import make

pytestmark = pytest.mark.django_db
HARD = CriterionSpec(metric="exact_match", comparator=Comparator.AT_LEAST, threshold=0.8)
PHONE = CriterionSpec(
    metric="exact_match", comparator=Comparator.AT_LEAST, threshold=0.8, slice={"channel": "phone"}
)
SEQUENTIAL = PlanSpec(stop_early=True, max_samples=20)


def undecided(team: Any, *, plan: PlanSpec, samples: int = 60, **options: Any) -> Evaluation:
    options.setdefault("criteria", [HARD])
    return make.evaluation(
        make.task(team),
        samples=samples,
        plan=plan,
        right={"gpt-x": 17, "open-model": 17},
        **options,
    )


def page_of(client: Any, evaluation: Evaluation) -> str:
    address = reverse("evals:evaluation", args=[evaluation.pk])
    return re.sub(r"\s+", " ", client.get(address).content.decode())


def url(evaluation: Evaluation) -> str:
    return reverse("evals:evaluation_more", args=[evaluation.pk])


def test_a_sequential_plan_goes_on(editor_client, team):
    first = undecided(team, plan=SEQUENTIAL)
    page = page_of(editor_client, first)
    found = re.search(r"Run (\d+) more \(about \$[\d.]+\)", page)
    assert found is not None
    form = editor_client.get(url(first)).content.decode()
    assert f'value="{found[1]}"' in form
    assert "goes on after sample 20" in form
    response = editor_client.post(url(first), {"samples": "15"})
    made = Evaluation.objects.latest("pk")
    assert response["Location"] == reverse("evals:evaluation", args=[made.pk])
    assert (made.extends, made.sample_count) == (first, 35)
    assert f"Evaluation {made.number}</a> goes on from it" in page_of(editor_client, first)
    assert "It goes on from" in page_of(editor_client, made)


def test_a_fixed_plan_starts_on_unused_rows(editor_client, team):
    first = undecided(team, plan=PlanSpec(max_samples=20))
    page = page_of(editor_client, first)
    assert "New evaluation on 40 unused rows (about $" in page
    assert "an alpha of its own" in editor_client.get(url(first)).content.decode()
    editor_client.post(url(first), {"samples": "40"})
    made = Evaluation.objects.latest("pk")
    assert (made.extends, made.sample_count) == (first, 40)
    shown = page_of(editor_client, made)
    assert "It asks about rows that" in shown
    assert "the first 20 places of the order were left out" in shown


def test_a_second_press_leads_to_the_first(editor_client, team):
    first = undecided(team, plan=SEQUENTIAL)
    there = {editor_client.post(url(first), {"samples": "15"})["Location"] for _ in range(2)}
    assert len(there) == 1
    assert Evaluation.objects.filter(extends=first).count() == 1


@pytest.mark.parametrize("samples", ["0", "41", "many", ""])
def test_a_number_that_is_not_there_is_refused(editor_client, team, samples):
    first = undecided(team, plan=SEQUENTIAL)
    assert editor_client.post(url(first), {"samples": samples}).status_code == 422
    assert Evaluation.objects.count() == 1


@pytest.mark.parametrize("plan", [PlanSpec(stop_early=True), PlanSpec()])
def test_without_a_row_left_it_says_so(editor_client, team, plan):
    first = undecided(team, plan=plan, samples=20)
    assert "Every row has been asked: add rows to the eval set" in page_of(editor_client, first)
    assert editor_client.post(url(first), {"samples": "5"}).status_code == 404


def test_where_the_budget_stopped_it_the_rest_is_priced(editor_client, team):
    first = make.live_evaluation(
        make.task(team), samples=20, plan=PlanSpec(budget_usd=Decimal("0.5")), criteria=[HARD]
    )
    for run in first.runs.all():
        make.answer(run, right=6, asked=8)
        message = "the budget of $0.5 is spent: $0.4999, and the next request could cost $0.0010"
        make.complete(run)
        type(run).objects.filter(pk=run.pk).update(state=RunState.STOPPED, message=message)
    make.finish(first)
    page = page_of(editor_client, first)
    assert "Every row has been asked" not in page
    said = re.search(
        r"The budget of \$0\.50? stopped it: 24 planned trials were never asked\. Asking the rest "
        r"would cost about \$([\d.]+)\. A new evaluation with a larger budget asks it",
        page,
    )
    assert said is not None
    assert float(said[1]) > 0


def test_a_cancelled_extension_leaves_the_offer(editor_client, team):
    first = undecided(team, plan=SEQUENTIAL)
    editor_client.post(url(first), {"samples": "15"})
    Evaluation.objects.filter(extends=first).update(state=RunState.CANCELLED)
    assert "Run " in page_of(editor_client, first)


def test_a_verdict_needs_no_more(editor_client, team):
    first = make.evaluation(make.task(team), samples=40, plan=PlanSpec(max_samples=20))
    assert first.runs.get(is_incumbent=False).verdict.state == "go"
    assert "unused row" not in page_of(editor_client, first)
    assert editor_client.get(url(first)).status_code == 404


def test_a_commands_evaluation_goes_on_by_its_spec(editor_client, team):
    like = undecided(team, plan=SEQUENTIAL)
    first = start_evaluation(
        spec=frozen_spec(like), grounds=same_grounds(like), user=None, identity="f" * 64
    )
    for run in first.runs.all():
        make.answer(run, right=17)
        make.complete(run)
    make.finish(first)
    assert "a larger max_samples in its spec" in page_of(editor_client, first)
    assert editor_client.get(url(first)).status_code == 404


def test_a_slice_takes_more_of_the_order(editor_client, team):
    more = []
    for bar in (HARD, PHONE):
        first = undecided(team, plan=SEQUENTIAL, samples=4000, criteria=[bar])
        said = re.search(r"Run ([\d,]+) more", page_of(editor_client, first))
        assert said is not None
        more.append(int(said[1].replace(",", "")))
    assert more[1] > more[0]


def test_unknown_prices_are_said(editor_client, team):
    specs = [make.incumbent_spec(), make.candidate_spec(price=None)]
    page = page_of(editor_client, undecided(team, plan=SEQUENTIAL, candidates=specs))
    assert "more (cost unknown)" in page


def test_a_viewer_sees_no_button_and_a_stranger_nothing(
    viewer_client, stranger_client, editor_client, team
):
    first = undecided(team, plan=SEQUENTIAL)
    assert "More samples may settle" in page_of(viewer_client, first)
    assert "Run " not in page_of(viewer_client, first)
    for client in (viewer_client, stranger_client):
        assert client.get(url(first)).status_code == 404
        assert client.post(url(first), {"samples": "5"}).status_code == 404
