import pytest

from evals.domain.smoke import SMOKE_SAMPLES, FirstAnswer, smoke_problem
from evals.domain.trials import TrialState

RIGHT = FirstAnswer(state=TrialState.OK, score=1.0, answer="a", finish_reason="stop")
WRONG = FirstAnswer(state=TrialState.OK, score=0.0, answer="b", finish_reason="stop")
CUT = FirstAnswer(state=TrialState.OK, score=0.0, answer="b", finish_reason="length")
UNFOUND = FirstAnswer(state=TrialState.OK, score=0.0, finish_reason="stop")
SILENT = FirstAnswer(state=TrialState.NO_ANSWER, score=0.0, error="the answer is empty")
REFUSED = FirstAnswer(state=TrialState.MODEL_ERROR, score=0.0, error="HTTP 400: bad")
LOST = FirstAnswer(state=TrialState.INFRA_ERROR, error="no answer within 60 s")
UNSCORED = FirstAnswer(state=TrialState.SCORER_ERROR, answer="b", error="")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (REFUSED, "was refused by the endpoint: HTTP 400: bad"),
        (LOST, "failed on the way: no answer within 60 s"),
        (UNSCORED, "could not be scored"),
        (SILENT, "came back without an answer: the answer is empty"),
        (CUT, "was cut at max_tokens"),
        (UNFOUND, "in none of the first 20 outputs was an answer found"),
        (WRONG, "0 of the first 20 answers are right"),
    ],
)
def test_twenty_alike_pause_the_run_with_the_reason(answer, words):
    assert words in (smoke_problem([answer] * SMOKE_SAMPLES) or "")
    assert smoke_problem([answer] * (SMOKE_SAMPLES - 1)) is None
    assert smoke_problem([RIGHT, *[answer] * (SMOKE_SAMPLES - 1)]) is None


def test_what_comes_later_pauses_nothing():
    assert smoke_problem([RIGHT, *[REFUSED] * 100]) is None
    assert smoke_problem([*[WRONG] * SMOKE_SAMPLES, *[RIGHT] * 100]) is not None


def test_different_failures_without_an_answer_pause_too():
    problem = smoke_problem([SILENT, *[REFUSED] * 19]) or ""
    assert problem == "none of the first 20 requests brought an answer: HTTP 400: bad"


def test_wrong_answers_amid_trouble_on_the_way_prove_nothing():
    assert smoke_problem([LOST, *[WRONG] * 19]) is None


def test_a_little_credit_is_not_zero():
    half = FirstAnswer(state=TrialState.OK, score=0.1, answer="a")
    assert smoke_problem([half, *[WRONG] * 19]) is None
