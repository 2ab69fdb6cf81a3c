"""Hosting plans, and what they come to beside the API on the task's page."""

from datetime import timedelta
from decimal import Decimal

import pytest

from evals.domain.specs import PriceSpec
from evals.models import AuditEntry, HostingPlan, ModelFactsRow, Task, TeamHardware, ThroughputTest
from evals.models.prices import ThroughputState
from tests import make

PLAN = {
    "hardware_key": "l4",
    "basis": "on_demand",
    "gpus_per_replica": "1",
    "spare_gpus": "1",
    "utilisation": "50",
    "operations_share": "20",
    "bits": "8",
    "context_tokens": "4096",
    "sequences": "16",
    "assumed_tokens_per_second": "2040",
    "marginal_usd_per_1k_tasks": "",
}
# Each task takes 100 tokens in and 2 out: $0.00027 at $2.5 and $10 a million.
NOBODYS = PriceSpec()


@pytest.fixture
def evaluation(team):
    specs = (
        make.candidate_spec("gpt-x", is_open=False),
        make.candidate_spec("open-model"),
    )
    return make.evaluation(make.task(team, monthly_volume=200_000), candidates=specs)


@pytest.fixture
def candidate(evaluation):
    return evaluation.runs.get(is_incumbent=False).candidate


def plan(client, candidate, **fields):
    return client.post(f"/candidates/{candidate.pk}/hosting/", {**PLAN, **fields})


def task_page(client, evaluation):
    return client.get(f"/tasks/{evaluation.task_id}/")


def hosted(client, evaluation):
    (line,) = task_page(client, evaluation).context["page"].answer.costs.hosted
    return line


def level(concurrency, tasks, *, within=True):
    return {
        "concurrency": concurrency,
        "requests": 200,
        "failed": 0,
        "seconds": 60.0,
        "tasks_per_hour": tasks,
        "input_tokens_per_second": 900.0,
        "output_tokens_per_second": 100.0,
        "p50_seconds": 0.6,
        "p95_seconds": 1.4,
        "p99_seconds": 1.9,
        "p95_low_seconds": 1.3,
        "p95_high_seconds": 1.6,
        "ttft_p50_seconds": None,
        "ttft_p95_seconds": None,
        "tpot_p50_seconds": None,
        "is_within_bar": within,
    }


def measured(candidate, *levels, key="l4", days=0, state=ThroughputState.COMPLETED):
    version = make.of_version(candidate.task, 20)
    return ThroughputTest.objects.create(
        candidate=candidate,
        version=version,
        state=state,
        settings={"latency_bar_seconds": 2.0, "hardware_key": key, "samples": 200},
        levels=list(levels),
        finished_at=make.NOON + timedelta(days=days),
    )


def test_every_candidate_is_costed_by_task_thousand_accepted_answer_and_month(
    viewer_client, evaluation
):
    card = task_page(viewer_client, evaluation).context["page"].answer.costs
    incumbent = card.rows[0].costs
    assert (incumbent.per_task, incumbent.per_1k) == ("$0.00027", "$0.27")
    assert (incumbent.per_accepted, incumbent.monthly) == ("$0.00027", "$54.00")
    assert card.rule.startswith("Per accepted answer: wrong ones are dropped")


def test_where_a_wrong_answer_is_done_again_the_card_says_so_and_counts_it(team, viewer_client):
    task = make.task(team, failure_cost_usd=Decimal("0.40"))
    specs = (make.candidate_spec("gpt-x", is_open=False), make.candidate_spec("open-model"))
    made = make.evaluation(task, candidates=specs, right={"open-model": 15})
    card = task_page(viewer_client, made).context["page"].answer.costs
    assert card.rule == "Per accepted answer: each wrong one is caught and done again for $0.40."
    assert card.rows[1].costs.per_accepted == "$0.10"


def test_a_plan_is_saved_with_a_line_and_costed_beside_the_api(
    editor, editor_client, evaluation, candidate
):
    assert plan(editor_client, candidate).status_code == 302
    # 2,040 tokens/s at 102 a task are 72,000 tasks an hour: one replica, and one that stands by.
    line = hosted(editor_client, evaluation)
    assert line.is_estimated
    assert line.gpus == "1 + 1 spare"
    assert line.costs.monthly == "$1,400"  # 2 x $0.7992 x 730 h x 1.2
    assert line.break_even == "5,190,000"
    assert line.per_mtok == "$68.64"
    assert line.break_even_note == "tasks a month or more, 9.9 % of one replica"
    page = task_page(editor_client, evaluation).content.decode()
    assert "○" in page
    assert "est." in page
    audit = AuditEntry.objects.get(action="hosting planned")
    assert (audit.user, audit.subject, audit.details["hardware_key"]) == (
        editor,
        "open-model",
        "l4",
    )


def test_the_table_over_the_volume_names_the_tasks_own_and_the_break_even(
    editor_client, evaluation, candidate
):
    plan(editor_client, candidate)
    line = hosted(editor_client, evaluation)
    volumes = [point.tasks for point in line.series]
    assert volumes == [20_000, 60_000, 200_000, 600_000, 2_000_000, 5_185_920, 6_000_000]
    assert [row.mark for row in line.curve if row.mark] == ["yours", "break-even"]
    at = next(point for point in line.series if point.is_break_even)
    assert at.api_usd is not None
    assert at.hosted_usd <= at.api_usd


def test_a_measurement_on_the_plans_hardware_takes_the_place_of_the_estimate(
    editor_client, evaluation, candidate
):
    plan(editor_client, candidate)
    measured(candidate, level(1, 9e9), key="t4")
    measured(candidate, level(1, 9e9), state=ThroughputState.RUNNING)
    assert hosted(editor_client, evaluation).is_estimated
    measured(candidate, level(4, 36_000.0), level(16, 90_000.0, within=False))
    line = hosted(editor_client, evaluation)
    assert not line.is_estimated
    assert line.basis == "measured 2026-06-01: 36,000 tasks/h at 4 at once, p95 1.40 s"
    assert line.break_even == "5,190,000"  # one replica still takes 13 million
    assert line.load == "0.8 %"
    page = task_page(editor_client, evaluation).content.decode()
    assert "● " in page.replace("●</span>", "● ")
    assert "○" not in page


def test_where_no_level_kept_to_the_latency_bar_the_cost_is_unknown_and_said(
    editor_client, evaluation, candidate
):
    plan(editor_client, candidate)
    measured(candidate, level(4, 36_000.0), days=-3)
    measured(candidate, level(4, 36_000.0, within=False))
    line = hosted(editor_client, evaluation)
    assert line.costs is None
    assert "No level of the throughput test of 2026-06-01 kept to the latency bar" in line.problem
    assert line.problem in task_page(editor_client, evaluation).content.decode()


def size(team, **facts):
    ModelFactsRow.objects.create(
        team=team, identifier="lab/open-model", facts=facts, source="a card"
    )


def test_what_fits_says_what_it_takes_of_what_there_is(team, editor_client, evaluation, candidate):
    size(team, parameters_billion="8.03", layers=32, kv_heads=8, head_dim=128)
    plan(editor_client, candidate)
    memory = hosted(editor_client, evaluation).memory
    assert memory.text == "fits: 16.6 of 24 GB"
    assert memory.note == "weights 8 GB, cache 8.6 GB"
    assert memory.speed == "at most 37 tokens/s for one answer at a time"


def test_what_does_not_fit_says_how_many_gpus_would_hold_it(
    team, editor_client, evaluation, candidate
):
    size(team, parameters_billion="32")
    plan(editor_client, candidate)
    memory = hosted(editor_client, evaluation).memory
    assert memory.text == "does not fit: needs 2 GPUs (32 GB)"
    assert memory.state == "missed"


def test_a_size_that_is_not_on_record_leaves_the_fit_unknown(editor_client, evaluation, candidate):
    plan(editor_client, candidate)
    memory = hosted(editor_client, evaluation).memory
    assert (memory.text, memory.note) == ("unknown", "the model's size is not on record")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"basis": "spot"}, "What an hour of NVIDIA L4 costs, spot, is unknown."),
        ({"basis": "purchase"}, "unknown without the price, the months, what electricity costs"),
        ({"assumed_tokens_per_second": ""}, "Its throughput is unknown: measure it"),
    ],
)
def test_a_plan_that_lacks_a_figure_has_no_costs_and_says_which(
    editor_client, evaluation, candidate, fields, problem
):
    assert plan(editor_client, candidate, **fields).status_code == 302
    line = hosted(editor_client, evaluation)
    assert line.costs is None
    assert problem in line.problem
    assert problem in editor_client.get(f"/candidates/{candidate.pk}/hosting/").content.decode()


def test_hardware_that_is_off_the_list_cannot_be_costed(team, editor_client, evaluation, candidate):
    plan(editor_client, candidate)
    TeamHardware.objects.create(team=team, key="l4", figures=None)
    assert "off your list of hardware" in hosted(editor_client, evaluation).problem


def test_hardware_dearer_than_the_incumbent_at_full_use_never_pays(
    editor_client, evaluation, candidate
):
    plan(editor_client, candidate, assumed_tokens_per_second="51", operations_share="100")
    line = hosted(editor_client, evaluation)
    assert (line.break_even, line.break_even_note) == ("never", "dearer than gpt-x at any volume")
    assert not any(point.is_break_even for point in line.series)


def test_an_incumbent_without_a_price_leaves_the_break_even_unknown(team, editor_client):
    specs = (
        make.candidate_spec("gpt-x", is_open=False, price=None),
        make.candidate_spec("open-model"),
    )
    made = make.evaluation(make.task(team), candidates=specs)
    plan(editor_client, made.runs.get(is_incumbent=False).candidate)
    line = hosted(editor_client, made)
    assert (line.break_even, line.break_even_note) == ("unknown", "the cost of gpt-x is unknown")
    assert {row.api for row in line.curve} == {"—"}


@pytest.mark.parametrize(
    ("volume", "said"),
    [(None, "The task has no monthly volume"), (0, "monthly volume is 0: nothing is to be served")],
)
def test_without_a_volume_there_is_no_bill_and_the_card_says_so(
    editor_client, evaluation, candidate, volume, said
):
    Task.objects.update(monthly_volume=volume)
    plan(editor_client, candidate)
    line = hosted(editor_client, evaluation)
    assert (line.costs.monthly, line.gpus, line.per_mtok) == ("—", "—", "—")
    assert line.break_even == "5,190,000"
    assert said in task_page(editor_client, evaluation).content.decode()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"hardware_key": "abacus"}, "Select a valid choice"),
        ({"utilisation": "0"}, "greater than or equal to 1"),
        ({"utilisation": "101"}, "less than or equal to 100"),
        ({"assumed_tokens_per_second": "0"}, "Nothing can be costed at a throughput of 0"),
        ({"assumed_tokens_per_second": "-5"}, "Nothing can be costed at a throughput of 0"),
        ({"gpus_per_replica": "0"}, "greater than or equal to 1"),
        ({"spare_gpus": "-1"}, "greater than or equal to 0"),
        ({"operations_share": "-1"}, "greater than or equal to 0"),
        ({"marginal_usd_per_1k_tasks": "£1"}, "expected US dollars: convert other currencies"),
        ({"bits": "7"}, "Select a valid choice"),
        ({"context_tokens": ""}, "required"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_in_words(editor_client, candidate, fields, message):
    response = plan(editor_client, candidate, **fields)
    assert response.status_code == 422
    assert message in response.content.decode()
    assert not HostingPlan.objects.exists()


def test_a_plan_is_edited_in_place_and_removed_with_its_figures_in_the_log(
    editor_client, candidate
):
    plan(editor_client, candidate)
    plan(editor_client, candidate)
    plan(editor_client, candidate, spare_gpus="0")
    assert HostingPlan.objects.get().figures["spare_gpus"] == 0
    assert AuditEntry.objects.filter(action="hosting planned").count() == 2
    form = editor_client.get(f"/candidates/{candidate.pk}/hosting/").context["page"].form
    assert (form["utilisation"].value(), form["operations_share"].value()) == ("50", "20")
    editor_client.post(f"/candidates/{candidate.pk}/hosting/remove/")
    assert not HostingPlan.objects.exists()
    line = AuditEntry.objects.get(action="hosting plan removed")
    assert line.details["hardware_key"] == "l4"
    assert editor_client.post(f"/candidates/{candidate.pk}/hosting/remove/").status_code == 302


def test_a_candidate_that_was_not_evaluated_can_be_planned_too(team, editor_client):
    made = make.candidate(make.task(team))
    address = f"/candidates/{made.pk}/hosting/"
    assert address in editor_client.get(f"/candidates/{made.pk}/").content.decode()
    plan(editor_client, made)
    page = editor_client.get(address).content.decode()
    assert "It was not evaluated yet" in page
    assert "The tokens of a task are unknown" in page


def test_a_closed_model_has_no_weights_to_host(team, editor_client):
    made = make.candidate(make.task(team), is_open=False)
    assert "/hosting/" not in editor_client.get(f"/candidates/{made.pk}/").content.decode()
    assert editor_client.get(f"/candidates/{made.pk}/hosting/").status_code == 404


def test_viewers_and_strangers_find_no_plan_to_change(viewer_client, stranger_client, candidate):
    for client in (viewer_client, stranger_client):
        assert client.get(f"/candidates/{candidate.pk}/hosting/").status_code == 404
        assert plan(client, candidate).status_code == 404
        assert client.post(f"/candidates/{candidate.pk}/hosting/remove/").status_code == 404
    assert not HostingPlan.objects.exists()
