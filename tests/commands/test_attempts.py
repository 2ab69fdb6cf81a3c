"""How often one of several attempts passes, and how often all do."""

from itertools import count

import pytest

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def moody(server):
    """Every second answer of the endpoint is right."""
    number, right = count(), server.answer
    server.answer = lambda messages: right(messages) if next(number) % 2 else "purple"
    return server


def attempts(desk, **plan):
    desk.spec["bar"] = [
        {"metric": "pass@3", "at_least": 0.5},
        {"metric": "pass^3", "at_least": 0.5, "advisory": True},
    ]
    desk.spec["plan"] = {"epochs": 3, **plan}
    desk.candidate["harness"] = {"temperature": 0.7}


def test_each_sample_is_asked_three_times_and_judged_once(desk, moody):
    attempts(desk)
    desk.candidate["endpoint"]["concurrency"] = 1
    ended = desk.evaluate()
    assert ended.status == 0, ended.err
    assert len(moody.requests) == 180
    candidate = desk.result()["candidates"][0]
    some, every = candidate["criteria"]
    assert (some["metric"], some["state"], some["value"]) == ("pass@3", "met", 1.0)
    assert some["method"] == "one-sided betting bound over 60 samples"
    assert (every["value"], every["state"]) == (0.0, "missed")
    assert "pass@3" in ended.out


def test_a_plan_that_asks_less_often_is_refused(desk):
    attempts(desk, epochs=2)
    ended = desk.evaluate()
    assert ended.status == 3
    assert (
        "found 'pass@3' in a plan that asks each sample 2 times, expected plan.epochs of 3"
    ) in ended.err


def test_partial_credit_passes_nothing(desk):
    attempts(desk)
    desk.spec["scorers"] = ["f1"]
    ended = desk.evaluate()
    assert ended.status == 3
    assert "found 'pass@3' of 'f1', expected a first scorer of 0 and 1" in ended.err
