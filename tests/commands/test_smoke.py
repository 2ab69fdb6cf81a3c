"""The smoke stage on the command line: it ends with 4, and the same command goes on."""

import pytest

from tests.commands.conftest import recorded, rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def silly(server):
    server.answer = lambda _messages: "purple"
    server.latency_seconds = 0.1
    return server


def test_twenty_wrong_answers_end_it_with_4_and_the_reason(desk, silly):
    desk.write("rows.csv", rows(300))  # nothing is judged before lm-eval is loaded: a shard at most
    ended = desk.evaluate()
    assert ended.status == 4
    assert "open-one: 0 of the first 20 answers are right" in ended.err
    assert 20 <= len(silly.requests) < 300
    assert desk.evaluate().status == 1
    assert len(silly.requests) == 300


def test_no_smoke_goes_on_to_the_verdict(desk, silly):
    assert desk.evaluate("--no-smoke").status == 1
    assert len(silly.requests) == 60


def test_recorded_answers_that_are_all_wrong_are_a_no_go(desk):
    desk.spec["candidates"] = [recorded()]
    lines = [f"sample number {n},purple" for n in range(60)]
    desk.write("answers.csv", "\n".join(["text,answer", *lines]))
    assert desk.evaluate().status == 1


def test_what_it_takes_and_what_no_budget_holds_is_said_beforehand(desk):
    desk.spec["plan"] = {"budget_usd": 5}
    ended = desk.evaluate()
    assert ended.status == 0
    before = ended.err.index("60/60")
    assert 0 <= ended.err.index("open-one: 60 requests, cost unknown") < before
    assert 0 <= ended.err.index("warning: The budget of $5 cannot hold open-one") < before


def test_a_priced_candidate_says_what_it_can_cost_and_how_long_it_takes(desk):
    desk.candidate["price"] = {"usd_per_request": 0.01}
    desk.candidate["endpoint"]["requests_per_minute"] = 6000
    ended = desk.evaluate()
    assert "open-one: 60 requests, $0.60 est., " in ended.err
    assert desk.result()["warnings"] == []


def test_a_budget_ends_the_command_with_the_verdict_on_what_is_stored(desk, server):
    desk.candidate["price"] = {"usd_per_request": 0.01}
    desk.spec["plan"] = {"budget_usd": 0.30}
    result = desk.result()
    (candidate,) = result["candidates"]
    assert candidate["state"] == "stopped"
    assert candidate["message"].startswith("the budget of $0.3 is spent: $0.3000")
    assert candidate["cost"]["total_usd"] == pytest.approx(0.30)
    assert (candidate["usage"]["unconfirmed_requests"], candidate["cost"]["unconfirmed_usd"]) == (
        0,
        0,
    )
    assert len(server.requests) == 30


def test_a_budget_below_the_first_request_is_undecided_and_says_so(desk, server):
    desk.candidate["price"] = {"usd_per_request": 1}
    desk.spec["plan"] = {"budget_usd": 0.5}
    ended = desk.evaluate()
    assert ended.status == 2
    assert "open-one: the budget of $0.5 is spent: $0.0000, and the next request" in ended.err
    assert server.requests == []
