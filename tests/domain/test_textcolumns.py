"""Blank is what `str.isspace` says it is, and nothing is lost between texts and columns."""

import sys

from hypothesis import given
from hypothesis import strategies as st

from evals.domain.textcolumns import filled, is_filled, text_array, whole

SURROGATES = range(0xD800, 0xE000)


def test_every_character_is_blank_where_python_says_so():
    characters = [chr(code) for code in range(sys.maxunicode + 1) if code not in SURROGATES]
    found = filled(text_array(characters)).is_null().to_pylist()
    assert found == [character.isspace() for character in characters]


@given(st.lists(st.text(" \t\u2003a", max_size=3), min_size=1))
def test_a_text_is_blank_where_it_is_empty_or_all_white(texts: list[str]) -> None:
    column = text_array(texts)
    assert filled(column).to_pylist() == [text if text.strip() else None for text in texts]
    assert is_filled(column) == all(text.strip() for text in texts)


@given(st.lists(st.text(max_size=3), min_size=3))
def test_a_part_of_a_column_has_its_own_text(texts: list[str]) -> None:
    column = text_array(texts)
    assert column.to_pylist() == texts
    assert bytes(whole(column[1:])) == "".join(texts[1:]).encode()
