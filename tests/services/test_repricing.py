"""Prices that change after a verdict: it says so, and what it found stays."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from evals.domain.publicprices import PublicPrice
from evals.domain.specs import PlanSpec, PriceSpec, PriceTier
from evals.models import AuditEntry, EndpointPrice, VerdictRow
from evals.queries.repricing import costs_at, costs_today, frozen_price
from evals.services.endpointprices import end_endpoint_price, set_endpoint_price
from evals.services.pricesync import store_prices
from evals.services.staleness import mark_repriced_verdicts
from tests import make
from tests.known import known

pytestmark = pytest.mark.django_db
CHEAPER = replace(
    make.TOKEN_PRICE,
    output_usd_per_mtok=Decimal(8),
    source="an offer",
    dated_on=date(2026, 11, 1),
)
TODAY = timezone.now().date()


def verdict_of(evaluation, name="open-model"):
    rows = VerdictRow.objects.select_related("run__candidate", "run__evaluation__task")
    return rows.get(run__evaluation=evaluation, run__candidate__name=name)


def say(verdict, price=CHEAPER):
    candidate = verdict.run.candidate
    return set_endpoint_price(
        endpoint=candidate.endpoint,
        model=candidate.model,
        price=price,
        user=make.member(candidate.task.team),
        now=timezone.now(),
    )


def end(verdict):
    candidate = verdict.run.candidate
    return end_endpoint_price(
        endpoint=candidate.endpoint,
        model=candidate.model,
        user=make.member(candidate.task.team),
        now=timezone.now(),
    )


def public(usd, *, starts_on=None):
    return PublicPrice(
        provider="lab",
        provider_name="Lab",
        model="open-model",
        model_name="Open model",
        starts_on=starts_on,
        price=PriceSpec(input_usd_per_mtok=Decimal("2.5"), output_usd_per_mtok=Decimal(usd)),
        source_url="https://lab.example",
    )


def catalogued():
    price = replace(make.TOKEN_PRICE, catalogue="lab:open-model", source="prices 1")
    return [make.incumbent_spec(), make.candidate_spec(price=price)]


def test_a_price_set_on_the_endpoint_makes_its_verdicts_stale_with_both_figures():
    verdict = verdict_of(make.evaluation())
    before = verdict.grounds
    say(verdict)
    verdict.refresh_from_db()
    assert verdict.stale_reason == (
        "the price of open-model has changed: output $10.00 → $8.00 per million tokens"
    )
    assert verdict.grounds == before
    assert AuditEntry.objects.get(action="endpoint price set").details["stale_verdicts"] == 1


def test_the_same_figures_make_nothing_stale_and_are_stored_once():
    verdict = verdict_of(make.evaluation())
    same = replace(make.TOKEN_PRICE, source="the invoice", dated_on=date(2026, 11, 1))
    assert say(verdict, same) == say(verdict, same)
    verdict.refresh_from_db()
    assert verdict.stale_reason == ""
    assert EndpointPrice.objects.count() == 1


def test_a_new_bar_is_the_reason_whatever_prices_do_before_and_after():
    evaluation, early = make.evaluation(), make.evaluation()
    say(verdict_of(early))
    for task in (evaluation.task, early.task):
        make.bar(task, make.BAR[:1])
    say(verdict_of(evaluation))
    end(verdict_of(early))
    for one in (evaluation, early):
        assert verdict_of(one).stale_reason.startswith("bar v2")


def test_the_reason_says_the_price_of_today_not_the_first_that_was_another():
    evaluation = make.evaluation()
    say(verdict_of(evaluation))
    say(verdict_of(evaluation), replace(CHEAPER, output_usd_per_mtok=Decimal(9)))
    assert "output $10.00 → $9.00" in verdict_of(evaluation).stale_reason


def test_another_way_of_charging_is_said_as_one_and_not_as_unknown():
    evaluation = make.evaluation()
    say(verdict_of(evaluation), PriceSpec(usd_per_hour=Decimal(2), source="an offer"))
    assert verdict_of(evaluation).stale_reason == (
        "the price of open-model has changed: input $2.50, output $10.00 per million tokens "
        "→ $2.00 an hour"
    )


def test_a_verdict_is_no_longer_stale_once_the_price_it_rests_on_is_back():
    evaluation = make.evaluation()
    say(verdict_of(evaluation))
    end(verdict_of(evaluation))
    assert verdict_of(evaluation).stale_reason == ""
    assert AuditEntry.objects.get(action="endpoint price ended").details["stale_verdicts"] == 1


def test_a_run_is_priced_anew_from_the_tokens_of_its_result():
    verdict = verdict_of(make.evaluation())
    say(verdict)
    cost = costs_today([verdict], on=TODAY)[verdict.run_id]
    # 100 tokens in at $2.50 and 2 out, at $10 then and $8 today, 200,000 times a month
    assert (cost.was_per_1k_usd, cost.per_1k_usd) == (Decimal("0.27"), Decimal("0.266"))
    assert (cost.was_monthly_usd, cost.monthly_usd) == (Decimal(54), Decimal("53.2"))
    assert cost.change == "output $10.00 → $8.00 per million tokens"
    assert known(cost.new).source == "an offer"


def test_a_price_that_was_unknown_is_known_now():
    specs = [make.incumbent_spec(), make.candidate_spec(price=None)]
    verdict = verdict_of(make.evaluation(candidates=specs))
    say(verdict)
    cost = costs_today([verdict], on=TODAY)[verdict.run_id]
    assert cost.was_per_1k_usd is None
    assert (cost.per_1k_usd, cost.monthly_usd) == (Decimal("0.266"), Decimal("53.2"))
    assert "unknown → $2.50" in cost.change


def test_a_tier_that_some_prompts_reach_is_priced_trial_by_trial():
    evaluation = make.live_evaluation()
    for run in evaluation.runs.all():
        make.answer(run)
        make.complete(run)
        run.trials.filter(place__lt=5).update(input_tokens=1_000)
    make.finish(evaluation)
    verdict = verdict_of(evaluation)
    tier = PriceTier(above_input_tokens=500, input_usd_per_mtok=Decimal(5))
    tiered = replace(make.TOKEN_PRICE, tiers=(tier,))
    (cost,) = costs_at({verdict: tiered}).values()
    expected = 15 * 100 * Decimal("2.5") + 5 * 1_000 * Decimal(5) + 20 * 2 * Decimal(10)
    assert cost == expected / 20 / 1_000_000


def test_a_tier_reached_after_the_stop_rules_prefix_is_left_out():
    evaluation = make.live_evaluation(samples=60, plan=PlanSpec(stop_early=True))
    for run in evaluation.runs.all():
        make.answer(run)
        make.complete(run)
        run.trials.filter(place__gte=59).update(input_tokens=1_000)
    make.finish(evaluation)
    verdict = verdict_of(evaluation)
    read = verdict.grounds["result"]["stopping"]["read"]
    assert read < 59
    tier = PriceTier(above_input_tokens=500, input_usd_per_mtok=Decimal(5))
    (cost,) = costs_at({verdict: replace(make.TOKEN_PRICE, tiers=(tier,))}).values()
    assert cost == Decimal("0.00027")


def test_unknown_usage_stays_unknown_at_any_price():
    evaluation = make.live_evaluation()
    for run in evaluation.runs.all():
        make.answer(run, input_tokens=None)
        make.complete(run)
    make.finish(evaluation)
    verdict = verdict_of(evaluation)
    assert list(costs_at({verdict: CHEAPER}).values()) == [None]


def test_an_ended_price_gives_the_candidates_own_back_and_stays_in_the_history():
    verdict = verdict_of(make.evaluation())
    say(verdict)
    candidate = verdict.run.candidate
    user = make.member(candidate.task.team)
    ended = {"endpoint": candidate.endpoint, "model": candidate.model, "user": user}
    assert end_endpoint_price(**ended, now=timezone.now())
    assert not end_endpoint_price(**ended, now=timezone.now())
    assert costs_today([verdict], on=TODAY) == {}
    assert EndpointPrice.objects.count() == 2


def test_a_public_price_that_changes_makes_those_who_took_it_stale():
    now = datetime.combine(TODAY, datetime.min.time(), tzinfo=UTC) - timedelta(days=30)
    store_prices(prices=[public(10)], edition="prices 1", now=now)
    verdict = verdict_of(make.evaluation(candidates=catalogued()))
    other = verdict_of(make.evaluation())
    assert mark_repriced_verdicts(on=TODAY) == 0
    store_prices(
        prices=[public(10), public(5, starts_on=TODAY)], edition="prices 2", now=timezone.now()
    )
    assert mark_repriced_verdicts(on=TODAY) == 1
    for row in (verdict, other):
        row.refresh_from_db()
    assert "output $10.00 → $5.00 per million tokens" in verdict.stale_reason
    assert other.stale_reason == ""


def test_a_price_that_changed_while_it_ran_makes_the_verdict_stale_from_the_start():
    evaluation = make.live_evaluation()
    candidate = evaluation.runs.get(is_incumbent=False).candidate
    set_endpoint_price(
        endpoint=candidate.endpoint,
        model=candidate.model,
        price=CHEAPER,
        user=make.member(candidate.task.team),
        now=timezone.now(),
    )
    for run in evaluation.runs.all():
        make.answer(run)
        make.complete(run)
    make.finish(evaluation)
    assert "the price of open-model has changed" in verdict_of(evaluation).stale_reason
    assert frozen_price(verdict_of(evaluation)) == make.TOKEN_PRICE


def test_another_team_and_another_model_are_left_alone():
    verdict, other = verdict_of(make.evaluation()), verdict_of(make.evaluation())
    say(verdict)
    other.refresh_from_db()
    assert other.stale_reason == ""
    assert costs_today([other], on=TODAY) == {}
