from datetime import date

import pytest

from evals.domain.modelfacts import ModelFacts
from evals.models import VerdictRow
from evals.queries.expiries import ExpiryNote
from evals.queries.outcomes import load_results
from evals.queries.standings import answer_of, cells_of
from evals.queries.verdictcards import verdict_cards
from evals.services.modelfacts import save_facts
from tests import make

pytestmark = pytest.mark.django_db
TODAY = date(2026, 6, 10)
MODEL = "lab/open-model"


def evaluation():
    made = make.live_evaluation()
    for run in made.runs.all():
        make.answer(run)
        make.complete(run)
    return make.finish(made, now=make.NOON)


def note(made, *, today: date = TODAY, **facts) -> ExpiryNote | None:
    return verdict_cards(load_results(made), today=today, **facts)[0].expiry


def test_a_model_that_is_retired_ends_its_verdict():
    made = evaluation()
    found = note(made, retirements={MODEL: date(2026, 6, 9)})
    assert found
    assert found.is_past
    assert found.words == "Expired: it held until 2026-06-09, the model is retired then."
    assert found.badge == "expired 2026-06-09"
    assert found.unknown == "the price's date"


def test_the_date_of_the_price_counts_where_the_result_has_it():
    made = evaluation()
    results = load_results(made)
    results.outcomes[1].document["cost"]["price"]["dated_on"] = "2026-05-01"
    found = verdict_cards(results, today=TODAY)[0].expiry
    assert found
    assert found.words == "It holds until 2026-07-30: 90 days after its price of 2026-05-01."


def test_a_stale_verdict_holds_no_longer_whatever_its_age():
    made = evaluation()
    VerdictRow.objects.filter(state__isnull=False).update(stale_reason="the bar was replaced")
    assert note(made) is None


@pytest.mark.parametrize(
    ("today", "retirements", "answer"),
    [
        (TODAY, {}, "go"),
        (date(2026, 8, 30), {}, "go"),
        (date(2026, 8, 31), {}, "undecided"),
        (TODAY, {MODEL: date(2026, 6, 9)}, "undecided"),
    ],
)
def test_only_a_verdict_that_holds_answers_the_question(today, retirements, answer):
    made = evaluation()
    for identifier, day in retirements.items():
        facts = ModelFacts(identifier=identifier, name=identifier, retires_on=day)
        save_facts(team=made.task.team, facts=facts, source="a test", user=None)
    cells = cells_of(made.task.team, [made.pk], today=today)[made.pk]
    assert answer_of(cells).value == answer
    assert [cell.is_expired for cell in cells] == [False, answer != "go"]
