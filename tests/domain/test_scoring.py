from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.scoring import ScorerError, is_in_house, last_number, output_scorer, squad_f1
from evals.domain.specs import ScorerSpec
from evals.domain.trials import Score


def score(
    name: str, output: str, target: str = "", *, extract: str | None = None, **options: Any
) -> Score:
    spec = ScorerSpec(name=name, options=options, extract=extract)
    return output_scorer(spec)(output, target)


def test_ours_are_the_scorers_that_lm_eval_lacks():
    names = ["contains", "regex", "f1", "choice", "exact_match", "last_number", "lm_eval"]
    ours = [name for name in names if is_in_house(ScorerSpec(name=name))]
    assert ours == ["contains", "regex", "f1", "choice"]
    assert is_in_house(ScorerSpec(name="last_number", options={"tolerance": 1}))


def test_contains_finds_the_target_anywhere():
    assert score("contains", "It is Paris.", "Paris") == Score(value=1.0, answer="Paris")
    assert score("contains", "It is PARIS.", "Paris").value == 0.0
    assert score("contains", "It is PARIS.", "Paris", ignore_case=True).value == 1.0


def test_an_empty_target_is_in_nothing():
    assert score("contains", "Paris", "") == Score(value=0.0, explanation="the target is empty")


def test_regex_takes_its_first_group_or_the_whole_match():
    assert score("regex", "id: 42", pattern=r"id: (\d+)") == Score(value=1.0, answer="42")
    assert score("regex", "id: 42", pattern=r"id: \d+") == Score(value=1.0, answer="id: 42")
    assert score("regex", "id", pattern=r"id(: \d+)?") == Score(value=1.0, answer="id")
    assert score("regex", "none", pattern=r"\d").value == 0.0


def test_extract_takes_the_answer_out_of_the_output_first():
    found = score("contains", "Paris? Answer: Rome", "Paris", extract=r"Answer: (.*)")
    assert found.value == 0.0
    missing = score("contains", "Paris", "Paris", extract=r"Answer: (.*)")
    assert missing == Score(value=0.0, explanation="extract matched nothing")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("#### 1,234", "1234"),
        ("12 then 7.", "7"),
        ("-3.50", "50"),
        ("1,,2", "12"),
        ("٣", None),
        ("none", None),
        ("007", "007"),
    ],
)
def test_the_last_number_is_the_last_run_of_digits_without_commas(text, number):
    assert last_number(text) == number


@pytest.mark.parametrize(
    ("output", "target", "tolerance", "value"),
    [
        ("about 101", "100", 1, 1.0),
        ("about 102", "100", 1, 0.0),
        ("007", "7", 0, 1.0),
        ("9" * 5000, "7", 1, 0.0),
        ("9" * 5000, "9" * 5000, 1, 0.0),
    ],
)
def test_a_tolerance_forgives_a_small_difference(output, target, tolerance, value):
    assert score("last_number", output, target, tolerance=tolerance).value == value


def test_a_missing_number_is_wrong_and_said():
    missing = score("last_number", "none", "7", tolerance=1)
    assert missing == Score(value=0.0, explanation="no number in the output")
    nowhere = score("last_number", "7", "none", tolerance=1)
    assert nowhere == Score(value=0.0, answer="7", explanation="no number in the target")


@pytest.mark.parametrize(
    ("output", "target", "value"),
    [
        ("The cat sat.", "a cat sat", 1.0),
        ("cat", "the black cat", 2 / 3),
        ("dog", "cat", 0.0),
        ("the", "a", 1.0),
        ("the", "cat", 0.0),
        ("cat cat", "cat", 2 / 3),
    ],
)
def test_f1_is_that_of_squad(output, target, value):
    assert score("f1", output, target).value == pytest.approx(value)


@given(output=st.text(max_size=30), target=st.text(max_size=30))
def test_f1_is_symmetric_and_between_0_and_1(output, target):
    assert squad_f1(output, target) == squad_f1(target, output)
    assert 0.0 <= squad_f1(output, target) <= 1.0
    assert squad_f1(output, output) == 1.0


LABELS = ["card payment", "payment", "refund", "C++"]


@pytest.mark.parametrize(
    ("output", "target", "value", "answer"),
    [
        ("refund", "refund", 1.0, "refund"),
        (" REFUND\n", "Refund", 1.0, "refund"),
        ("I think it is a Refund.", "refund", 1.0, "refund"),
        ("refund, yes: refund", "payment", 0.0, "refund"),
        ("a card payment it is", "card payment", 1.0, "card payment"),
        ("payment", "payment", 1.0, "payment"),
        ("C++!", "c++", 1.0, "C++"),
        ("refunds", "refund", 0.0, None),
    ],
)
def test_a_choice_is_the_one_label_in_the_output(output, target, value, answer):
    judged = score("choice", output, target, labels=LABELS)
    assert (judged.value, judged.answer) == (value, answer)


def test_several_labels_or_none_are_no_choice():
    several = score("choice", "refund or payment", "refund", labels=LABELS)
    assert several == Score(value=0.0, explanation="several labels in the output: refund, payment")
    assert score("choice", "who knows", "refund", labels=LABELS) == Score(
        value=0.0, explanation="no label in the output"
    )


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("contains", {"ignore_cas": True}, "unknown option 'ignore_cas', known options: ignore_"),
        ("contains", {"ignore_case": "yes"}, "ignore_case is 'yes', expected true or false"),
        ("f1", {"ignore_case": True}, "unknown option 'ignore_case', known options: none"),
        ("regex", {}, "pattern is missing"),
        ("regex", {"pattern": "("}, "pattern: '\\(' is not a usable pattern"),
        ("last_number", {"tolerance": -1}, "tolerance is -1.0, expected a number that is at least"),
        ("last_number", {"tolerance": True}, "tolerance is True, expected a number$"),
        ("choice", {}, "labels is missing"),
        ("choice", {"labels": []}, "labels is empty"),
        ("choice", {"labels": "yes"}, "labels is 'yes', expected a list$"),
        ("choice", {"labels": [True, False]}, "labels holds True, expected text; put yes and no"),
        ("choice", {"labels": [1]}, "labels holds 1, expected text$"),
        ("choice", {"labels": ["a", "A"]}, "labels holds one label twice"),
    ],
)
def test_options_that_cannot_be_are_refused(name, options, message):
    with pytest.raises(ScorerError, match=message):
        output_scorer(ScorerSpec(name=name, options=options))


def test_a_json_path_says_that_it_is_not_built_yet():
    with pytest.raises(ScorerError, match="JSON paths are not built yet"):
        score("f1", "", "", extract="$.answer")
