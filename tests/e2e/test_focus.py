"""The focus: seen wherever it stops, past the frame in one step, and nowhere twice."""

import pytest
from playwright.sync_api import Page

from tests import places
from tests.e2e.apart import apart
from tests.e2e.conftest import OpenPage
from tests.e2e.hands import SHOWN
from tests.e2e.test_stories import sign_in

pytestmark = pytest.mark.e2e
PAGES = (
    "/",
    "/tasks/{task_id}/",
    "/evaluations/{evaluation_id}/",
    "/runs/{run_id}/trials/{trial_id}/",
    "/compare/?runs={runs}&view=grid",
    "/reports/{report_id}/",
    "/tasks/{task_id}/bar/",
    "/tasks/{task_id}/evaluations/new/",
)
MOST_STOPS = 300
WHERE = """() => {
  const e = document.activeElement;
  if (e === document.body) return null;
  window.stops ??= new Map();
  if (!stops.has(e)) stops.set(e, stops.size);
  return `${stops.get(e)} ${e.tagName} ${(e.name || e.innerText || "").trim().slice(0, 40)}`;
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_stop_of_the_keyboard_can_be_seen(open_page: OpenPage, theme: str):
    at = apart(places.fill)
    page = open_page(color_scheme=theme, viewport={"width": 1280, "height": 800})
    sign_in(page, at.admin)
    for address in PAGES:
        page.goto(address.format(**at.values))
        stops, hidden = walk(page)
        assert stops[0].endswith("A Skip to the content")
        assert len(stops) > 20, address
        assert not hidden, (address, hidden)


def walk(page: Page) -> tuple[list[str], list[str]]:
    """Press Tab to the end of the page; return all stops, and those that cannot be seen."""
    stops: list[str] = []
    hidden: list[str] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        where = page.evaluate(WHERE)
        if where is None:
            return stops, hidden
        stops.append(where)
        if not page.evaluate(SHOWN):
            hidden.append(where)
    raise AssertionError(f"no end after {MOST_STOPS} stops: {stops[-20:]}")


def test_one_step_leads_past_the_frame(open_page: OpenPage):
    at = apart(places.fill)
    page = open_page()
    sign_in(page, at.admin)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
