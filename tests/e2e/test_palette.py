"""Finding things and meanings without a mouse."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests import make
from tests.e2e.conftest import OpenPage
from tests.e2e.keyboard import tab_to
from tests.e2e.test_stories import sign_in

pytestmark = pytest.mark.e2e


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """A signed-in editor of a team with a finished evaluation, on the list of tasks."""
    user = make.member(email="ada@example.com")
    make.evaluation(make.task(make.team_of(user), name="Support intent"))
    opened = open_page()
    sign_in(opened, user)
    opened.goto("/tasks/")
    return opened


def open_palette(page: Page) -> None:
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Find a task")).to_be_focused()


def chosen(page: Page) -> str:
    """Return the words of the option that the field says is active."""
    words: str = page.evaluate(
        """() => {
          const id = document.activeElement.getAttribute("aria-activedescendant");
          const option = id && document.getElementById(id);
          return option?.getAttribute("aria-selected") === "true" ? option.innerText : "";
        }"""
    )
    return words


def test_a_candidate_is_found_chosen_with_arrows_and_opened(page: Page):
    open_palette(page)
    page.keyboard.type("open-model")
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(2)
    expect(page.locator(".palette [role=status]")).to_have_text("2 matches.")
    assert chosen(page).startswith("open-model")
    page.keyboard.press("ArrowDown")
    assert chosen(page).startswith("lab/open-model")
    page.keyboard.press("ArrowDown")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("open-model")


def test_who_types_and_presses_enter_at_once_still_gets_there(page: Page):
    open_palette(page)
    with page.expect_navigation():
        page.keyboard.type("support evaluation 1")
        page.keyboard.press("Enter")
    expect(page).to_have_title("Support intent, evaluation 1 · Viability")


def test_escape_closes_it_and_what_had_focus_has_it_again(page: Page):
    tab_to(page, words="New task")
    open_palette(page)
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.get_by_role("link", name="New task")).to_be_focused()
    open_palette(page)
    expect(page.get_by_role("option", name="Portfolio")).to_be_visible()


def test_escape_closes_it_at_once_also_where_something_is_typed(page: Page):
    open_palette(page)
    page.keyboard.type("open-model")
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_what_nobody_has_is_said_to_be_nowhere(page: Page):
    open_palette(page)
    page.keyboard.type("nonsense & more")
    status = page.locator(".palette [role=status]")
    expect(status).to_have_text("Nothing of the team is called “nonsense & more”.")
    expect(page.get_by_role("option")).to_have_count(0)


def test_a_term_says_what_it_means_and_gives_the_focus_back(page: Page):
    tab_to(page, words="Can it move?")
    page.keyboard.press("Enter")
    note = page.get_by_role("note")
    expect(note).to_contain_text("What the evidence says about one candidate")
    expect(note).to_be_focused()
    page.keyboard.press("Escape")
    expect(note).to_be_hidden()
    expect(page.get_by_role("link", name="Can it move?")).to_be_focused()


def test_the_keyboard_map_names_the_keys_and_they_work(page: Page):
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keyboard")
    for words in ("find a task", "go to the glossary", "how long ago"):
        expect(keys).to_contain_text(words)
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    time = page.locator("main time[title]").first
    words = time.inner_text()
    page.keyboard.press("t")
    assert time.inner_text() == time.get_attribute("title") != words
    page.reload()
    assert time.inner_text() == time.get_attribute("title")
    page.keyboard.press("t")
    assert time.inner_text() == words
    with page.expect_navigation():
        page.keyboard.press("g")
    expect(page).to_have_title("Glossary · Viability")


def test_without_javascript_the_field_and_the_terms_lead_to_pages(page: Page, open_page: OpenPage):
    plain = open_page(java_script_enabled=False, storage_state=page.context.storage_state())
    plain.goto("/tasks/")
    plain.get_by_role("link", name="Can it move?").click()
    expect(plain).to_have_url(re.compile(r"/glossary/#verdict$"))
    plain.get_by_label("Find by name").fill("support")
    plain.keyboard.press("Enter")
    expect(plain).to_have_title("Find support · Viability")
    expect(plain.get_by_role("link", name="Support intent", exact=True)).to_be_visible()


def test_the_hint_is_put_away_for_good_and_brought_back(page: Page):
    page.goto("/")
    tour = page.locator("[data-tour=portfolio]")
    tab_to(page, words="Read this page in 60 seconds")
    page.keyboard.press("Enter")
    expect(tour.get_by_role("listitem")).to_have_count(3)
    tab_to(page, words="Do not show this again")
    page.keyboard.press("Enter")
    expect(tour).to_be_hidden()
    page.reload()
    expect(tour).to_be_hidden()
    page.keyboard.press("?")
    page.get_by_role("button", name="again").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(tour).to_be_visible()
