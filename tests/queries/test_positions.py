"""Where tasks stand, read from stored verdicts alone."""

from datetime import date
from decimal import Decimal

import pytest

from evals.domain.bars import CriterionState
from evals.domain.modelfacts import Host, ModelFacts
from evals.domain.positions import OWN_HARDWARE
from evals.domain.scenarios import replay
from evals.domain.shocks import Affects, Availability, Shock
from evals.domain.specs import EndpointKind, PriceSpec
from evals.domain.survival import Survival
from evals.domain.verdicts import Verdict
from evals.models import Model, Trial, VerdictRow
from evals.queries.optionfacts import backers_of
from evals.queries.positions import accepted_share, team_positions
from evals.services import tasks as task_services
from tests import make
from tests.known import known


@pytest.mark.django_db
def test_a_position_holds_what_the_verdicts_rest_on():
    evaluation = make.evaluation(right={"gpt-x": 18, "open-model": 19})
    (position,) = team_positions(evaluation.task.team)
    (other,) = position.others
    assert known(position.incumbent).name == "gpt-x"
    assert known(position.incumbent).verdict is None
    assert known(position.incumbent).is_simulated
    assert other.verdict is Verdict.GO
    assert other.accepted_share == Decimal("0.95")
    assert other.cost_per_task_usd == Decimal("0.00027")
    assert other.host == "api.example.com"
    computed = VerdictRow.objects.values_list("computed_at", flat=True)
    assert {other.judged_on} == {moment.date() for moment in computed}
    (line,) = other.lines
    assert (line.metric, line.state) == ("exact_match", CriterionState.MET)


def test_answers_are_accepted_by_the_first_scorer_that_the_bar_names():
    passed = {"contains": 20, "exact_match": 19, "error_rate": 0}
    result = {
        "metrics": [{"metric": name, "slice": None, "passed": n} for name, n in passed.items()],
        "criteria": [{"metric": "error_rate"}, {"metric": "exact_match"}],
        "trials": {"ok": 20, "no_answer": 0, "model_error": 0},
    }
    assert accepted_share(result) == Decimal("0.95")


@pytest.mark.django_db
def test_trials_are_not_read():
    evaluation = make.evaluation()
    before = team_positions(evaluation.task.team)
    Trial.objects.all().delete()
    assert team_positions(evaluation.task.team) == before


@pytest.mark.django_db
def test_an_unpriced_candidate_has_an_unknown_cost():
    specs = (make.incumbent_spec(), make.candidate_spec(price=None))
    evaluation = make.evaluation(candidates=specs)
    (position,) = team_positions(evaluation.task.team)
    assert position.others[0].cost_per_task_usd is None


@pytest.mark.django_db
def test_hardware_by_the_hour_is_the_whole_cost():
    price = PriceSpec(gpu="L4", usd_per_hour=Decimal("0.8"))
    specs = (make.incumbent_spec(), make.candidate_spec(price=price))
    (position,) = team_positions(make.evaluation(candidates=specs).task.team)
    (other,) = position.others
    assert other.hourly_share == 1
    assert other.gpu == "L4"


@pytest.mark.django_db
def test_an_incumbent_that_was_never_measured_has_no_figures():
    task = make.task()
    candidate = make.candidate(task)
    task_services.set_incumbent(task=task, candidate=candidate, user=None)
    (position,) = team_positions(task.team)
    assert known(position.incumbent).name == candidate.name
    assert known(position.incumbent).cost_per_task_usd is None
    assert position.others == ()


@pytest.mark.django_db
def test_a_stale_verdict_is_no_fallback():
    evaluation = make.evaluation(right={"gpt-x": 18, "open-model": 19})
    cut = Shock(affects=Affects.DEVELOPER, target="gpt-x", availability=Availability.ALL)
    task_services.save_bar(task=evaluation.task, criteria=make.BAR[:1], user=None)
    (position,) = team_positions(evaluation.task.team)
    assert position.others[0].is_stale
    assert replay(position, cut, today=date(2026, 6, 1)).fallback is None


@pytest.mark.django_db
def test_the_incumbent_that_took_over_is_the_one_of_today():
    evaluation = make.evaluation(right={"gpt-x": 18, "open-model": 19})
    moved = evaluation.task.candidates.get(name="open-model")
    task_services.set_incumbent(task=evaluation.task, candidate=moved, user=None)
    (position,) = team_positions(evaluation.task.team)
    assert known(position.incumbent).name == "open-model"
    assert [option.name for option in position.others] == ["gpt-x"]
    cut = Shock(affects=Affects.HOST, availability=Availability.ALL, notice_days=900)
    assert replay(position, cut, today=date(2026, 6, 1)).survival is Survival.FAILS


def model(**facts):
    return Model(identifier="lab/model", is_open=True, **facts)


def test_what_the_worker_runs_itself_is_own_hardware():
    found = backers_of(model(lab="Ai2"), EndpointKind.OPENVINO, None, None)
    assert (found.developer, found.host) == ("Ai2", OWN_HARDWARE)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8000/v1", "http://gpu-box:8000", "http://10.0.0.7/v1"]
)
def test_a_server_that_only_the_team_reaches_is_its_own(address):
    assert backers_of(model(), EndpointKind.OPENAI, address, None).host == OWN_HARDWARE


def test_an_address_of_a_vendor_is_the_vendors():
    found = backers_of(model(), EndpointKind.OPENAI, "https://api.together.xyz/v1", None)
    assert found.host == "api.together.xyz"
    assert found.is_country_unknown


def test_recorded_answers_came_from_the_developer():
    assert backers_of(model(lab="OpenAI"), EndpointKind.RECORDED, None, None).host == "OpenAI"


def test_facts_tell_the_countries_of_developer_and_host():
    facts = ModelFacts(
        identifier="lab/model",
        name="Model",
        developer="Mistral AI",
        jurisdiction="FR",
        hosts=(Host(name="Together", jurisdiction="US"),),
        retires_on=date(2027, 1, 1),
    )
    found = backers_of(model(), EndpointKind.OPENAI, "https://api.together.xyz/v1", facts)
    assert found.developer == "Mistral AI"
    assert found.jurisdictions == {"FR", "US"}
    assert not found.is_country_unknown
    assert found.retires_on == date(2027, 1, 1)
    elsewhere = backers_of(model(), EndpointKind.OPENAI, "https://api.other.example/v1", facts)
    assert elsewhere.is_country_unknown
