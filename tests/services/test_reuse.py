"""Answers that earlier evaluations were given, taken over instead of asked for again."""

import dataclasses
import itertools
from decimal import Decimal
from typing import Any

import pytest

from evals.domain.specs import (
    Comparator,
    CriterionSpec,
    EndpointKind,
    HarnessSpec,
    PlanSpec,
    PriceSpec,
    ScorerSpec,
)
from evals.domain.trials import RecordedAnswer
from evals.engine.fingerprints import model_fingerprint
from evals.models import Evaluation, Run, Task, Trial
from evals.queries.results import evaluation_document
from evals.queries.specs import frozen_spec
from evals.queries.work import run_work
from evals.services.candidates import RecordedFile, ServedBy
from evals.services.execution import work_on_run
from evals.services.questions import OpenQuestions
from evals.services.reuse import AnswerStore
from evals.services.trials import TrialWriter
from tests import make
from tests.fakes import Answer, FakeOpenAI, completion

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def task(db: None) -> Task:
    return make.task()


def evaluated(task: Task, server: FakeOpenAI, *, samples: int = 20, **options: Any) -> Run:
    """Evaluate one candidate at `server` to its end and return its run."""
    run = begun(task, server, samples=samples, **options)
    work_on_run(run.pk)
    run.refresh_from_db()
    return run


def begun(task: Task, server: FakeOpenAI, *, samples: int = 20, **options: Any) -> Run:
    is_fresh, harness = options.pop("is_fresh", False), options.pop("harness", None)
    spec = make.candidate_spec(
        base_url=server.base_url, price=options.pop("price", make.TOKEN_PRICE)
    )
    if harness:
        spec = dataclasses.replace(spec, harness=harness)
    made = make.live_evaluation(task, samples=samples, candidates=[spec], **options)
    if is_fresh:
        Evaluation.objects.filter(pk=made.pk).update(reuse_answers=False)
    return made.runs.get()


def document(run: Run) -> Any:
    evaluation = Evaluation.objects.select_related("version").get(pk=run.evaluation_id)
    return evaluation_document(evaluation, frozen_spec(evaluation))["candidates"][0]


def test_a_second_evaluation_asks_nothing_costs_nothing_and_says_the_same(task, server):
    first = document(evaluated(task, server))
    second = document(evaluated(task, server))
    assert len(server.requests) == 20
    assert (first["reused"], second["reused"]) == (0, 20)
    assert (first["usage"]["requests"], second["usage"]["requests"]) == (20, 0)
    assert first["cost"]["total_usd"] > 0
    assert second["cost"]["total_usd"] == 0
    for found in (first, second):
        del found["latency"]["in_flight"]  # of what was asked, which is nothing the second time
    same = ("verdict", "sentence", "trials", "metrics", "criteria", "latency")
    assert {name: first[name] for name in same} == {name: second[name] for name in same}
    for name in ("per_1k_tasks_usd", "per_accepted_usd", "monthly_usd"):
        assert first["cost"][name] == second["cost"][name]


def test_a_reused_trial_is_the_first_one_but_for_its_attempts(task, server):
    usage = {
        "prompt_tokens": 31,
        "completion_tokens": 7,
        "prompt_tokens_details": {"cached_tokens": 5},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }
    server.script.append(Answer(body=completion("billing", finish="length", usage=usage)))
    first = evaluated(task, server, samples=1).trials.get()
    second = evaluated(task, server, samples=1).trials.get()
    assert (first.attempts, first.is_reused) == (1, False)
    assert (second.attempts, second.is_reused) == (0, True)
    own = {"id", "run_id", "attempts", "is_reused", "created_at", "_state"}
    assert {k: v for k, v in vars(first).items() if k not in own} == {
        k: v for k, v in vars(second).items() if k not in own
    }


def test_a_copy_is_no_source_and_the_newest_original_is(task, server):
    evaluated(task, server, samples=1)
    server.answer = lambda _messages: "other"
    evaluated(task, server, samples=1, is_fresh=True)
    third, fourth = (evaluated(task, server, samples=1).trials.get() for _ in range(2))
    assert (third.output, fourth.output) == ("other", "other")
    assert len(server.requests) == 2


def test_a_request_price_is_what_production_would_pay_and_nothing_was(task, server):
    price = PriceSpec(usd_per_request=Decimal("0.01"))
    first = document(evaluated(task, server, price=price))
    second = document(evaluated(task, server, price=price))
    assert first["cost"]["total_usd"] == pytest.approx(0.2)
    assert second["cost"]["total_usd"] == 0
    assert second["cost"]["per_1k_tasks_usd"] == first["cost"]["per_1k_tasks_usd"] == 10


def test_hardware_by_the_hour_is_not_paid_again(task, server):
    price = PriceSpec(gpu="L4", usd_per_hour=Decimal("0.8"))
    first = document(evaluated(task, server, price=price))
    second = document(evaluated(task, server, price=price))
    assert first["cost"]["total_usd"] > second["cost"]["total_usd"] == 0
    assert second["cost"]["per_1k_tasks_usd"] == first["cost"]["per_1k_tasks_usd"] > 0


@pytest.mark.parametrize(
    "harness",
    [
        HarnessSpec(prompt="{{ text }} Queue?", system="You sort tickets."),
        HarnessSpec(prompt="{{ text }}\nQueue:", system="You sort letters."),
        HarnessSpec(prompt="{{ text }}\nQueue:"),
        HarnessSpec(prompt="{{ text }}\nQueue:", system="You sort tickets.", max_tokens=9),
        HarnessSpec(prompt="{{ text }}\nQueue:", system="You sort tickets.", temperature=0.1),
    ],
)
def test_a_changed_harness_asks_anew(task, server, harness):
    evaluated(task, server)
    changed = evaluated(task, server, harness=harness)
    assert len(server.requests) == 40
    assert not changed.trials.filter(is_reused=True).exists()


def test_every_epoch_is_a_sample_of_its_own_and_only_the_third_is_asked(task, server):
    words = itertools.count()
    server.answer = lambda _messages: f"say {next(words)}"
    warm = HarnessSpec(prompt="{{ text }}", temperature=0.7)
    first = evaluated(task, server, samples=5, harness=warm, plan=PlanSpec(epochs=2))
    assert len(server.requests) == 10
    second = evaluated(task, server, samples=5, harness=warm, plan=PlanSpec(epochs=3))
    assert len(server.requests) == 15
    assert set(second.trials.filter(is_reused=False).values_list("epoch", flat=True)) == {2}
    sampled = {(t.sample_id, t.epoch): t.output for t in first.trials.all()}
    taken = {(t.sample_id, t.epoch): t.output for t in second.trials.filter(is_reused=True)}
    assert taken == sampled
    assert len({t.output for t in second.trials.all()}) == 15


def test_three_epochs_at_a_temperature_ask_three_times(task, server):
    warm = HarnessSpec(prompt="{{ text }}", temperature=0.7)
    run = evaluated(task, server, samples=5, harness=warm, plan=PlanSpec(epochs=3))
    assert len(server.requests) == 15
    assert not run.trials.filter(is_reused=True).exists()


def test_who_wants_fresh_answers_gets_them(task, server):
    evaluated(task, server)
    evaluated(task, server, is_fresh=True)
    assert len(server.requests) == 40


def test_what_failed_is_asked_again_and_an_empty_answer_is_an_answer(task, server):
    script = [Answer(body=completion("")), Answer(status=400, body={"error": {"message": "no"}})]
    server.script.extend(script)
    first = evaluated(task, server)
    assert sorted(first.trials.exclude(state="ok").values_list("state", flat=True)) == [
        "model_error",
        "no_answer",
    ]
    second = evaluated(task, server)
    assert len(server.requests) == 21
    assert second.trials.filter(is_reused=False).count() == 1
    assert second.trials.get(state="no_answer").is_reused


def test_another_teams_answers_are_never_taken(task, server):
    evaluated(task, server)
    evaluated(make.task(make.team("Another team")), server)
    assert len(server.requests) == 40


def test_another_task_of_the_team_takes_them(task, server):
    evaluated(task, server)
    evaluated(make.task(task.team), server)
    assert len(server.requests) == 20


def test_a_grown_eval_set_asks_the_new_rows_alone(task, server):
    evaluated(task, server)
    evaluated(task, server, samples=25)
    assert len(server.requests) == 25


def test_another_scorer_judges_the_answers_anew(task, server):
    evaluated(task, server, samples=5)
    f1 = [CriterionSpec(metric="f1", comparator=Comparator.AT_LEAST, threshold=0.5)]
    run = evaluated(task, server, samples=5, scorers=[ScorerSpec(name="f1")], criteria=f1)
    assert len(server.requests) == 5
    assert [set(trial.scores) for trial in run.trials.all()] == [{"f1"}] * 5


def test_the_newest_answer_about_the_very_same_sample_comes_first(task, server, monkeypatch):
    alike = HarnessSpec(prompt="one prompt for all")
    words = itertools.count()
    server.answer = lambda _messages: f"say {next(words)}"
    first = evaluated(task, server, samples=8, harness=alike)
    second = evaluated(task, server, samples=8, harness=alike)
    assert len(server.requests) == 8
    said = dict(first.trials.values_list("sample_id", "output"))
    assert dict(second.trials.values_list("sample_id", "output")) == said


def test_what_is_stored_of_an_evaluation_that_goes_on_is_taken(task, server):
    first = begun(task, server, samples=20)
    evaluated(task, server)
    work_on_run(first.pk)
    assert len(server.requests) == 20
    assert first.trials.filter(is_reused=True).count() == 20


def test_nothing_is_looked_up_where_the_candidate_is_new(task, server, django_assert_num_queries):
    run = begun(task, server)
    work = run_work(run.pk)
    with django_assert_num_queries(1):
        store = AnswerStore(work)
    questions = OpenQuestions(work, holder="one:1:1:1", writer=TrialWriter(work, "one:1:1:1"))
    leased = questions.lease()
    assert leased is not None
    with django_assert_num_queries(0):
        assert store.found(leased.asked) == [None] * 20


def test_a_local_model_that_took_anothers_place_is_told_apart(tmp_path):
    model = tmp_path / "router.gguf"
    model.write_bytes(b"one")
    spec = make.candidate_spec(kind=EndpointKind.OPENVINO)
    spec = dataclasses.replace(spec, model=dataclasses.replace(spec.model, id=str(model)))
    before = model_fingerprint(spec)
    assert before == model_fingerprint(spec) != ""
    model.write_bytes(b"another")
    assert model_fingerprint(spec) != before
    assert model_fingerprint(make.candidate_spec()) == ""


def test_a_recorded_run_reads_its_file_again(db):
    task = make.task()
    columns: dict[str, Any] = {"key": "text", "output": "answer"}
    spec = make.candidate_spec(kind=EndpointKind.RECORDED, price=None, file="a.csv", **columns)
    answers = [
        (f"ticket number {n} says <b>hello</b>", RecordedAnswer(output="billing"))
        for n in range(20)
    ]
    served = ServedBy(recorded=RecordedFile(sha256="f" * 64, answers=answers))
    for _ in range(2):
        made = make.live_evaluation(task, candidates=[spec], served_by=served)
        work_on_run(made.runs.get().pk)
    assert Trial.objects.count() == 40
    assert not Trial.objects.filter(is_reused=True).exists()
