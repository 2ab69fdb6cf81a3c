"""What stands out in an eval set, and what is said of it."""

import pytest

from evals.domain.setfigures import Pair, figures_of, is_near_empty
from evals.domain.setwarnings import Concern, set_warnings


def pairs(*rows: tuple[str, str]) -> list[Pair]:
    return [Pair(place, *row) for place, row in enumerate(rows)]


def concerns(*rows: tuple[str, str]) -> dict[Concern, str]:
    return {w.concern: w.title for w in set_warnings(figures_of(pairs(*rows)))}


def test_a_sound_set_has_nothing_to_look_at():
    labels = ("billing", "refunds", "technical")
    assert not concerns(*((f"ticket {n}", labels[n % 3]) for n in range(60)))


def test_no_rows_have_nothing_to_look_at():
    assert not concerns()


def test_the_same_input_twice_is_a_repeat_and_with_another_target_a_contradiction():
    rows = [("a", "x"), ("b", "x"), ("a", "x"), ("b", "y"), ("c", "x")]
    found = figures_of(pairs(*rows))
    assert (found.repeated, found.contradicted) == (2, 2)
    assert found.examples["repeated"] == [0, 2, 1, 3]
    assert found.examples["contradicted"] == [1, 3]
    titles = concerns(*rows)
    assert titles[Concern.REPEATED] == "2 of 5 rows repeat the input of an earlier row"
    assert "2 of 5 rows share their input with a row" in titles[Concern.CONTRADICTED]


def test_the_contradictions_come_first_for_they_cap_the_score():
    found = set_warnings(figures_of(pairs(("a", "x"), ("a", "y"))))
    assert [warning.concern for warning in found] == [Concern.CONTRADICTED, Concern.REPEATED]


@pytest.mark.parametrize("target", ["", "-", "n/a", "NaN", " null ", "?!", "TBD", "#N/A"])
def test_what_marks_a_missing_answer_is_near_empty(target):
    assert is_near_empty(target)


@pytest.mark.parametrize("target", ["A", "0", "no", "はい", "été", "😀", "C#", "-1"])
def test_short_answers_are_answers(target):
    assert not is_near_empty(target)


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ((60, 40), None),
        ((80, 20), "80 of 100 rows have the target 'l0'"),
        ((50, 30, 20), "50 of 100 rows have the target 'l0'"),
        ((40, 30, 30), None),
        ((100,), "Every row has the target 'l0'"),
    ],
)
def test_a_label_that_dominates_is_told(shares, expected):
    rows = [
        (f"q{label}-{n}", f"l{label}") for label, many in enumerate(shares) for n in range(many)
    ]
    assert concerns(*rows).get(Concern.IMBALANCE) == expected


def test_few_rows_have_no_shares_to_speak_of():
    assert Concern.IMBALANCE not in concerns(*((f"q{n}", "yes") for n in range(10)))


def test_free_text_has_no_labels():
    assert not concerns(*((f"question {n}", f"a long answer, number {n}") for n in range(40)))


def test_labels_of_few_rows_are_counted():
    rows = [(f"q{n}", "common" if n < 18 else "seldom") for n in range(20)]
    assert concerns(*rows)[Concern.RARE] == "1 of 2 labels have fewer than 5 rows"


def test_a_target_that_stands_in_its_input_leaks():
    labels = ("card_arrival", "lost_card", "top_up")
    rows = [
        (f"{n}: my topic is {labels[n % 3].replace('_', ' ')}!", labels[n % 3]) for n in range(30)
    ]
    found = [w for w in set_warnings(figures_of(pairs(*rows))) if w.concern is Concern.LEAKED]
    assert found[0].title == "30 of 30 rows have their target in the input, word for word"
    assert "100%" in found[0].why
    assert found[0].examples == (0, 1, 2)


def test_a_word_that_stands_in_every_input_leaks_nothing():
    labels = ("yes it is", "not at all")
    rows = [(f"{n} answer yes it is or not at all", labels[n % 2]) for n in range(40)]
    assert Concern.LEAKED not in concerns(*rows)


def test_labels_of_one_or_two_letters_are_never_a_leak():
    rows = [(f"{n} a b c or no", ("a", "no")[n % 2]) for n in range(40)]
    figures = figures_of(pairs(*rows))
    assert figures.leak_looked == 0
    assert Concern.LEAKED not in concerns(*rows)


def test_part_of_a_word_is_no_leak():
    rows = [(f"{n} cardinal billings", ("card", "bill")[n % 2]) for n in range(40)]
    assert figures_of(pairs(*rows)).leaked == 0
