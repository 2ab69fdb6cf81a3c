"""Every page in both themes: axe-core finds nothing, and the browser has nothing to say."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from playwright.sync_api import Browser, Page

from evals.models import Role, User
from tests import make, places
from tests.conftest import signed_in
from tests.e2e import pages
from tests.e2e.apart import apart
from tests.e2e.test_charts import draw
from tests.e2e.watching import COLOURS, EVERYTHING, Watch, load_axe, violations, watch
from tests.places import Places

pytestmark = pytest.mark.e2e
SEND_NOTHING = """([address, token]) => {
  const form = Object.assign(document.createElement("form"), {method: "post", action: address});
  form.append(Object.assign(document.createElement("input"), token));
  document.body.append(form);
  form.submit();
}"""
SPOIL = """() => {
  document.querySelector("h1").style.color = "#ddd";
  document.querySelector("main").style.background = "#fff";
  const add = (tag, told) => document.body.append(Object.assign(document.createElement(tag), told));
  add("script", {text: "window.ran = true"});
  add("img", {src: "https://elsewhere.example/dot.png"});
}"""
UNEXPLAINED = """() => [...document.querySelectorAll("[aria-invalid=true]")].filter((field) => {
  const by = field.closest("[aria-describedby]")?.getAttribute("aria-describedby") ?? "";
  return !by.split(" ").some((id) => document.getElementById(id)?.matches(".errors"));
}).map((field) => `${field.name} is refused and does not name the words that say why`)"""


@pytest.fixture
def watched(browser: Browser, live_server: Any, transactional_db: None) -> Iterator[Watch]:
    """A page that is listened to."""
    context = browser.new_context(base_url=live_server.url, reduced_motion="reduce")
    yield watch(context.new_page(), live_server.url)
    context.close()


@pytest.fixture
def at(transactional_db: None) -> Places:
    """A team that has one of everything."""
    return apart(places.fill)


def enter(watched: Watch, user: User | None) -> None:
    """Be signed in as somebody from now on, without the form."""
    context = watched.page.context
    context.clear_cookies()
    if user is not None:
        key = apart(lambda: signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value)
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": key, "url": watched.home}
        context.add_cookies([cookie])  # type: ignore[list-item]


def expect_nothing(watched: Watch, found: list[str]) -> None:
    wrong = [*found, *watched.complaints]
    assert not wrong, "\n".join(wrong)


def look(watched: Watch, addresses: Mapping[str, str]) -> list[str]:
    """Return what is wrong with each page, in either theme."""
    return [line for each in addresses.items() for line in look_at(watched, *each)]


def look_at(watched: Watch, name: str, address: str, *, status: int = 200) -> list[str]:
    watched.page.emulate_media(color_scheme="light")
    answer = watched.page.goto(address)
    if answer is None or answer.status != status:
        return [f"{name}: answered {answer and answer.status}, expected {status}"]
    draw(watched.page)
    return in_both_themes(watched.page, name)


def in_both_themes(page: Page, name: str) -> list[str]:
    load_axe(page)
    page.emulate_media(color_scheme="light")
    light = violations(page, EVERYTHING)
    page.emulate_media(color_scheme="dark")
    dark = violations(page, COLOURS)
    return [*(f"{name}: {line}" for line in light), *(f"{name}, dark: {line}" for line in dark)]


def test_a_team_that_has_one_of_everything(watched, at):
    addresses = apart(lambda: pages.page_addresses(at, at.admin))
    enter(watched, at.admin)
    assert len(addresses) > 55
    expect_nothing(watched, look(watched, {**addresses, **pages.looks(at)}))


def test_a_team_that_has_nothing_yet(watched, transactional_db):
    user = apart(lambda: make.member(make.team(), role=Role.ADMIN))
    addresses = apart(lambda: pages.empty_addresses(user))
    enter(watched, user)
    assert len(addresses) > 20
    expect_nothing(watched, look(watched, addresses))


def test_somebody_who_is_not_signed_in(watched, at):
    addresses = {n: at.address(r) for r in places.routes() if (n := r.name) in pages.SIGNED_OUT}
    expect_nothing(watched, look(watched, addresses))


def test_whoever_finds_nothing(watched, transactional_db):
    for name, (address, status) in pages.GONE.items():
        expect_nothing(watched, look_at(watched, name, address, status=status))
    enter(watched, apart(lambda: User.objects.create_user("nobody@example.com", make.PASSWORD)))
    expect_nothing(watched, look(watched, {"no team": "/"}))


@pytest.mark.parametrize("template", ["403.html", "500.html"])
def test_faults_of_the_site_itself(watched, template):
    body = render_to_string(template)
    watched.page.route(
        "**/fault/", lambda route: route.fulfill(body=body, content_type="text/html")
    )
    expect_nothing(watched, look(watched, {template: "/fault/"}))


def send_nothing(watched: Watch, address: str, token: str) -> int:
    """Post an empty form from the page that is open; return how it was answered."""
    field = {"type": "hidden", "name": "csrfmiddlewaretoken", "value": token}
    with watched.page.expect_navigation() as sent:
        watched.page.evaluate(SEND_NOTHING, [address, field])
    return sent.value.status


def test_forms_that_are_refused_say_so_beside_the_field(watched, at):
    forms, found = apart(lambda: pages.refused_forms(at)), []
    assert len(forms) > 12
    enter(watched, at.admin)
    watched.page.goto("/account/")
    for name, address in forms.items():
        token = watched.page.locator("[name=csrfmiddlewaretoken]").first.input_value()
        assert send_nothing(watched, address, token) == 422, name
        found += in_both_themes(watched.page, name)
        found += [f"{name}: {line}" for line in watched.page.evaluate(UNEXPLAINED)]
        assert watched.page.locator("[role=alert]").count() >= 1, name
    assert send_nothing(watched, "/account/", "forged") == 403
    expect_nothing(watched, [*found, *in_both_themes(watched.page, "forged")])


def test_a_stranger_is_shown_that_nothing_is_there(watched, at):
    enter(watched, apart(lambda: make.member(make.team("Elsewhere"), role=Role.ADMIN)))
    for kind in ("task", "evaluation", "run", "candidate", "report", "version"):
        route = next(each for each in places.routes() if each.name == kind)
        expect_nothing(watched, look_at(watched, kind, at.address(route), status=404))
        assert places.MARK not in watched.page.content()


def test_what_is_wrong_with_a_page_is_noticed(watched, transactional_db):
    watched.page.goto("/sign-in/")
    watched.page.evaluate(SPOIL)
    load_axe(watched.page)
    assert any("color-contrast" in line for line in violations(watched.page, COLOURS))
    assert any("image-alt" in line for line in violations(watched.page, EVERYTHING))
    said = " ".join(watched.complaints)
    assert "CSP script-src" in said
    assert "asked another site: https://elsewhere.example" in said or "CSP img-src" in said
