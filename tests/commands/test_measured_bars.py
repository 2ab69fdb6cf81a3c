"""Bars about first tokens, errors and accepted answers, from the spec to the verdict."""

import pytest

from tests.fakes import Answer

pytestmark = pytest.mark.django_db(transaction=True)
SIMULATED = {
    "kind": "stand_in",
    "simulation": {"latency_seconds": 0.01, "ttft_seconds": 0.004, "output_tokens": 5},
}
PRICE = {"input_usd_per_mtok": 1, "output_usd_per_mtok": 1}
BAR = [
    {"metric": "ttft_p50_seconds", "at_most": 1},
    {"metric": "error_rate", "at_most": 0.2},
    {"metric": "cost_per_accepted_usd", "at_most": 0.01},
]


def states(document):
    (candidate,) = document["candidates"]
    return {line["metric"]: line["state"] for line in candidate["criteria"]}


@pytest.mark.parametrize("plan", [{}, {"stop_early": True}])
@pytest.mark.parametrize("failure", [{}, {"failure_cost_usd": 0.02}])
def test_a_streamed_cheap_candidate_without_errors_is_go(desk, plan, failure):
    desk.candidate.update(endpoint=SIMULATED, price=PRICE)
    desk.spec.update(bar=BAR, plan=plan, task={"name": "Colours", **failure})
    document = desk.result()
    assert document["verdict"] == "go"
    assert set(states(document).values()) == {"met"}
    (candidate,) = document["candidates"]
    latency, lines = candidate["latency"], candidate["criteria"]
    assert latency["ttft_n"] == latency["n"] > 0
    assert latency["ttft_p50_seconds"] == pytest.approx(0.004)
    assert latency["tpot_p50_seconds"] == pytest.approx(0.006 / 4)
    assert latency["concurrency"] == 8
    assert latency["in_flight"] > 0
    assert lines[2]["rule"] == ("redone" if failure else "dropped")
    assert lines[2]["value"] == pytest.approx(candidate["cost"]["per_accepted_usd"])
    assert "errors" in document["method"]


def test_refused_requests_are_errors(desk, server):
    server.script.extend([Answer(status=400, body={"error": {"message": "no"}})] * 30)
    desk.spec["bar"] = [{"metric": "error_rate", "at_most": 0.2}]
    document = desk.result("--no-smoke")
    assert states(document) == {"error_rate": "missed"}
    assert document["candidates"][0]["criteria"][0]["value"] == 0.5


def test_a_first_token_of_answers_in_one_piece_is_refused_before_anything_is_asked(desk, server):
    desk.spec["bar"] = [{"metric": "ttft_p95_seconds", "at_most": 1}]
    ended = desk.evaluate()
    assert ended.status == 3
    assert "come in one piece" in ended.err
    assert server.requests == []


def test_an_unknown_price_leaves_the_accepted_answer_unsettled(desk):
    desk.spec["bar"] = [{"metric": "cost_per_accepted_usd", "at_most": 1}]
    ended = desk.evaluate()
    assert ended.status == 2
    assert "unknown cost per accepted answer" in ended.out


def test_a_plan_names_the_new_lines_and_warns_of_ungated_latency(desk):
    desk.candidate.update(endpoint=SIMULATED, price=PRICE)
    desk.spec.update(bar=BAR[1:], task={"name": "Colours", "interactive": True})
    ended = desk.run("plan")
    assert ended.status == 0
    assert "error rate" in ended.out.lower()
    assert "no required line of its bar is about latency" in ended.err
    desk.spec["bar"] = BAR
    assert "about latency" not in desk.run("plan").err
