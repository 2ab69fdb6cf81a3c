"""What the database counts, against the same counted in plain Python."""

import random
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from math import ceil
from typing import Any

import pytest

from evals.domain.costs import sums_cost, trial_cost
from evals.domain.intervals import quantile_interval
from evals.domain.metrics import LATENCY_QUANTILES
from evals.domain.specs import (
    Comparator,
    CriterionSpec,
    PlanSpec,
    PriceSpec,
    PriceTier,
    ScorerSpec,
)
from evals.domain.trials import Usage
from evals.models import Evaluation, Run, Sample, Trial
from evals.queries.facts import Counted, count_runs
from evals.queries.specs import frozen_spec
from tests import make
from tests.known import known

pytestmark = pytest.mark.django_db

SCORERS = (ScorerSpec(name="exact_match"), ScorerSpec(name="f1"))
BAR = (
    CriterionSpec(metric="exact_match", comparator=Comparator.AT_LEAST, threshold=0.6),
    CriterionSpec(metric="latency_p95_seconds", comparator=Comparator.AT_MOST, threshold=0.5),
    CriterionSpec(
        metric="latency_p50_seconds", comparator=Comparator.AT_MOST, threshold=0.123456789
    ),
)
TOKENS = PriceSpec(input_usd_per_mtok=Decimal("2.5"), output_usd_per_mtok=Decimal(10))
PRICES = {
    "tokens": TOKENS,
    "cached tokens": replace(
        TOKENS,
        cached_input_usd_per_mtok=Decimal("0.25"),
        cache_write_usd_per_mtok=Decimal("3.125"),
    ),
    "half the price in batches": replace(TOKENS, batch_multiplier=Decimal("0.5")),
    "dearer long prompts": replace(
        TOKENS,
        cache_write_usd_per_mtok=Decimal(3),
        tiers=(
            PriceTier(above_input_tokens=1000, input_usd_per_mtok=Decimal(5)),
            PriceTier(above_input_tokens=3000, output_usd_per_mtok=Decimal(30)),
        ),
    ),
    "requests": PriceSpec(usd_per_request=Decimal("0.002")),
    "hours": PriceSpec(gpu="L4", usd_per_hour=Decimal("0.80")),
    "unknown": None,
}
JUDGED = ("ok", "no_answer", "model_error")
CONCURRENCY = 8


def random_trials(run: Run, chance: random.Random, *, is_usage_known: bool) -> list[Trial]:
    samples = list(Sample.objects.of(run.evaluation.version_id).order_by("pk"))
    asked = samples[: chance.randrange(len(samples) + 1)]
    return Trial.objects.bulk_create(
        make_trial(run, sample, place, epoch, chance, is_usage_known=is_usage_known)
        for place, sample in enumerate(asked)
        for epoch in range(run.evaluation.epochs)
    )


def make_trial(
    run: Run, sample: Sample, place: int, epoch: int, chance: random.Random, *, is_usage_known: bool
) -> Trial:
    state = chance.choices([*JUDGED, "infra_error", "scorer_error"], [8, 1, 1, 1, 1])[0]
    value: Any = 0.0 if state != "ok" else float(chance.random() < 0.7)
    graded: Any = 0.0 if state != "ok" else chance.choice([0.0, 1.0, chance.random()])
    if state in ("infra_error", "scorer_error"):
        value = graded = None
    is_answered = state in ("ok", "no_answer", "scorer_error")
    is_counted = is_answered and (is_usage_known or chance.random() < 0.5)
    read = chance.randrange(1, 4000) if is_counted else None
    return Trial(
        run=run,
        sample=sample,
        place=place,
        epoch=epoch,
        state=state,
        output="x" if state == "ok" else None,
        scores={"exact_match": value, "f1": graded},
        input_tokens=read,
        cached_tokens=None if read is None else chance.choice([None, 0, read // 2]),
        cache_write_tokens=None if read is None else chance.choice([None, 0, read // 3]),
        output_tokens=chance.randrange(0, 300) if is_counted else None,
        latency_seconds=chance.choice([0.5, chance.expovariate(3), chance.expovariate(3)])
        if is_answered
        else None,
        ttft_seconds=chance.choice([None, chance.expovariate(9)]) if is_answered else None,
        finish_reason=chance.choice([None, "stop", "length", "max_tokens"]),
        attempts=chance.randrange(1, 4),
    )


def evaluation_of(price: PriceSpec | None, *, epochs: int, samples: int) -> Evaluation:
    specs = [make.candidate_spec(n, price=price, concurrency=CONCURRENCY) for n in ("a", "b", "c")]
    return make.live_evaluation(
        samples=samples,
        candidates=specs,
        scorers=SCORERS,
        criteria=BAR,
        plan=PlanSpec(epochs=epochs),
    )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("price", PRICES)
def test_counts_scores_latencies_and_costs_are_those_of_the_trials(price, seed):
    chance = random.Random(f"{price} {seed}")  # noqa: S311
    evaluation = evaluation_of(PRICES[price], epochs=1 + seed % 2, samples=chance.choice([7, 90]))
    runs = list(evaluation.runs.select_related("evaluation__version"))
    trials = {run.pk: random_trials(run, chance, is_usage_known=seed != 1) for run in runs}
    counted = count_runs(evaluation, frozen_spec(evaluation), runs)
    for run in runs:
        check(counted[run.pk], trials[run.pk], evaluation, PRICES[price])


def check(
    counted: Counted, trials: Sequence[Trial], evaluation: Evaluation, price: PriceSpec | None
) -> None:
    facts, judged = counted.facts, [t for t in trials if t.state in JUDGED]
    planned = evaluation.sample_count * evaluation.epochs
    states = Counter(t.state for t in trials)
    for state in [*JUDGED, "infra_error", "scorer_error"]:
        assert getattr(facts.counts, state) == states[state]
    cut = [t for t in judged if t.finish_reason in {"length", "max_tokens"}]
    assert facts.counts.truncated == len(cut)
    check_streamed(counted, [t for t in judged if t.ttft_seconds is not None])
    assert (facts.planned, facts.counts.skipped) == (planned, planned - len(trials))
    for name in ("exact_match", "f1"):
        check_scores(counted, [t.scores[name] for t in judged], name)
    timed = [t for t in judged if t.latency_seconds is not None]
    check_latency(counted, sorted(timed, key=lambda trial: trial.latency_seconds or 0.0))
    check_usage(counted, trials)
    check_cost(counted, trials, judged, price)


def check_streamed(counted: Counted, streamed: Sequence[Trial]) -> None:
    latency = counted.facts.latency
    first = sorted(t.ttft_seconds for t in streamed if t.ttft_seconds is not None)
    each = sorted(
        max(0.0, (t.latency_seconds or 0.0) - (t.ttft_seconds or 0.0)) / (t.output_tokens - 1)
        for t in streamed
        if t.output_tokens is not None and t.output_tokens > 1
    )
    assert (latency.first_token_n, latency.per_token_n) == (len(first), len(each))
    for found, seconds in ((latency.first_token, first), (latency.per_token, each)):
        assert list(found) == ([0.5, 0.95, 0.99] if seconds else [])
        for q, quantile in found.items():
            bounds = quantile_interval(len(seconds), q)
            ranks = (max(1, ceil(round(q * 100) * len(seconds) / 100)), bounds.low, bounds.high)
            wanted = [None if rank is None else seconds[rank - 1] for rank in ranks]
            assert [quantile.value, quantile.low, quantile.high] == pytest.approx(wanted)


def check_scores(counted: Counted, values: Sequence[float], name: str) -> None:
    score = counted.facts.scores[name]
    assert score.n == len(values)
    assert score.total == pytest.approx(sum(values))
    assert score.squares == pytest.approx(sum(value**2 for value in values))
    assert (score.ones, score.zeros) == (values.count(1.0), values.count(0.0))
    assert score.is_graded == (name == "f1")


def check_latency(counted: Counted, timed: Sequence[Trial]) -> None:
    latency, n = counted.facts.latency, len(timed)
    assert latency.n == n
    seconds = [trial.latency_seconds or 0.0 for trial in timed]
    if not n:
        assert latency.quantiles == {}
        return
    for q in LATENCY_QUANTILES.values():
        bounds = quantile_interval(n, q)
        found = latency.quantiles[q]
        assert found.value == seconds[ceil(round(q * n, 9)) - 1]
        assert found.low == (None if bounds.low is None else seconds[bounds.low - 1])
        assert found.high == (None if bounds.high is None else seconds[bounds.high - 1])


def check_usage(counted: Counted, trials: Sequence[Trial]) -> None:
    answered = [t for t in trials if t.state in ("ok", "no_answer")]
    known = [t.input_tokens for t in trials if t.input_tokens is not None]
    is_known = known and len(known) >= len(answered)
    assert counted.usage.input_tokens == (sum(known) if is_known else None)
    for name in ("cached_tokens", "cache_write_tokens"):
        counts = [count for t in trials if (count := getattr(t, name)) is not None]
        assert getattr(counted.usage, name) == (sum(counts) if counts else None)
    assert counted.usage.requests == sum(t.attempts for t in trials)


def check_cost(
    counted: Counted, trials: Sequence[Trial], judged: Sequence[Trial], price: PriceSpec | None
) -> None:
    cost = counted.facts.cost
    each = None if price is None else costs_of(price, judged)
    if not each:
        assert not cost.known
        assert cost.mean is None
        assert cost.total_usd is None
        return
    assert cost.known
    assert cost.n == len(each)
    assert cost.mean == pytest.approx(float(statistics.mean(each)))
    sd = float(statistics.stdev(each)) if len(each) > 1 else None
    assert cost.sd == (None if sd is None else pytest.approx(sd, abs=1e-12))
    assert cost.estimated == (price is not None and price.usd_per_hour is not None)
    if price is not None and counted.sums is not None and not price.tiers:
        again = sums_cost(counted.sums, price)
        assert again is None or again == pytest.approx(sum(each))
    if price is not None and price.usd_per_request and price.input_usd_per_mtok is None:
        spent = price.usd_per_request * sum(t.attempts for t in trials)
        assert cost.total_usd == spent


def costs_of(price: PriceSpec, judged: Sequence[Trial]) -> list[Decimal] | None:
    """Return what each judged trial cost, None where some of it is unknown."""
    if price.usd_per_hour is not None:
        if any(t.latency_seconds is None for t in judged):
            return None
        share = price.usd_per_hour / 3600 / CONCURRENCY
        return [share * Decimal(str(t.latency_seconds)) for t in judged]
    if price.usd_per_request is not None:
        return [price.usd_per_request * t.attempts for t in judged]
    answered = [t for t in judged if t.state != "model_error"]
    if not answered or any(t.input_tokens is None for t in answered):
        return None
    return [_token_cost(t, price) for t in judged]


def _token_cost(trial: Trial, price: PriceSpec) -> Decimal:
    """Return what a trial cost; a request that was refused is not billed and has no tokens."""
    usage = Usage(
        input_tokens=trial.input_tokens or 0,
        output_tokens=trial.output_tokens or 0,
        cached_tokens=trial.cached_tokens,
        cache_write_tokens=trial.cache_write_tokens,
    )
    return known(trial_cost(usage, price))


@pytest.mark.parametrize("names", ["a", "abcdefgh"])
def test_runs_are_counted_in_two_queries_whatever_their_number(names, django_assert_num_queries):
    specs = [make.candidate_spec(name) for name in names]
    evaluation = make.live_evaluation(candidates=specs)
    runs = list(evaluation.runs.all())
    for run in runs:
        make.answer(run)
    spec = frozen_spec(evaluation)
    evaluation = Evaluation.objects.select_related("version").get(pk=evaluation.pk)
    with django_assert_num_queries(2):
        assert len(count_runs(evaluation, spec, runs)) == len(names)


def test_a_run_without_trials_has_counts_of_zero_and_nothing_known():
    evaluation = make.live_evaluation(candidates=[make.candidate_spec()])
    run = evaluation.runs.get()
    counted = count_runs(evaluation, frozen_spec(evaluation), [run])[run.pk]
    assert counted.facts.counts.judged == 0
    assert counted.facts.counts.skipped == 20
    assert counted.facts.latency.quantiles == {}
    assert counted.usage.input_tokens is None
    assert not counted.facts.cost.known
