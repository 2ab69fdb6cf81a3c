"""Prices in the browser: looking them up, taking them, saying others, and what has changed."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from evals.domain.publicprices import PublicPrice
from evals.domain.specs import PriceSpec, PriceTier
from evals.models import AuditEntry, Candidate, EndpointPrice, Evaluation
from evals.queries.specs import frozen_spec
from evals.services import tasks as task_services
from evals.services.pricesync import store_prices
from tests import make
from tests.known import known
from tests.web.test_candidates import OPENAI
from tests.web.test_newevaluations import fields

TODAY = timezone.now().date()
EMPTY = {"price_input_usd_per_mtok": "", "price_output_usd_per_mtok": ""}
SAID = {
    "input_usd_per_mtok": "2",
    "output_usd_per_mtok": "$8",
    "source": "offer of 20 November",
    "dated_on": "2026-11-01",
}


def public(model="gpt-x", usd=4, **said):
    figures = PriceSpec(
        input_usd_per_mtok=Decimal(usd),
        output_usd_per_mtok=Decimal(10),
        cached_input_usd_per_mtok=Decimal("0.4"),
        tiers=(PriceTier(above_input_tokens=200_000, input_usd_per_mtok=Decimal(9)),),
    )
    facts = {"provider": "lab", "provider_name": "The Lab", "starts_on": None, **said}
    return PublicPrice(
        model=model,
        model_name=model,
        price=figures,
        source_url="https://lab.example/prices",
        **facts,
    )


@pytest.fixture
def catalogue(db):
    rows = [
        public(),
        public(usd=3, starts_on=date(2026, 10, 1)),
        public("gpt-y", is_partial=True),
        public("org/open-7b", provider="host", provider_name="A Host"),
    ]
    store_prices(prices=rows, edition="prices 1", now=timezone.now())


@pytest.fixture
def task(team):
    task = make.task(team)
    make.version(task, samples=5)
    make.bar(task)
    task_services.save_scorers(task=task, scorers=make.SCORERS, user=None)
    return task


def page_of(client, url):
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def test_prices_are_found_by_provider_and_model(viewer_client, catalogue):
    page = page_of(viewer_client, "/prices/?q=lab+gpt-x")
    assert "$3.00" in page
    assert "2026-10-01" in page
    assert "gpt-y" not in page
    assert "open-7b" in page_of(viewer_client, "/prices/?provider=host")
    assert "gpt-x" in page_of(viewer_client, "/prices/?q=lab:gpt-x")
    assert "No price matches" in page_of(viewer_client, "/prices/?q=nothing")
    assert viewer_client.get("/prices/?q=%00&after=%00:%00&provider=%00").status_code == 200


def test_without_prices_the_page_says_where_they_come_from(viewer_client):
    assert "sync_prices" in page_of(viewer_client, "/prices/")


def test_a_long_list_goes_on_where_it_ended(viewer_client, db):
    many = [public(f"m-{n:03}", starts_on=None) for n in range(120)]
    store_prices(prices=many, edition="prices 1", now=timezone.now())
    seen, url = [], "/prices/"
    while url:
        page = viewer_client.get(url).context["page"]
        seen += [row.key for row in page.rows]
        url = page.pager.next_url and f"/prices/{page.pager.next_url}"
    assert seen == sorted(row.key for row in many)


def test_a_model_has_its_history_and_its_users(editor_client, catalogue, task):
    price = replace(make.TOKEN_PRICE, catalogue="lab:gpt-x")
    make.candidate(task, make.candidate_spec("mine", price=price))
    page = page_of(editor_client, reverse("evals:price", args=["lab", "gpt-x"]))
    assert "input $4.00 → $3.00" in page
    assert "mine" in page
    assert "Prompts over 200,000 tokens" in page
    assert "catalogue: &quot;lab:gpt-x&quot;" in page or 'catalogue: "lab:gpt-x"' in page
    assert page_of(editor_client, reverse("evals:price", args=["host", "org/open-7b"]))
    assert editor_client.get("/prices/models/lab/no-such/").status_code == 404
    assert editor_client.get("/prices/models/lab/no%00such/").status_code == 404


def test_another_teams_users_are_not_shown(stranger_client, catalogue, task):
    price = replace(make.TOKEN_PRICE, catalogue="lab:gpt-x")
    make.candidate(task, make.candidate_spec("mine", price=price))
    assert "mine" not in page_of(stranger_client, reverse("evals:price", args=["lab", "gpt-x"]))


def add(client, task, **more):
    url = reverse("evals:candidate_new", args=[task.pk])
    return client.post(url, OPENAI | more)


def test_a_candidate_takes_its_price_from_the_catalogue(editor_client, catalogue, task):
    assert add(editor_client, task, **EMPTY, price_catalogue="lab:gpt-x").status_code == 302
    price = known(Candidate.objects.get().price)
    assert price["input_usd_per_mtok"] == "3"
    assert price["tiers"] == [{"above_input_tokens": 200000, "input_usd_per_mtok": "9"}]
    assert price["source"] == "prices 1, since 2026-10-01: https://lab.example/prices"
    assert price["dated_on"] == timezone.now().date().isoformat()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            {**EMPTY, "price_catalogue": "lab:gpt-z"},
            "Found no price &#x27;lab:gpt-z&#x27; in the catalogue; did you mean",
        ),
        ({**EMPTY, "price_catalogue": "lab:gpt-y"}, "charges for each request"),
        ({"price_catalogue": "lab:gpt-x"}, "are not the catalogue&#x27;s"),
        ({"price_input_usd_per_mtok": "€2.50"}, "Found “€2.50”, expected US dollars"),
        ({"price_dated_on": "2199-01-01"}, "expected the day on which the price was seen"),
    ],
)
def test_a_price_that_cannot_be_meant_is_told_beside_its_field(
    editor_client, catalogue, task, more, said
):
    response = add(editor_client, task, **more)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not Candidate.objects.exists()


def test_an_edit_of_the_prompt_keeps_a_price_that_no_field_shows(editor_client, catalogue, task):
    add(editor_client, task, **EMPTY, price_catalogue="lab:gpt-x")
    first = Candidate.objects.get()
    url = reverse("evals:candidate_edit", args=[first.pk])
    form = editor_client.get(url).context["page"].form
    kept = {name: form[name].value() for name in form.fields if name.startswith("price_")}
    sent = {name: "" if value is None else str(value) for name, value in kept.items()}
    response = editor_client.post(url, OPENAI | sent | {"harness_system": "Another."})
    assert response.status_code == 302
    second = Candidate.objects.latest("pk")
    assert second.pk != first.pk
    assert second.price == first.price


def test_somebody_who_types_a_key_is_offered_some(viewer_client, catalogue):
    page = page_of(viewer_client, "/prices/options/?price_catalogue=gpt")
    assert 'value="lab:gpt-x"' in page
    assert "open-7b" not in page


def set_price(client, candidate, **more):
    url = reverse("evals:endpoint_price", args=[candidate.endpoint_id])
    return client.post(url, {"model": candidate.model_id, **SAID, **more})


def test_a_team_says_what_an_endpoint_charges(editor_client, task):
    candidate = make.candidate(task)
    assert set_price(editor_client, candidate).status_code == 302
    row = EndpointPrice.objects.get()
    assert row.figures == {"input_usd_per_mtok": "2", "output_usd_per_mtok": "8"}
    assert (row.source, row.dated_on) == ("offer of 20 November", date(2026, 11, 1))
    page = page_of(editor_client, reverse("evals:endpoint", args=[candidate.endpoint_id]))
    assert "input $2.00, output $8.00 per Mtok" in page
    assert AuditEntry.objects.filter(action="endpoint price set").count() == 1


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"input_usd_per_mtok": "2,50 EUR"}, "expected US dollars: convert other currencies"),
        ({"input_usd_per_mtok": "-2"}, "greater than or equal to 0"),
        ({"input_usd_per_mtok": "20000"}, "expected at most $10,000"),
        ({"usd_per_request": "1"}, "expected one way of charging"),
        ({"input_usd_per_mtok": "", "output_usd_per_mtok": ""}, "found no amount"),
        ({"source": ""}, "This field is required"),
        ({"dated_on": "2199-01-01"}, "expected the day on which the price was seen"),
        ({"model": "999999"}, "Select a valid choice"),
    ],
)
def test_what_no_endpoint_charges_is_refused_and_nothing_is_lost(editor_client, task, more, said):
    response = set_price(editor_client, make.candidate(task), **more)
    page = response.content.decode()
    assert response.status_code == 422
    assert said.lower() in page.lower()
    assert "offer of 20 November" in page or more.get("source") == ""
    assert not EndpointPrice.objects.exists()


def start(client, task, candidate):
    url = reverse("evals:evaluation_new", args=[task.pk])
    response = client.post(url, fields(task, candidate, agree="on", seed=str(candidate.pk)))
    assert response.status_code == 302, response.content.decode()
    return frozen_spec(Evaluation.objects.latest("pk")).candidates[0].price


def test_a_new_evaluation_rests_on_what_the_team_says_of_the_endpoint(editor_client, task):
    candidate = make.candidate(task)
    set_price(editor_client, candidate)
    price = start(editor_client, task, candidate)
    assert price.input_usd_per_mtok == 2
    assert (price.source, price.dated_on) == ("offer of 20 November", date(2026, 11, 1))
    ended = reverse("evals:endpoint_price_end", args=[candidate.endpoint_id])
    assert editor_client.post(ended, {"model": candidate.model_id}).status_code == 302
    assert editor_client.post(ended, {"model": "x"}).status_code == 404
    assert start(editor_client, task, candidate) == make.TOKEN_PRICE


def test_a_new_evaluation_rests_on_the_catalogues_price_of_its_day(editor_client, catalogue, task):
    price = replace(make.TOKEN_PRICE, catalogue="lab:gpt-x", source="long ago")
    frozen = start(editor_client, task, make.candidate(task, make.candidate_spec(price=price)))
    assert frozen.input_usd_per_mtok == 3
    assert frozen.dated_on == timezone.now().date()
    assert frozen.tiers


def test_a_repriced_verdict_shows_the_new_cost_beside_the_old(editor_client, team):
    evaluation = make.evaluation(make.task(team))
    candidate = Candidate.objects.get(name="open-model")
    assert "Nothing has changed" in page_of(editor_client, "/prices/changes/")
    set_price(editor_client, candidate)
    for url in (f"/tasks/{evaluation.task_id}/", f"/evaluations/{evaluation.pk}/"):
        page = page_of(editor_client, url)
        assert "$54.00" in page
        assert "today $43.20" in page
        assert "the price of open-model has changed: input $2.50 → $2.00" in page
    page = page_of(editor_client, "/prices/changes/")
    for text in ("$0.27", "$0.22", "$54.00", "$43.20", "output $10.00 → $8.00"):
        assert text in page
    assert "open-model" in page_of(editor_client, "/prices/changes/?all")


def test_the_changes_of_another_team_are_not_shown(stranger_client, editor_client, team):
    make.evaluation(make.task(team))
    set_price(editor_client, Candidate.objects.get(name="open-model"))
    assert "Nothing has changed" in page_of(stranger_client, "/prices/changes/?all")


def test_the_evaluation_page_says_which_prices_were_frozen(editor_client, team):
    price = replace(make.TOKEN_PRICE, source="an offer", dated_on=TODAY - timedelta(days=9))
    specs = [make.incumbent_spec(), make.candidate_spec(price=price)]
    evaluation = make.evaluation(make.task(team), candidates=specs)
    page = page_of(editor_client, f"/evaluations/{evaluation.pk}/")
    words = "open-model: $2.50 in, $10.00 out / Mtok (an offer, "
    assert f"{words}{known(price.dated_on).isoformat()})" in page
