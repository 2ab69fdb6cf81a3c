"""`viability evaluate`: verdicts as exit statuses, result files, and what is done twice."""

import json
from pathlib import Path

import pytest

from evals.engine.endpoints.keptmodels import kept_models
from evals.models import Evaluation, Run, Trial
from evals.services import headless
from tests.commands.conftest import candidate, recorded, rows
from tests.engine.test_openvino_endpoint import ROUTER, needs_openvino
from tests.fakes import Answer, completion

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_open_candidate_that_clears_the_bar_is_go(desk, server):
    ended = desk.evaluate()
    assert ended.status == 0
    assert ended.out.startswith("GO: open-one clears 0.9 with 1.000")
    assert len(server.requests) == 60


def test_one_that_misses_it_is_no_go(desk, server):
    server.answer = lambda _messages: "red"
    ended = desk.evaluate()
    assert ended.status == 1
    assert ended.out.startswith("NO-GO: open-one misses")


def test_one_that_the_samples_cannot_settle_is_undecided(desk):
    desk.spec["bar"][0]["at_least"] = 0.99
    ended = desk.evaluate()
    assert ended.status == 2
    assert ended.out.startswith("UNDECIDED: open-one")


def two_candidates(desk, server, *, second_is_open=True):
    """Add a candidate at another place which gets a third right."""
    desk.spec["candidates"].append(recorded("other", is_open=second_is_open, file="answers.csv"))
    lines = [f"sample number {n},red" for n in range(60)]
    desk.write("answers.csv", "\n".join(["text,answer", *lines]))


def test_one_go_is_enough_unless_all_are_required(desk, server):
    two_candidates(desk, server)
    assert desk.evaluate().status == 0
    assert desk.evaluate("--require", "all").status == 1


def test_closed_candidates_do_not_count_beside_an_open_one(desk, server):
    two_candidates(desk, server, second_is_open=False)
    assert desk.evaluate("--require", "all").status == 0


def test_closed_candidates_count_where_there_is_no_open_one(desk, server):
    desk.candidate["model"]["open"] = False
    assert desk.evaluate().status == 0


def test_the_incumbent_alone_decides_nothing(desk):
    desk.spec["incumbent"] = "open-one"
    ended = desk.evaluate()
    assert ended.status == 2
    assert ended.out.startswith("Incumbent: open-one")


def test_progress_goes_to_stderr_and_the_sentence_alone_to_stdout(desk):
    ended = desk.evaluate()
    assert len(ended.out.splitlines()) == 1
    assert "60/60" in ended.err
    assert "INFO" not in ended.err
    assert "run left" not in ended.err


def test_a_second_call_asks_nothing_and_says_the_same(desk, server):
    first = desk.evaluate()
    second = desk.evaluate()
    assert (second.status, second.out) == (first.status, first.out)
    assert "is known" in second.err
    assert len(server.requests) == 60
    assert Evaluation.objects.count() == 1


def test_the_same_content_otherwise_written_is_the_same_evaluation(desk, server, tmp_path):
    desk.evaluate()
    desk.spec = json.loads(json.dumps(dict(reversed(desk.spec.items()))))
    desk.spec["plan"] = {"alpha": 0.05, "epochs": 1}
    (tmp_path / "moved.csv").write_bytes((tmp_path / "rows.csv").read_bytes())
    desk.spec["eval_set"]["file"] = "moved.csv"
    desk.evaluate()
    assert Evaluation.objects.count() == 1
    assert len(server.requests) == 60


def test_changed_rows_or_a_changed_bar_are_another_evaluation(desk, server):
    desk.evaluate()
    desk.write("rows.csv", rows(61))
    desk.evaluate()
    desk.spec["bar"][0]["at_least"] = 0.8
    desk.evaluate()
    assert Evaluation.objects.count() == 3
    assert len(server.requests) == 60 + 1 + 0  # the same questions are not asked again


def test_the_result_file_and_the_samples_file_say_what_happened(desk, server, tmp_path):
    server.script.append(Answer(body=completion("")))
    samples = tmp_path / "samples.jsonl"
    result = desk.result("--samples", str(samples))
    open_one = result["candidates"][0]
    assert open_one["trials"] | {"ok": 59, "no_answer": 1} == open_one["trials"]
    lines = [json.loads(line) for line in samples.read_text().splitlines()]
    assert [line["sample"] for line in lines] == list(range(60))
    assert sum(line["scores"]["exact_match"] for line in lines) == 59
    assert result["eval_set"]["samples"] == 60


def test_a_wrong_key_ends_with_4_and_a_mended_one_completes(desk, server, monkeypatch):
    monkeypatch.setenv("COLOUR_KEY", "sk-wrong")
    desk.candidate["endpoint"]["api_key_env"] = "COLOUR_KEY"
    server.script.extend([Answer(status=401, body={"error": {"message": "Invalid key"}})] * 8)
    ended = desk.evaluate()
    assert ended.status == 4
    assert "open-one: HTTP 401 from 127.0.0.1" in ended.err
    assert "Invalid key" in ended.err
    assert "COLOUR_KEY" in ended.err
    assert "sk-wrong" not in ended.err
    assert not Trial.objects.exists()
    monkeypatch.setenv("COLOUR_KEY", "sk-right")
    server.script.clear()
    assert desk.evaluate().status == 0
    assert Trial.objects.count() == 60


def test_a_model_that_does_not_exist_ends_with_4_and_the_vendors_words(desk, server):
    server.script.extend([Answer(status=404, body={"error": {"message": "no such model"}})] * 8)
    ended = desk.evaluate()
    assert ended.status == 4
    assert "no such model" in ended.err
    assert "'lab/open-one'" in ended.err


def test_an_address_where_nobody_listens_ends_with_4(desk):
    desk.candidate["endpoint"]["base_url"] = "http://127.0.0.1:9/v1"
    ended = desk.evaluate()
    assert ended.status == 4
    assert "127.0.0.1:9" in ended.err
    assert "connection refused" in ended.err


def test_an_endpoint_that_never_answers_is_a_failure_and_no_verdict(desk, server):
    server.latency_seconds = 5
    desk.spec["plan"] = {"max_samples": 3}
    desk.candidate["endpoint"]["timeout_seconds"] = 0.05
    ended = desk.evaluate()
    assert ended.status == 4


def test_a_key_that_is_not_set_is_refused_before_anything_is_asked(desk, server, monkeypatch):
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    desk.candidate["endpoint"]["api_key_env"] = "NO_SUCH_KEY"
    ended = desk.evaluate()
    assert ended.status == 3
    assert "candidates[0].endpoint.api_key_env" in ended.err
    assert "NO_SUCH_KEY" in ended.err
    assert not Evaluation.objects.exists()


def test_an_output_that_cannot_be_written_is_refused_before_anything_is_asked(
    desk, server, tmp_path
):
    for option in ("--json", "--samples"):
        ended = desk.evaluate(option, str(tmp_path / "no such folder" / "out"))
        assert ended.status == 3
        assert f"{option}: found no folder" in ended.err
    ended = desk.evaluate("--json", str(tmp_path))
    assert ended.status == 3
    assert "expected a file" in ended.err
    assert server.requests == []


def test_an_unknown_option_is_bad_input_and_no_verdict(desk):
    ended = desk.evaluate("--jsn", "out.json")
    assert ended.status == 3
    assert "--jsn" in ended.err


def test_an_error_of_our_own_is_a_failure_and_no_verdict(desk, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("evals.management.commands.evaluate.carry_out", broken)
    assert desk.evaluate().status == 4


def test_paths_start_from_the_spec_wherever_the_command_is_called(desk, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert desk.evaluate().status == 0


def test_a_spec_is_found_by_a_relative_path(desk, tmp_path, monkeypatch):
    desk.evaluate()
    monkeypatch.chdir(tmp_path)
    from django.core.management import call_command  # noqa: PLC0415

    with pytest.raises(SystemExit) as ended:
        call_command("evaluate", "spec.yaml")
    assert ended.value.code == 0
    assert Evaluation.objects.count() == 1


def test_a_run_that_another_process_holds_is_waited_for(desk, server, monkeypatch):
    from datetime import timedelta  # noqa: PLC0415

    from django.utils import timezone  # noqa: PLC0415

    from evals.services import headless  # noqa: PLC0415
    from evals.services.shards import claim_shard, free_dead_leases  # noqa: PLC0415

    monkeypatch.setattr(headless, "HELD_SECONDS", 0.1)

    def somebody_is_faster():
        run = Run.objects.get()
        # One that is there until a second from now.
        then = timezone.now() - timedelta(seconds=29)
        claim_shard(run_id=run.pk, holder="another-host:1:1:1", now=then)
        return free_dead_leases()

    monkeypatch.setattr(headless, "free_dead_leases", somebody_is_faster)
    assert desk.evaluate().status == 0
    assert len(server.requests) == 60


def test_the_budget_ends_in_a_verdict_from_what_was_asked(desk, server):
    desk.write("rows.csv", rows(3000))
    server.latency_seconds = 0.01
    desk.candidate["price"] = {"usd_per_request": 0.01}
    desk.spec["plan"] = {"budget_usd": 1}
    desk.spec["bar"][0]["at_least"] = 0.99
    ended = desk.evaluate()
    assert ended.status == 2
    assert 100 <= len(server.requests) < 3000
    assert desk.result()["candidates"][0]["message"].startswith("the budget of $1 is spent")


def test_cells_that_begin_with_an_equals_sign_a_bom_and_crlf_are_accepted(desk, server):
    server.answer = lambda _messages: "=1+1"
    desk.write("rows.csv", "\ufefftext,label\r\nsample 1,=1+1\r\nsample 2,=1+1\r\n")
    result = desk.result()
    assert result["candidates"][0]["metrics"][0]["passed"] == 2


def test_the_plan_is_told_without_asking_anything(desk, server):
    desk.candidate["price"] = {"input_usd_per_mtok": 1, "output_usd_per_mtok": 2}
    desk.spec["plan"] = {"epochs": 2, "max_samples": 50}
    ended = desk.run("plan")
    assert ended.status == 0
    assert "50 of 60 samples, each 2 times" in ended.out
    assert "100" in ended.out
    assert server.requests == []


def test_a_task_is_exported_for_the_first_candidate_or_the_one_that_is_named(desk, tmp_path):
    folder = tmp_path / "task"
    ended = desk.run("export_task", str(folder))
    assert ended.status == 0
    path = Path(ended.out.splitlines()[0])
    assert path.parent == folder
    assert path.is_file()
    ended = desk.run("export_task", str(folder), "--candidate", "nobody")
    assert ended.status == 3
    assert "expected one of 'open-one'" in ended.err


def test_a_task_that_stock_lm_eval_cannot_do_is_refused_with_the_reason(desk, tmp_path):
    desk.spec["scorers"] = ["f1"]
    desk.spec["bar"][0]["metric"] = "f1"
    ended = desk.run("export_task", str(tmp_path / "task"))
    assert ended.status == 3
    assert "spec.yaml" in ended.err
    assert "f1" in ended.err


def test_a_pool_is_for_workers_and_the_command_says_so(desk):
    desk.candidate["endpoint"]["pool"] = "gpu"
    done = desk.evaluate()
    assert done.status == 0
    words = "open-one: pool gpu is for workers; this command carries the run out itself"
    assert done.err.count(words) == 1
    assert words not in desk.evaluate().err  # it has ended: nothing is carried out


def test_the_default_pool_is_not_worth_a_word(desk):
    assert "pool" not in desk.evaluate().err


@needs_openvino
def test_two_local_models_take_turns_and_only_one_is_in_memory(desk):
    desk.write("tickets.csv", "text,queue\nI forgot my password.,access\n")
    desk.spec["eval_set"] = {"file": "tickets.csv", "input": "text", "target": "queue"}
    names = ("ticket-router-1m", "ticket-router-1m-early")
    desk.spec["candidates"] = [
        {
            "name": name,
            "model": {"id": str(ROUTER.with_name(f"{name}.gguf")), "open": True},
            "endpoint": {"kind": "openvino", "batch_size": 4},
            "harness": {"prompt": "{{ text }}\nQueue:", "max_tokens": 8},
        }
        for name in names
    ]
    result = desk.result()
    assert [c["trials"]["ok"] for c in result["candidates"]] == [1, 1]
    assert [c["latency"]["n"] for c in result["candidates"]] == [1, 1]
    # The second one is loaded once the first has let go, whose memory it may need.
    assert kept_models.keys() == [("openvino", str(ROUTER.with_name(f"{names[1]}.gguf")), "CPU")]


def test_so_many_candidates_go_on_at_once_as_the_database_has_connections_for(
    desk, server, monkeypatch
):
    monkeypatch.setattr(headless, "MOST_LANES", 2)
    desk.write("rows.csv", rows(12))
    desk.spec["bar"][0]["at_least"] = 0.5
    server.latency_seconds = 0.1
    desk.spec["candidates"] = [candidate(server, f"open-{n}") for n in range(5)]
    for place, each in enumerate(desk.spec["candidates"]):
        each["endpoint"] |= {"concurrency": 1, "timeout_seconds": 60 + place}
    assert desk.evaluate("--require", "all").status == 0
    assert (len(server.requests), server.most_in_flight) == (60, 2)


def test_a_key_that_a_vendor_quotes_back_is_never_shown(desk, server, monkeypatch):
    monkeypatch.setenv("QUOTED_KEY", " sk-quoted-back\n")
    desk.candidate["endpoint"]["api_key_env"] = "QUOTED_KEY"
    body = {"error": {"message": "wrong header 'Authorization: Bearer sk-quoted-back'"}}
    server.script.extend([Answer(status=401, body=body)] * 60)
    ended = desk.evaluate()
    assert ended.status == 4
    assert "wrong header 'Authorization: Bearer [key]'" in ended.err
    assert "sk-quoted-back" not in ended.err + Run.objects.get().message
