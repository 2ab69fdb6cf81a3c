from hypothesis import given
from hypothesis import strategies as st

from evals.domain.intervals import wilson_interval
from evals.domain.narrowing import Step, moments_of
from evals.domain.sequential import anytime_rate_interval

COUNTS = st.lists(
    st.integers(0, 20).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), max_size=8
)


def steps(counts: list[tuple[int, int]]) -> list[Step]:
    return [
        Step(places=20 * (number + 1), n=n, total=float(passed), passed=passed)
        for number, (n, passed) in enumerate(counts)
    ]


@given(COUNTS)
def test_the_last_moment_is_the_whole_run(counts):
    n, passed = (sum(column) for column in zip(*counts, strict=True)) if counts else (0, 0)
    for stop_early, rule in ((False, wilson_interval), (True, anytime_rate_interval)):
        moments = moments_of(steps(counts), stop_early=stop_early, are_independent=True)
        if not n:
            assert not moments
            continue
        whole = rule(passed, n)
        last = moments[-1]
        assert (last.n, last.value, last.low, last.high) == (n, passed / n, whole.low, whole.high)


@given(COUNTS)
def test_moments_follow_the_order_of_asking(counts):
    moments = moments_of(steps(counts), stop_early=False, are_independent=True)
    assert [m.places for m in moments] == sorted(m.places for m in moments)
    assert [m.n for m in moments] == sorted(m.n for m in moments)


def test_partial_credit_and_samples_that_hang_together_have_no_interval_on_the_way():
    graded = [Step(places=10, n=10, total=7.5, passed=None)]
    assert moments_of(graded, stop_early=False, are_independent=True)[0].low is None
    binary = [Step(places=10, n=10, total=7.0, passed=7)]
    assert moments_of(binary, stop_early=False, are_independent=False)[0].low is None
