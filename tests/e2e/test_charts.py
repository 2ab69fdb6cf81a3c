"""Charts in a browser: drawn under the page's own rules, and of no need to anybody."""

import pytest
from playwright.sync_api import Page, expect

from tests import make
from tests.e2e.test_stories import finished_evaluation, sign_in

pytestmark = pytest.mark.e2e

DRAWN = "[data-plotly][data-drawn]"
# Each name stands beside its marker, and no two colours of one token are alike in both themes.
NAME_COLOUR = "getComputedStyle(document.querySelector('.plot .textpoint text')).fill"


def open_task(page: Page, evaluation) -> None:
    sign_in(page, make.member(evaluation.task.team))
    page.goto(f"/tasks/{evaluation.task_id}/")


def draw(page: Page) -> None:
    """Bring every chart into view, one after the other, until it is drawn."""
    for number in range(page.locator("[data-plotly]").count()):
        page.locator("[data-plotly]").nth(number).scroll_into_view_if_needed()
        plot = page.locator("[data-plotly]").nth(number)
        expect(plot).to_have_attribute("data-drawn", "true", timeout=20_000)


def marker(page: Page, name: str):
    return page.locator(".plot .trace", has_text=name).locator(".point")


def test_a_click_on_a_marker_opens_its_run(open_page):
    evaluation = finished_evaluation(right={"open-model": 18})
    page = open_page()
    open_task(page, evaluation)
    draw(page)
    marker(page, "open-model").hover(force=True)
    expect(page.locator(".plot .hovertext")).to_contain_text("GO")
    with page.expect_navigation():
        marker(page, "open-model").click(force=True)
    run = evaluation.runs.get(candidate__name="open-model")
    expect(page).to_have_url(f"{page.url.split('/runs')[0]}/runs/{run.pk}/")


def test_charts_add_no_style_of_their_own_and_take_no_room_that_was_not_kept(open_page):
    evaluation = finished_evaluation()
    page = open_page()
    sign_in(page, make.member(evaluation.task.team))
    page.goto(f"/evaluations/{evaluation.pk}/")
    height = "document.documentElement.scrollHeight"
    before = page.evaluate(height)
    draw(page)
    assert page.locator(DRAWN).count() == 3
    assert page.evaluate(height) == before
    expect(page.locator("style")).to_have_count(0)


def test_a_chart_follows_the_theme(open_page):
    evaluation = finished_evaluation()
    page = open_page(color_scheme="light")
    open_task(page, evaluation)
    draw(page)
    light = page.evaluate(NAME_COLOUR)
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(500)
    dark = page.evaluate(NAME_COLOUR)
    assert light != dark
    # The switch of the page itself: system → light.
    page.locator("[data-theme-toggle]").click()
    page.wait_for_timeout(500)
    assert page.evaluate(NAME_COLOUR) == light


def test_without_javascript_the_table_says_it_all(open_page):
    evaluation = finished_evaluation()
    page = open_page(java_script_enabled=False)
    open_task(page, evaluation)
    expect(page.locator("[data-plotly]")).to_be_hidden()
    table = page.locator("[data-chart=trade-off] table")
    expect(table).to_be_visible()
    expect(table).to_contain_text("on the line")
    axes = page.get_by_role("list", name="What the other axis shows")
    axes.get_by_role("link", name="p95 latency").click()
    expect(table).to_contain_text("0.27 s")
