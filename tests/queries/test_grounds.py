"""Trials as arrays: what counts, and at which place of the order it stands."""

from dataclasses import asdict, replace
from decimal import Decimal

import numpy as np
import pytest

from evals.domain.costs import trial_cost
from evals.domain.evalsets import Mapping
from evals.domain.rows import Row, RowFile
from evals.domain.specs import Comparator, CriterionSpec, PlanSpec, PriceTier
from evals.domain.trials import Usage
from evals.models import Evaluation
from evals.queries.grounds import grounds_of
from evals.queries.judgements import judge_runs
from evals.queries.orders import asking_order, layout_of
from evals.queries.results import evaluation_document
from evals.queries.specs import frozen_spec
from evals.services.evalsets import Origin, create_version, eval_set_for
from tests import make
from tests.known import known

pytestmark = pytest.mark.django_db


def clustered(*, plan: PlanSpec, samples: int = 40) -> Evaluation:
    """Start an evaluation of tickets, five of each customer."""
    task = make.task()
    rows = (
        Row(n, n + 2, {"text": f"number {n}", "queue": "billing", "customer": f"c{n // 5}"})
        for n in range(samples)
    )
    create_version(
        eval_set=eval_set_for(task=task, name="tickets"),
        rows=RowFile(("text", "queue", "customer"), rows),
        mapping=Mapping("text", "queue", (), "customer"),
        origin=Origin(name="tickets.csv", user=None),
    )
    spec = make.candidate_spec()
    return make.live_evaluation(task, samples=samples, candidates=[spec], plan=plan)


@pytest.mark.parametrize(
    ("plan", "is_whole"),
    [
        (PlanSpec(), False),
        (PlanSpec(stop_early=True), True),
        (PlanSpec(max_samples=22), True),
        (PlanSpec(max_samples=22, stop_early=True), True),
    ],
)
def test_clusters_are_asked_whole_where_a_part_is_read(plan, is_whole):
    evaluation = clustered(plan=plan)
    order = asking_order(evaluation, frozen_spec(evaluation))
    assert sorted(order) == list(range(40))
    met = [position // 5 for position in order]
    assert (met == sorted(met, key=met.index)) is is_whole
    clusters = layout_of(evaluation, frozen_spec(evaluation)).clusters
    asked = met[: evaluation.sample_count]
    assert clusters is not None
    assert [asked.index(c) for c in asked] == [list(clusters).index(c) for c in clusters]


def test_a_score_outside_0_to_1_or_of_an_unscored_trial_is_none_and_no_page_fails():
    evaluation = make.live_evaluation(candidates=[make.candidate_spec()])
    run = evaluation.runs.get()
    make.answer(run, asked=10, scores={"exact_match": 37.0})
    run.trials.filter(place__lt=4).update(scores={"exact_match": 1.0})
    run.trials.filter(place=3).update(state="scorer_error")
    make.complete(run)
    spec = frozen_spec(evaluation)
    scores = grounds_of(evaluation, spec, [run])[run.pk].table.scores["exact_match"].ravel()
    assert np.flatnonzero(~np.isnan(scores)).tolist() == [0, 1, 2]
    run.refresh_from_db()
    line = judge_runs(evaluation, spec, [run])[run.pk].results[0]
    assert (line.n, line.value) == (3, 1.0)
    assert line.method.endswith("17 trials without a figure: counted against")
    assert evaluation_document(evaluation, spec)["candidates"][0]["verdict"] == "undecided"


def test_rows_without_a_slices_value_are_in_none_of_its_slices():
    line = CriterionSpec(
        metric="exact_match",
        comparator=Comparator.AT_LEAST,
        threshold=0.5,
        slice={"channel": "phone"},
    )
    task = make.task()
    channels = [None, ""] * 3 + ["phone", "mail"] * 7
    rows = (
        Row(n, n + 2, {"text": f"number {n}", "queue": "billing", "channel": channel})
        for n, channel in enumerate(channels)
    )
    create_version(
        eval_set=eval_set_for(task=task, name="tickets"),
        rows=RowFile(("text", "queue", "channel"), rows),
        mapping=Mapping("text", "queue", ("channel",)),
        origin=Origin(name="tickets.csv", user=None),
    )
    spec = make.candidate_spec()
    evaluation = make.live_evaluation(task, candidates=[spec], criteria=[line])
    run = evaluation.runs.get()
    make.answer(run)
    make.complete(run)
    run.refresh_from_db()
    judged = judge_runs(evaluation, frozen_spec(evaluation), [run])[run.pk]
    assert judged.results[0].n == 7
    counts = {str(m.slice): m.n for m in judged.estimator.scores()}
    assert (counts["None"], counts["{'channel': 'phone'}"]) == (20, 7)


def test_a_trials_cost_knows_its_cache_and_the_length_of_its_prompt():
    price = replace(
        make.TOKEN_PRICE,
        cached_input_usd_per_mtok=Decimal("0.25"),
        cache_write_usd_per_mtok=Decimal(3),
        tiers=(PriceTier(above_input_tokens=1_000, input_usd_per_mtok=Decimal(5)),),
    )
    evaluation = make.live_evaluation(samples=3, candidates=[make.candidate_spec(price=price)])
    run = evaluation.runs.get()
    make.answer(run)
    usages = [
        Usage(input_tokens=900, output_tokens=10, cached_tokens=800),
        Usage(input_tokens=1_001, output_tokens=10, cache_write_tokens=1_000),
        Usage(input_tokens=1_000, output_tokens=10),
    ]
    for place, usage in enumerate(usages):
        run.trials.filter(place=place).update(**asdict(usage))
    table = grounds_of(evaluation, frozen_spec(evaluation), [run])[run.pk].table
    costs = [float(known(trial_cost(usage, price))) for usage in usages]
    assert table.usd.ravel().tolist() == pytest.approx(costs)
    assert known(table.most_usd) >= max(costs)
