"""`viability bench-endpoint`: goodput on the terminal, in a file and in the home."""

import json

import pytest

from evals.models import AuditEntry, ThroughputTest, Trial
from tests.bench.serving import stand_in
from tests.commands.conftest import recorded
from tests.fakes import Answer

pytestmark = pytest.mark.django_db(transaction=True)

QUICK = ("--concurrency", "1,2", "--samples", "20", "--seconds", "2")


def bench(desk, *arguments):
    return desk.run("bench_endpoint", *QUICK, *arguments)


def measured(desk, *arguments):
    path = desk.folder / "throughput.json"
    ended = bench(desk, "--json", str(path), *arguments)
    return ended, json.loads(path.read_text())


def test_a_sweep_prints_its_levels_and_writes_the_result_file(desk, server):
    server.latency_seconds = 0.02
    ended, document = measured(desk)
    assert ended.status == 0
    assert "tasks an hour with 2 at once" in ended.out
    assert "No latency bar is given" in ended.out
    assert document["schema"] == "viability.throughput/1"
    assert [level["concurrency"] for level in document["levels"]] == [1, 2]
    assert document["goodput"] == document["levels"][1]
    assert document["levels"][0]["tasks_per_hour"] == pytest.approx(3600 / 0.02, rel=0.4)
    assert document["levels"][0]["output_tokens_per_second"] == pytest.approx(1 / 0.02, rel=0.4)
    assert document["simulated"] is False


def test_the_test_is_kept_and_no_trial_is(desk):
    bench(desk)
    test = ThroughputTest.objects.get()
    assert (test.state, len(test.levels)) == ("completed", 2)
    assert test.candidate.name == "open-one"
    assert not Trial.objects.exists()
    assert AuditEntry.objects.filter(action="throughput test started").count() == 1


def test_the_prompts_are_the_tasks_own_in_the_order_of_the_plans_seed(desk, server):
    bench(desk)
    first = server.prompts[:10]
    server.requests.clear()
    desk.spec["plan"] = {"seed": 5}
    bench(desk)
    assert all(prompt.startswith("sample number") for prompt in first)
    assert server.prompts[:10] != first


def test_the_latency_bar_is_that_of_the_spec_unless_another_is_given(desk, server):
    server.latency_seconds = 0.05
    desk.spec["bar"].append({"metric": "latency_p95_seconds", "at_most": 0.01})
    ended, document = measured(desk)
    assert document["settings"]["latency_bar_seconds"] == 0.01
    assert ended.status == 1
    assert "At no level were 95 % of the requests answered within 0.01 s" in ended.out
    ended, document = measured(desk, "--latency-bar", "2")
    assert ended.status == 0
    assert document["settings"]["latency_bar_seconds"] == 2


def test_missing_usage_stays_unknown(desk, server):
    server.usage = None
    ended, document = measured(desk)
    assert document["levels"][0]["output_tokens_per_second"] is None
    assert "unknown" in ended.out


def test_recorded_answers_are_refused_with_the_reason(desk):
    desk.spec["candidates"] = [recorded()]
    desk.write("answers.csv", "text,answer\nsample number 0,red\n")
    ended = bench(desk)
    assert ended.status == 3
    assert "recorded" in ended.err
    assert not ThroughputTest.objects.exists()


def test_a_stand_in_says_that_it_is_simulated(desk):
    simulation = {"latency_seconds": 0.01}
    desk.candidate["endpoint"] = {"kind": "stand_in", "simulation": simulation}
    ended, document = measured(desk)
    assert document["simulated"] is True
    assert "open-one (simulated)" in ended.out


def test_a_sweep_that_may_pass_the_budget_is_refused_before_anything_is_asked(desk, server):
    desk.candidate["price"] = {"input_usd_per_mtok": 1000, "output_usd_per_mtok": 1000}
    desk.spec["plan"] = {"budget_usd": 0.5}
    ended = bench(desk)
    assert ended.status == 3
    assert "plan.budget_usd: found $0.5" in ended.err
    assert server.requests == []


def test_what_it_may_cost_is_said_first(desk):
    desk.candidate["price"] = {"input_usd_per_mtok": 1, "output_usd_per_mtok": 1}
    assert "at most 46 requests, which may cost $0.0" in bench(desk).err


def test_a_wrong_key_is_a_failure_in_the_vendors_words(desk, server):
    refusal = Answer(status=401, body={"error": {"message": "no such key"}})
    server.script.extend([refusal] * 10)
    ended, document = measured(desk)
    assert ended.status == 4
    assert "no such key" in ended.err
    assert document["state"] == "failed"
    assert document["goodput"] is None


@pytest.mark.parametrize(
    "arguments",
    [
        ("--concurrency", "4,2"),
        ("--concurrency", "0"),
        ("--samples", "0"),
        ("--seconds", "-1"),
        ("--latency-bar", "fast"),
        ("--candidate", "nobody"),
        ("--odd",),
    ],
)
def test_odd_arguments_are_bad_input(desk, server, arguments):
    ended = bench(desk, *arguments)
    assert ended.status == 3
    assert server.requests == []


def test_the_knee_of_a_server_is_found_by_the_command(desk):
    with stand_in(latency=0.1, slots=4, answer="red") as slow:
        desk.candidate["endpoint"]["base_url"] = slow.url
        wide = ("--concurrency", "1,2,4,8", "--samples", "40", "--latency-bar", "0.17")
        _, document = measured(desk, *wide)
    assert document["goodput"]["concurrency"] == 4
