"""Nothing of a team can be found from outside it; made from the URL table and the API's document.

A new route is tested without a line here. One whose argument nobody thought of fails until
`tests/places.py` has something for it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from evals.api.urls import api
from evals.models import AuditEntry, CascadeReplay, Decision, Evaluation, Role
from evals.web.views.listfiles import LISTS
from tests import make, places
from tests.api.conftest import Script, script
from tests.api.test_addresses import call
from tests.conftest import signed_in
from tests.places import MARK, Places

pytestmark = pytest.mark.django_db


def is_row(argument: str) -> bool:
    return argument.endswith("_id")


ROUTES = {str(route.name): route for route in places.routes()}
HOLDERS = {"first_admin", "join", "password_reset", "shared_report"}  # who has the token gets in
PUBLIC = {"price", "glossary_term"}  # the same for every team
OWN = {"list_file"}  # everybody's own under one address
OPEN = {"healthz", "sign_in", *HOLDERS}
NAMED = sorted(
    name
    for name, route in ROUTES.items()
    if route.pattern.converters and name not in OPEN | PUBLIC | OWN
)
NESTED = [name for name in NAMED if sum(map(is_row, ROUTES[name].pattern.converters)) > 1]
UNNAMED = sorted(name for name, route in ROUTES.items() if not route.pattern.converters)
DOCUMENT = api.get_openapi_schema(path_prefix="")
OPERATIONS = sorted((how, path) for path, told in DOCUMENT["paths"].items() for how in told)


@pytest.fixture
def theirs() -> Places:
    """A team that has one of everything."""
    return places.fill()


@pytest.fixture
def stranger(theirs: Places) -> Client:
    """An admin of another team."""
    return signed_in(make.member(make.team("Elsewhere"), role=Role.ADMIN))


def answers(client: Client, address: str) -> set[int]:
    """Return how a page answers to being read and to being written to."""
    return {client.get(address).status_code, client.post(address).status_code}


def is_hidden(found: set[int]) -> bool:
    """Return whether nothing is there for any method; a page that is only written to says so."""
    return 404 in found and found <= {404, 405}


def text(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return str(content.decode()).lower()


def test_a_stranger_finds_nothing_at_any_address_of_the_team(stranger, theirs):
    found = {name: answers(stranger, theirs.address(ROUTES[name])) for name in NAMED}
    assert len(found) > 70
    assert not {name: codes for name, codes in found.items() if not is_hidden(codes)}


def test_the_team_itself_finds_something_at_each_of_them(theirs):
    admin = signed_in(theirs.admin)
    found = {name: admin.get(theirs.address(ROUTES[name])).status_code for name in NAMED}
    assert not {name: code for name, code in found.items() if code not in {200, 204, 302, 405}}


def test_nothing_of_another_team_is_found_below_ones_own(theirs):
    mine, found = places.fill("Elsewhere"), {}
    me = signed_in(mine.admin)
    for name in NESTED:
        own, other = mine.arguments(ROUTES[name]), theirs.arguments(ROUTES[name])
        rows = [each for each in own if is_row(each)]
        for foreign in product((True, False), repeat=len(rows)):
            instead = {
                row: other[row] for row, is_other in zip(rows, foreign, strict=True) if is_other
            }
            if instead:
                found[name, *instead] = answers(me, mine.address(ROUTES[name], **instead))
    assert len(found) > 15
    assert not {which: codes for which, codes in found.items() if not is_hidden(codes)}


def test_what_a_stranger_sees_has_nothing_of_the_team(stranger, theirs):
    shown = [
        name for name in UNNAMED if MARK.lower() in text(stranger.get(reverse(f"evals:{name}")))
    ]
    assert not shown
    assert MARK.lower() in text(signed_in(theirs.admin).get(reverse("evals:tasks")))
    for name in LISTS:
        address = reverse("evals:list_file", args=[name])
        assert MARK.lower() not in text(stranger.get(address)), name
        assert MARK.lower() in text(signed_in(theirs.admin).get(address)), name


def test_somebody_who_is_not_signed_in_is_asked_to(theirs):
    for name in sorted(set(ROUTES) - OPEN):
        address = theirs.address(ROUTES[name])
        found = [Client().get(address), Client().post(address)]
        asked = [each for each in found if each.get("Location", "").startswith("/sign-in/")]
        assert asked, name
        assert {each.status_code for each in found} <= {302, 405}, name


def compared(at: Places, route: str, **more: Any) -> str:
    return reverse(f"evals:{route}", query={"runs": at.values["runs"], **more})


ASKED = {
    "runs": lambda at: compared(at, "compare"),
    "the grid": lambda at: compared(at, "compare", view="grid"),
    "a spreadsheet": lambda at: compared(at, "compare_csv"),
    "lines": lambda at: compared(at, "compare_jsonl"),
    "an evaluation": lambda at: f"/compare/?evaluation={at.values['evaluation_id']}",
}


def test_what_an_address_asks_for_after_its_question_mark_is_not_found_either(stranger, theirs):
    me = signed_in(theirs.admin)
    for what, address in ASKED.items():
        assert me.get(address(theirs)).status_code in {200, 302}, what
        assert stranger.get(address(theirs)).status_code == 404, what


@dataclass(frozen=True)
class Sent:
    """What is sent to a page of one's own: `fields` from the ids of both teams."""

    route: str
    fields: Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]]
    status: int


def a_decision(own: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    fields = {"outcome": "go", "reason": "I take theirs.", "expires_on": "2099-01-01"}
    return {**fields, "candidate": other["candidate_id"]}


def an_evaluation(own: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    fields = {"alpha": "0.05", "seed": "7", "epochs": "1", "agree": "on", "incumbent": ""}
    return {**fields, "version": other["version_id"], "candidates": [other["candidate_id"]]}


def a_replay(own: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    first, second = other["runs"].split(",")[:2]
    return {"kind": "answered", "first": first, "second": second}


def a_team(own: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {"team": other["team"]}


SENT = {
    "a decision for their candidate": Sent("report_decide", a_decision, 422),
    "an evaluation of their set": Sent("evaluation_new", an_evaluation, 422),
    "a replay of their runs": Sent("cascade_new", a_replay, 422),
    "a switch to their team": Sent("team_switch", a_team, 404),
}


def test_what_is_sent_cannot_name_what_another_team_has(theirs):
    mine = places.fill("Elsewhere")
    me, before = signed_in(mine.admin), counts()
    for what, told in SENT.items():
        fields = told.fields(mine.values, {**theirs.values, "team": theirs.team.pk})
        response = me.post(mine.address(ROUTES[told.route]), fields)
        assert response.status_code == told.status, what
        assert MARK.lower() not in text(response), what
    assert counts() == before


def counts() -> list[int]:
    return [table.objects.count() for table in (Evaluation, Decision, CascadeReplay, AuditEntry)]


def api_address(at: Places, path: str) -> str:
    """Return an operation's address; the API's words for its arguments are the pages' own."""
    return path.lstrip("/").format(**{**at.values, "suffix": "json"})


def test_a_strangers_token_finds_nothing_of_the_team(theirs):
    who = script(make.team("Elsewhere"), role=Role.ADMIN)
    for how, path in OPERATIONS:
        address = api_address(theirs, path)
        response = call(who, how, address)
        assert MARK.lower() not in text(response), (how, path)
        if set(re.findall(r"{(\w+)}", path)) - {"suffix"}:
            assert response.status_code == 404, (how, path)
        assert call(Script(), how, address).status_code == 401, (how, path)
