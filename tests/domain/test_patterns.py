import re
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.patterns import Pattern, PatternError, PatternTimeoutError

PIECES = (
    *(r"\w", r"\W", r"\s", r"\S", r"\d", r"\b", r"\B", "a", "é", "ह", ".", "^", "$", ",", " "),
    *("[a-z]", r"[\w-]", r"[^\s,]", "[^]]", r"[\s\S]", "{e}", "{", "}", "(a)", "(?:b|a)"),
    *("(x|(y))", "(?=a)", "(?<=a)", "(?i:A)"),
)
REPEATS = ("", "", "", "*", "+", "?", "{2}", "{1,2}", "{,2}", "*?")
patterns = st.lists(
    st.tuples(st.sampled_from(PIECES), st.sampled_from(REPEATS)).map("".join),
    min_size=1,
    max_size=4,
).map("".join)
texts = st.text(alphabet="abxyABé²हि1,{}]e -_\n\x1c", max_size=12)


@given(source=patterns, text=texts)
def test_a_pattern_means_what_it_means_to_python(source, text):
    try:
        plain = re.compile(source)
    except re.error:
        with pytest.raises(PatternError):
            Pattern(source)
        return
    pattern = Pattern(source)
    assert pattern.findall(text) == plain.findall(text)
    assert pattern.sub("-", text) == plain.sub("-", text)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"(?x) (\d+) [ ] [{]e  # a comment with [ in it", "1 {e"),
        (r"(?a)\w+", "naïve"),
        ("\\N{LATIN SMALL LETTER E WITH ACUTE}+", "éé"),
        (r'{"answer": "(\w+)"}', '{"answer": "yes"}'),
        (r"\{e\}", "{e}"),
    ],
)
def test_odd_pieces_are_left_as_they_are(source, text):
    assert Pattern(source).findall(text) == re.findall(source, text)


@pytest.mark.parametrize("source", ["(", "[[:alpha:]]", "[a--b]", r"\p{L}", "(?R)"])
def test_what_python_refuses_or_may_read_in_two_ways_is_refused(source):
    with pytest.raises(PatternError, match="is not a usable pattern"):
        Pattern(source)


def test_a_pattern_that_backtracks_for_ever_is_stopped():
    started = perf_counter()
    with pytest.raises(PatternTimeoutError, match=r"'\(a\|aa\)\+\$' took longer than 0.5 s"):
        Pattern("(a|aa)+$").findall("a" * 60 + "b")
    assert perf_counter() - started < 5


@pytest.mark.parametrize(
    ("source", "text", "taken"),
    [
        (r"answer is (\w+)", "the answer is yes, the answer is no", "yes"),
        (r"is \w+ ", "it is so ", "is so"),
        (r"(x)|(y)", "y", "y"),
        (r"(x)?(y)?b", "b", None),
        (r"(x)?b", "b", ""),
        (r"\d", "none", None),
    ],
)
def test_the_first_match_gives_its_group_without_spaces_around_it(source, text, taken):
    assert Pattern(source).first(text) == taken
