"""Several runs on the same samples: what is shown, what comes first, and the pages of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.comparisons import (
    Around,
    Compared,
    Show,
    Sort,
    grid_page,
    sample_means,
)

NAN = float("nan")
#                         0    1    2    3    4    5
BASELINE = np.array([1.0, 1.0, 0.0, 0.0, NAN, NAN])
OTHERS = np.array([[1.0, 0.0, 1.0, 0.0, 1.0, NAN], [1.0, 1.0, 0.0, 0.0, NAN, NAN]])


def compared() -> Compared:
    return Compared(
        baseline=BASELINE,
        others=OTHERS,
        stored=np.array([True, True, True, True, True, False]),
        failed=np.array([False, False, False, False, True, False]),
    )


@pytest.mark.parametrize(
    ("show", "expected"),
    [
        (Show.ALL, [0, 1, 2, 3, 4]),
        (Show.LOST, [1]),
        (Show.FAILURES, [1, 2, 3]),
        (Show.PASSES, [0]),
        (Show.ERRORS, [4]),
        (Show.DIFFERENT, [1, 2]),
    ],
)
def test_each_choice_shows_its_samples(show: Show, expected: list[int]):
    assert np.flatnonzero(compared().mask(show)).tolist() == expected


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (Sort.REGRESSION, [1, 0, 2, 3, 4]),
        (Sort.IMPROVEMENT, [2, 0, 1, 3, 4]),
        (Sort.ROW, [0, 1, 2, 3, 4]),
    ],
)
def test_the_worst_loss_or_the_best_gain_comes_first(sort: Sort, expected: list[int]):
    found = compared()
    page = grid_page(found.keys(sort), found.mask(Show.ALL), Around(), most=9)
    assert list(page.positions) == expected


def test_a_samples_mean_leaves_out_epochs_without_a_score():
    scores = np.array([[1.0, 0.0], [1.0, NAN], [NAN, NAN]])
    assert np.array_equal(sample_means(scores), [0.5, 1.0, NAN], equal_nan=True)


KEYS = st.lists(
    st.tuples(st.sampled_from([-1.0, 0.0, 0.5, float("inf")]), st.booleans()), max_size=40
)


@given(rows=KEYS, most=st.integers(min_value=1, max_value=7))
def test_pages_forth_and_back_hold_every_sample_once(rows: list[tuple[float, bool]], most: int):
    keys = np.array([key for key, _ in rows], dtype=np.float64)
    found = np.array([is_found for _, is_found in rows], dtype=np.bool_)
    whole = grid_page(keys, found, Around(), most=len(rows) + 1).positions

    forth, page = [], grid_page(keys, found, Around(), most=most)
    forth.append(page)
    while page.has_next:
        page = grid_page(keys, found, Around(position=page.positions[-1]), most=most)
        forth.append(page)
    assert sum((p.positions for p in forth), ()) == whole

    back = [page]
    while page.has_previous:
        around = Around(position=page.positions[0], is_before=True)
        page = grid_page(keys, found, around, most=most)
        back.append(page)
    assert sum((p.positions for p in reversed(back)), ()) == whole


@given(rows=KEYS, position=st.integers(min_value=0, max_value=60))
def test_a_page_may_begin_at_a_sample_that_is_not_shown(
    rows: list[tuple[float, bool]], position: int
):
    keys = np.array([key for key, _ in rows], dtype=np.float64)
    found = np.array([is_found for _, is_found in rows], dtype=np.bool_)
    after = grid_page(keys, found, Around(position=position), most=99).positions
    before = grid_page(keys, found, Around(position=position, is_before=True), most=99).positions
    if position < len(rows):
        assert position not in {*after, *before}
        assert len(after) + len(before) + int(found[position]) == int(found.sum())
