"""What one switch of the harness brings; formulas are those of the methods, section 4."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from evals.domain.attempts import majority_rate, pass_all_k, pass_at_k
from evals.domain.harnesslift import Answers, LiftError, harness_lift, switched
from tests import make
from tests.known import known

CLOSED = [1.0] * 9 + [0.0]


def answers(right, *, usd="0.001", seconds=0.5):
    return Answers(
        scores=np.array([1.0] * right + [0.0] * (10 - right)),
        seconds=np.full(10, seconds),
        usd=None if usd is None else (Decimal(usd),) * 10,
    )


def test_the_lift_is_what_the_switch_changes():
    lift = harness_lift(answers(5), answers(7, usd="0.003", seconds=1.5), closed=CLOSED)
    assert lift.quality == pytest.approx(0.2)
    assert lift.usd == Decimal("0.002")
    assert lift.p95_seconds == pytest.approx(1.0)
    assert lift.gap_closed == pytest.approx((0.7 - 0.5) / (0.9 - 0.5))
    interval = known(lift.interval)
    assert interval.low < 0.2 < interval.high


def test_unknown_stays_unknown():
    unknown = answers(7, usd=None, seconds=float("nan"))
    lift = harness_lift(answers(5), unknown, closed=CLOSED)
    assert (lift.usd, lift.p95_seconds) == (None, None)


def test_without_a_gap_no_share_of_it_is_closed():
    assert harness_lift(answers(9), answers(10), closed=CLOSED).gap_closed is None


def test_other_items_are_refused():
    with pytest.raises(ValueError, match="the same items"):
        harness_lift(answers(5), answers(5), closed=[1.0])


def test_one_switch_is_named():
    plain = make.candidate_spec("plain")
    shots = replace(plain, name="shots", harness=replace(plain.harness, prompt="Examples: ..."))
    assert switched(plain, shots) == "prompt"


def test_two_switches_or_none_or_another_model_are_refused():
    plain = make.candidate_spec("plain")
    two = replace(plain, harness=replace(plain.harness, prompt="x", temperature=0.7))
    with pytest.raises(LiftError, match="found prompt, temperature"):
        switched(plain, two)
    with pytest.raises(LiftError, match="found none"):
        switched(plain, plain)
    with pytest.raises(LiftError, match="not the same model"):
        switched(plain, make.candidate_spec("other"))


@pytest.mark.parametrize(("k", "rate"), [(1, 0.7), (3, 0.784), (5, 0.8369), (9, 0.9012)])
def test_the_vector_of_the_majority_of_k(k, rate):
    assert majority_rate(0.7, k) == pytest.approx(rate, abs=5e-5)


def test_the_vectors_of_one_of_k_and_all_of_k():
    assert pass_at_k(10, 3, 2) == pytest.approx(1 - 21 / 45)
    assert pass_all_k(10, 3, 2) == pytest.approx(3 / 45)


@pytest.mark.parametrize(("rate", "k"), [(0.7, 2), (0.7, 0), (1.1, 3), (-0.1, 3)])
def test_an_even_majority_or_no_rate_is_refused(rate, k):
    with pytest.raises(ValueError, match="odd k"):
        majority_rate(rate, k)
