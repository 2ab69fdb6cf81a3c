import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.cascadesignals import (
    LABELS,
    MEANINGS,
    Seen,
    Signal,
    SignalError,
    SignalKind,
    answer_words,
    brevity_confidence,
    check_signal,
    longest_kept,
    most_common,
    validator_confidence,
)
from evals.domain.patterns import Pattern
from tests.known import known

FULL = Seen(has_answer=True, is_missing=False, finish_reason="stop", output="#### 18")


def test_every_signal_says_what_it_is_and_what_it_means():
    assert set(LABELS) == set(MEANINGS) == set(SignalKind)


@pytest.mark.parametrize(
    "signal",
    [
        Signal(kind=SignalKind.BREVITY),
        Signal(kind=SignalKind.PATTERN, pattern="a+"),
        Signal(kind=SignalKind.DISAGREEMENT, third=7),
    ],
)
def test_a_signal_survives_its_document(signal):
    assert Signal.of(signal.document()) == signal


def test_agreement_needs_repeats():
    agreement = Signal(kind=SignalKind.AGREEMENT)
    check_signal(agreement, epochs=3)
    with pytest.raises(SignalError, match="asked each sample once"):
        check_signal(agreement, epochs=1)


@pytest.mark.parametrize(
    ("pattern", "said"), [(None, "is needed"), ("", "is needed"), ("(", "not a")]
)
def test_a_pattern_has_to_be_one(pattern, said):
    with pytest.raises(SignalError, match=said) as refused:
        check_signal(Signal(kind=SignalKind.PATTERN, pattern=pattern), epochs=1)
    assert refused.value.field == "pattern"


def test_disagreement_needs_a_third():
    with pytest.raises(SignalError, match="third candidate"):
        check_signal(Signal(kind=SignalKind.DISAGREEMENT), epochs=1)


@pytest.mark.parametrize(
    ("kind", "passes", "fails"),
    [
        (SignalKind.ANSWERED, FULL, Seen(has_answer=False, is_missing=False, output="hm")),
        (
            SignalKind.COMPLETE,
            FULL,
            Seen(has_answer=True, is_missing=False, finish_reason="length"),
        ),
        (SignalKind.PATTERN, FULL, Seen(has_answer=True, is_missing=False, output="18")),
    ],
)
def test_a_validator_passes_or_fails(kind, passes, fails):
    pattern = Pattern("#### -?[0-9]+")
    missing = Seen(has_answer=False, is_missing=True)
    signal = Signal(kind=kind, pattern=pattern.source)
    assert validator_confidence(signal, passes, pattern) == 1
    assert validator_confidence(signal, fails, pattern) == 0
    assert validator_confidence(signal, missing, pattern) == 0


def test_a_pattern_that_never_ends_was_not_found():
    slow = Pattern("(a|a)*(a|a)*(a|a)*b")
    seen = Seen(has_answer=True, is_missing=False, output="a" * 60)
    assert validator_confidence(Signal(kind=SignalKind.PATTERN), seen, slow) == 0


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_shorter_is_surer_and_missing_is_least_sure(one, other):
    assert (one < other) == (brevity_confidence(one) > brevity_confidence(other))
    assert brevity_confidence(None) < brevity_confidence(one)
    assert longest_kept(brevity_confidence(one)) == one


def test_no_length_is_kept_at_a_confidence_of_none():
    assert longest_kept(0.0) is None


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ([1, 1, 2], (1, 2 / 3)),
        ([2, 1, None], (2, 1 / 3)),
        ([None, None], (None, 0.0)),
        ([5, 5, 5, 5], (5, 1.0)),
        ([3, 4, 4, 3], (3, 0.5)),
    ],
)
def test_the_most_common_answer_and_how_many_give_it(keys, expected):
    key, share = most_common(keys)
    assert key == expected[0]
    assert share == pytest.approx(expected[1])


@pytest.mark.parametrize(
    ("one", "other"),
    [("1,200.0", "1200"), (" Yes ", "yes"), ("a  b", "A b"), ("0.50", ".5"), ("1E2", "100")],
)
def test_answers_that_say_the_same_agree(one, other):
    assert answer_words(one) == answer_words(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("18", "19"), ("yes", "no"), ("1e999999", "1e999998"), ("nan", "inf"), ("snan", "nan")],
)
def test_answers_that_say_something_else_do_not(one, other):
    assert known(answer_words(one)) != answer_words(other)
