"""The documents of the result files have the shapes of the design."""

import json

import pytest

from evals.domain.specs import Comparator, CriterionSpec
from evals.models import VerdictRow
from evals.queries.results import candidate_documents, evaluation_document
from evals.queries.specs import frozen_spec
from evals.queries.trials import trial_documents
from evals.reports.resultfiles import result_text, sample_lines
from tests import make

pytestmark = pytest.mark.django_db

TOP = ["schema", "task", "created_at", "eval_set", "plan", "incumbent", "candidates", "verdict"]
CANDIDATE = [
    "name", "open", "verdict", "trials", "metrics", "criteria",
    "paired", "usage", "latency", "cost",
]  # fmt: skip
PARTS = {
    "trials": [
        "ok", "no_answer", "model_error", "infra_error", "scorer_error", "skipped", "truncated",
    ],
    "metrics": ["metric", "slice", "value", "low", "high", "n", "passed"],
    "criteria": [
        "metric", "slice", "at_least", "required", "state", "value", "bound", "n", "samples_needed",
    ],
    "paired": [
        "n", "both", "only_candidate", "only_incumbent", "neither", "difference", "low", "high",
    ],
    "usage": ["input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "requests"],
    "latency": [
        "p50_seconds", "p95_seconds", "p99_seconds", "ttft_p50_seconds", "ttft_p95_seconds",
    ],
    "cost": ["total_usd", "per_1k_tasks_usd", "per_accepted_usd", "monthly_usd", "estimated"],
}  # fmt: skip
SAMPLE = [
    "candidate", "sample", "epoch", "state", "output", "answer", "target", "scores",
    "input_tokens", "output_tokens", "latency_seconds", "attempts", "finish_reason", "error",
]  # fmt: skip


def written(evaluation):
    spec = frozen_spec(evaluation)
    return json.loads(result_text(evaluation_document(evaluation, spec)))


def in_order(names, of):
    """Return those of `names` that `of` has, in the order of `of`."""
    return [name for name in of if name in names]


def test_the_result_file_has_the_names_of_the_design_in_its_order():
    document = written(make.evaluation(right={"gpt-x": 18, "open-model": 17}))
    assert in_order(TOP, document) == TOP
    assert document["schema"] == "viability.evaluation/1"
    assert in_order(("sha256", "samples"), document["eval_set"]) == ["sha256", "samples"]
    plan = ["alpha", "seed", "epochs", "stop_early"]
    assert in_order(plan, document["plan"]) == plan
    candidate = document["candidates"][1]
    assert in_order(CANDIDATE, candidate) == CANDIDATE
    for part, names in PARTS.items():
        found = candidate[part][0] if isinstance(candidate[part], list) else candidate[part]
        assert in_order(names, found) == names, part


def test_the_samples_file_has_the_names_of_the_design_in_its_order():
    evaluation = make.evaluation(samples=4)
    lines = [json.loads(line) for line in sample_lines(trial_documents(evaluation))]
    assert [list(line) for line in lines] == [SAMPLE] * 8
    assert [(line["candidate"], line["sample"]) for line in lines] == [
        (name, row) for name in ("gpt-x", "open-model") for row in range(4)
    ]


def test_what_is_not_known_is_null():
    bar = [CriterionSpec(metric="latency_p95_seconds", comparator=Comparator.AT_MOST, threshold=2)]
    evaluation = make.live_evaluation(candidates=[make.candidate_spec(price=None)], criteria=bar)
    run = evaluation.runs.get()
    make.answer(run, asked=3, input_tokens=None, output_tokens=None, latency_seconds=None)
    make.complete(run)
    make.finish(evaluation)
    document = written(evaluation)["candidates"][0]
    assert set(document["cost"].values()) - {"dropped"} == {None, False}
    assert document["usage"]["input_tokens"] is None
    assert document["latency"]["p95_seconds"] is None
    assert document["paired"] is None
    assert document["criteria"][0] | {"method": ""} == {
        "metric": "latency_p95_seconds",
        "slice": None,
        "at_most": 2.0,
        "required": True,
        "state": "unsettled",
        "value": None,
        "low": None,
        "high": None,
        "interval_method": None,
        "bound": None,
        "level": None,
        "n": 0,
        "samples_needed": None,
        "method": "",
        "probability": None,
    }


def test_an_evaluation_that_has_not_ended_has_no_verdicts():
    evaluation = make.live_evaluation()
    document = written(evaluation)
    assert [candidate["verdict"] for candidate in document["candidates"]] == [None, None]
    assert document["verdict"] == "undecided"
    assert {c["state"] for c in document["candidates"][1]["criteria"]} == {"unsettled"}


def test_the_paired_table_counts_trial_by_trial():
    evaluation = make.evaluation(samples=20, right={"gpt-x": 15, "open-model": 12})
    paired = written(evaluation)["candidates"][1]["paired"]
    assert {name: paired[name] for name in PARTS["paired"][:6]} == {
        "n": 20,
        "both": 12,
        "only_candidate": 0,
        "only_incumbent": 3,
        "neither": 5,
        "difference": -0.15,
    }
    assert paired["low"] < -0.15 < paired["high"]


def test_a_stored_verdict_is_what_was_concluded_then():
    evaluation = make.evaluation()
    before = written(evaluation)
    evaluation.runs.get(position=1).trials.all().delete()
    assert written(evaluation) == before
    grounds = VerdictRow.objects.get(run=evaluation.runs.get(position=1)).grounds
    assert grounds["eval_set"]["sha256"] == evaluation.version.sha256
    assert grounds["spec"] == evaluation.spec
    assert (grounds["bar"], grounds["scorers"]) == (1, 1)


@pytest.mark.parametrize("count", [1, 6])
def test_the_documents_take_the_same_queries_for_any_number_of_candidates(
    count, django_assert_num_queries
):
    specs = [make.incumbent_spec(), *(make.candidate_spec(f"open {n}") for n in range(count))]
    evaluation = make.live_evaluation(candidates=specs)
    for run in evaluation.runs.all():
        make.answer(run)
    spec = frozen_spec(evaluation)
    with django_assert_num_queries(4):  # runs, verdicts, aggregates, quantiles
        candidate_documents(evaluation, spec)


def test_times_to_the_first_token_and_cut_answers_are_counted():
    evaluation = make.live_evaluation(samples=10, candidates=[make.candidate_spec()])
    run = evaluation.runs.get()
    trials = make.answer(run)
    for n, trial in enumerate(trials[:7]):
        trial.ttft_seconds = (n + 1) / 10
        trial.finish_reason = ("length", "max_tokens", "stop")[n % 3]
        trial.save()
    make.complete(run)
    make.finish(evaluation)
    document = written(evaluation)["candidates"][0]
    latency = document["latency"]
    assert (latency["ttft_p50_seconds"], latency["ttft_p95_seconds"]) == (0.4, 0.7)
    assert document["trials"]["truncated"] == 5
    assert document["trials"]["ok"] == 10


def test_what_was_not_streamed_has_no_first_token():
    latency = written(make.evaluation())["candidates"][1]["latency"]
    assert (latency["ttft_p50_seconds"], latency["ttft_p95_seconds"]) == (None, None)
    assert latency["p50_seconds"] is not None
