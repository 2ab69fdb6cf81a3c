"""Every page of the URL table costs as many queries with five of everything as with one."""

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from evals.models import ApiToken, Role, Team, User
from evals.web.urls import urlpatterns
from tests import everypage, make
from tests.api.conftest import Script, token
from tests.conftest import signed_in

pytestmark = pytest.mark.django_db

ANY = {"IntConverter": 1, "UUIDConverter": UUID(int=1)}
MOST = 35  # for any page, the frame's five among them


@pytest.fixture
def admin(team: Team) -> User:
    return make.member(team, role=Role.ADMIN)


def furnished(team: Team, admin: User) -> dict[str, Any]:
    specs = [make.incumbent_spec(), make.candidate_spec(), make.candidate_spec("open-2")]
    finished = make.evaluation(make.task(team), candidates=specs)
    live = make.live_evaluation(make.task(team))
    for run in live.runs.all():
        make.answer(run, asked=3)
    return everypage.furnish(finished, user=admin)


def counts(client: Client, addresses: dict[str, str]) -> dict[str, int]:
    """Return how many queries each page takes when it is asked for the second time."""
    statuses = {name: client.get(address).status_code for name, address in addresses.items()}
    assert {name: status for name, status in statuses.items() if status != 200} == {}
    found = {}
    for name, address in addresses.items():
        ApiToken.objects.update(last_used_at=timezone.now())  # written once a minute
        with CaptureQueriesContext(connection) as context:
            client.get(address)
        found[name] = len(context)
    return found


def test_no_page_takes_more_queries_where_there_is_more(team: Team, admin: User):
    browser, script = signed_in(admin), Client(headers=Script(token(team, admin)).headers)
    places = furnished(team, admin)
    pages, read = everypage.pages(places), everypage.api_pages(places)
    one = counts(browser, pages) | counts(script, read)
    for _ in range(4):
        furnished(team, admin)
    five = counts(browser, pages) | counts(script, read)
    assert {n: (one[n], five[n]) for n in one if five[n] > one[n]} == {}
    assert {name: count for name, count in five.items() if count > MOST} == {}
    assert len(pages) > 55
    assert len(read) > 15


def test_what_is_no_page_answers_no_get(admin: User):
    browser = signed_in(admin)
    patterns = {pattern.name: pattern for pattern in urlpatterns}
    statuses = {}
    for name in everypage.POSTS:
        kinds = patterns[name].pattern.converters.items()
        values = {each: ANY.get(type(kind).__name__, "x") for each, kind in kinds}
        address = reverse(f"evals:{name}", kwargs=values)
        statuses[name] = browser.get(address).status_code
    assert {name: status for name, status in statuses.items() if status != 405} == {}
    assert patterns.keys() >= everypage.POSTS | everypage.FILES | everypage.ELSEWHERE
