"""Counts that grow step by step equal counting every trial, whatever happens to the shards."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from evals.domain.specs import PlanSpec, PriceSpec
from evals.domain.trials import TrialState
from evals.models import Evaluation, Run, Sample, Shard, Team, Trial
from evals.models.evaluations import RunState, ShardState
from evals.queries.evaluationprogress import live_results
from evals.queries.facts import Counted, count_runs
from evals.queries.livecounts import count_live_runs
from evals.queries.specs import frozen_spec
from evals.services.retries import reopen_failed
from tests import make
from tests.queries.test_facts import PRICES, SCORERS, make_trial

pytestmark = pytest.mark.django_db

SAMPLES, SIZE = 60, 8  # of the set, and of a shard
QUANTILES = ("latency.quantiles", "latency.first_token", "latency.per_token")


@pytest.fixture(autouse=True)
def _small_shards(settings: Any) -> None:
    settings.SHARD_SIZE = SIZE


def chance_of(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - the same each time


def live(team: Team, price: PriceSpec | None, *, epochs: int = 1) -> Evaluation:
    return make.live_evaluation(
        make.task(team),
        samples=SAMPLES,
        scorers=SCORERS,
        candidates=[make.candidate_spec(name, price=price) for name in ("a", "b")],
        plan=PlanSpec(epochs=epochs),
    )


def store(run: Run, places: range, chance: random.Random) -> None:
    samples = list(Sample.objects.of(run.evaluation.version_id).order_by("pk"))
    Trial.objects.bulk_create(
        make_trial(run, samples[place], place, epoch, chance, is_usage_known=True)
        for place in places
        for epoch in range(run.evaluation.epochs)
    )


def finish(shard: Shard, chance: random.Random) -> None:
    """Have a worker take a shard and store all that it lacks."""
    stored = Trial.objects.filter(run=shard.run).values_list("place", flat=True)
    missing = set(range(shard.start, shard.stop)) - set(stored)
    for place in sorted(missing):
        store(shard.run, range(place, place + 1), chance)
    Shard.objects.filter(pk=shard.pk).update(state=ShardState.DONE, attempts=shard.attempts + 1)


def check(evaluation: Evaluation) -> None:
    spec, runs = frozen_spec(evaluation), list(evaluation.runs.order_by("position"))
    found = count_live_runs(evaluation, spec, runs)
    expected = count_runs(evaluation, spec, runs)
    for run in runs:
        assert dict(figures(found[run.pk])) == dict(figures(expected[run.pk]))


def figures(counted: Counted) -> Iterator[tuple[str, Any]]:
    """Yield every figure but quantiles; floats nearly, since they are added in another order."""
    for path, value in leaves(counted):
        is_rounded = isinstance(value, float)
        yield path, pytest.approx(value, rel=1e-9, abs=1e-15) if is_rounded else value


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if path.endswith(QUANTILES):
        return
    inner = (
        {field.name: getattr(value, field.name) for field in fields(value)}
        if (is_dataclass(value))
        else value
    )
    if not isinstance(inner, Mapping):
        yield path, inner
        return
    for name, part in inner.items():
        yield from leaves(part, f"{path}.{name}")


@pytest.mark.parametrize("price", PRICES.values(), ids=PRICES)
@pytest.mark.parametrize("epochs", [1, 2])
def test_each_look_at_a_run_that_goes_on_counts_every_trial(team, price, epochs):
    chance, evaluation = chance_of(7), live(team, price, epochs=epochs)
    check(evaluation)
    for run in evaluation.runs.all():
        shards = list(run.shards.all())
        for number in chance.sample(range(len(shards)), 5):
            finish(shards[number], chance)
            check(evaluation)
        held = run.shards.exclude(state=ShardState.DONE)[0]
        store(run, range(held.start, held.start + 3), chance)
        check(evaluation)


def test_what_is_asked_again_is_counted_anew(team):
    chance, evaluation = chance_of(11), live(team, PRICES["cached tokens"])
    run = evaluation.runs.get(position=0)
    for shard in run.shards.all():
        finish(shard, chance)
    check(evaluation)
    failed = Trial.objects.filter(run=run, state=TrialState.INFRA_ERROR).count()
    reopen_failed(evaluation=evaluation, states=[TrialState.INFRA_ERROR], user=None)
    assert failed
    check(evaluation)


def test_a_shard_that_was_opened_and_done_between_two_looks_is_counted_anew(team):
    chance, evaluation = chance_of(13), live(team, PRICES["tokens"])
    run = evaluation.runs.get(position=0)
    for shard in run.shards.all():
        finish(shard, chance)
    check(evaluation)
    reopen_failed(evaluation=evaluation, states=[TrialState.INFRA_ERROR], user=None)
    for shard in run.shards.filter(state=ShardState.WAITING):
        finish(shard, chance)
    check(evaluation)


def test_a_shard_that_is_done_is_read_once(team, django_assert_num_queries):
    evaluation = live(team, PRICES["tokens"])
    run = evaluation.runs.get(position=0)
    finish(run.shards.all()[0], chance_of(17))
    spec, runs = frozen_spec(evaluation), list(evaluation.runs.all())
    before = count_live_runs(evaluation, spec, runs)[run.pk].facts.counts
    Trial.objects.filter(run=run).delete()  # unseen, since nobody opened the shard
    with django_assert_num_queries(2):
        assert count_live_runs(evaluation, spec, runs)[run.pk].facts.counts == before


def test_a_fixed_plan_is_not_judged_by_a_page_while_its_verdicts_are_written(
    team, django_assert_num_queries
):
    evaluation = live(team, PRICES["tokens"])
    for run in evaluation.runs.all():
        make.answer(run)
    evaluation.runs.update(state=RunState.COMPLETED)
    with django_assert_num_queries(3):  # runs, shards, sums
        results = live_results(evaluation)
    states = {line["state"] for o in results.outcomes for line in o.document["criteria"]}
    assert states == {"unsettled"}


def test_what_was_cancelled_is_counted_once(team, django_assert_num_queries):
    evaluation = live(team, PRICES["tokens"])
    run = evaluation.runs.get(position=0)
    store(run, range(5), chance_of(19))
    evaluation.runs.update(state=RunState.CANCELLED)
    ended = {"state": RunState.CANCELLED, "finished_at": make.NOON}
    Evaluation.objects.filter(pk=evaluation.pk).update(**ended)
    evaluation.refresh_from_db(fields=list(ended))
    first = live_results(evaluation).outcomes[0].document
    with django_assert_num_queries(1):
        assert live_results(evaluation).outcomes[0].document == first
    assert sum(first["trials"].values()) - first["trials"]["truncated"] == SAMPLES
    assert first["trials"]["skipped"] == SAMPLES - 5
