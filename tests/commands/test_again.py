"""`viability evaluate` once more: with fresh answers, or with what failed asked again."""

from collections import Counter

import pytest

from evals.models import Evaluation, VerdictRow
from evals.services.control import cancel_evaluation
from tests import make
from tests.fakes import Answer

pytestmark = pytest.mark.django_db(transaction=True)


def test_another_bar_asks_nothing_and_says_so(desk, server):
    desk.evaluate()
    desk.spec["bar"][0]["at_least"] = 0.8
    ended = desk.evaluate()
    assert ended.status == 0
    assert "60 of 60 answers reused, nothing paid for them" in ended.err
    assert len(server.requests) == 60


def test_the_same_samples_are_called_the_same_where_the_model_is_sampled(desk, server):
    desk.candidate["harness"] = {"temperature": 0.7}
    desk.evaluate()
    desk.spec["bar"][0]["at_least"] = 0.8
    assert "these are the same samples, not new ones" in desk.evaluate().err


def test_fresh_asks_all_of_it_again_in_another_evaluation(desk, server):
    desk.evaluate()
    ended = desk.evaluate("--fresh")
    assert (ended.status, len(server.requests)) == (0, 120)
    assert "reused" not in ended.err
    first, second = Evaluation.objects.order_by("pk")
    assert (first.identity, second.identity is None) == (None, False)
    assert "is known" in desk.evaluate().err
    assert len(server.requests) == 120


def test_fresh_waits_until_what_goes_on_has_ended(desk, server):
    server.script.extend([Answer(status=401, body={"error": {"message": "Invalid key"}})] * 8)
    assert desk.evaluate().status == 4
    ended = desk.evaluate("--fresh")
    assert ended.status == 3
    assert "has not ended" in ended.err


def lose(server, *numbers: int) -> None:
    """Make the server lose these samples until it is told otherwise."""
    plain = server._plain  # noqa: SLF001

    def odd(body):
        number = int(body["messages"][-1]["content"].rsplit(" ", 1)[-1])
        return Answer(body=b"{") if number in numbers else plain(body)

    server._plain = odd  # noqa: SLF001


def test_what_failed_alone_is_asked_again(desk, server):
    desk.candidate["endpoint"]["timeout_seconds"] = 0.3
    lose(server, 7, 30)
    assert desk.evaluate().status == 2
    grounds = VerdictRow.objects.get().grounds
    assert grounds["result"]["trials"]["infra_error"] == 2
    del server._plain  # noqa: SLF001
    server.requests.clear()
    ended = desk.evaluate("--retry-failed")
    assert ended.status == 0
    assert "asking again what failed, in evaluation 2" in ended.err
    assert "58 of 60 answers reused" in ended.err
    assert Counter(server.prompts) == {"sample number 7": 1, "sample number 30": 1}
    first, second = Evaluation.objects.order_by("pk")
    assert (second.extends, first.identity) == (first, None)
    assert VerdictRow.objects.get(run__evaluation=first).grounds == grounds
    again = desk.evaluate("--retry-failed")
    assert "nothing failed in it" in again.err
    assert Evaluation.objects.count() == 2


def test_a_cancelled_evaluation_ends_a_command_undecided_and_the_next_one_begins_anew(desk, server):
    server.script.extend([Answer(status=401, body={"error": {"message": "Invalid key"}})] * 8)
    desk.evaluate()
    evaluation = Evaluation.objects.get()
    cancel_evaluation(evaluation=evaluation, user=None, now=make.NOON)
    server.script.clear()
    assert desk.evaluate().status == 0
    assert Evaluation.objects.count() == 2
