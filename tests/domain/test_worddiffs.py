"""Two texts compared word by word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.worddiffs import MOST_WORDS, Mark, Piece, word_diff


def pieces(before: str, after: str) -> list[tuple[str, str]]:
    found = word_diff(before, after)
    assert found is not None
    return [(piece.mark.value, piece.text) for piece in found]


@given(before=st.text(max_size=60), after=st.text(max_size=60))
def test_what_is_kept_makes_up_both_texts(before: str, after: str):
    found = word_diff(before, after)
    assert found is not None
    assert "".join(p.text for p in found if p.mark is not Mark.ADDED) == before
    assert "".join(p.text for p in found if p.mark is not Mark.REMOVED) == after


@given(text=st.text(min_size=1, max_size=60))
def test_a_text_is_the_same_as_itself(text: str):
    assert word_diff(text, text) == (Piece(mark=Mark.SAME, text=text),)


def test_words_are_exchanged_whole():
    assert pieces("send to billing now", "send to refunds now") == [
        ("same", "send to "),
        ("removed", "billing"),
        ("added", "refunds"),
        ("same", " now"),
    ]


@pytest.mark.parametrize(("before", "after"), [("x " * MOST_WORDS, "x"), ("x", "x " * MOST_WORDS)])
def test_texts_that_take_too_long_are_not_compared(before: str, after: str):
    assert word_diff(before, after) is None
