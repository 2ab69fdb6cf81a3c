"""Reading samples in a browser: rows walked by keys, a score given, runs compared."""

import pytest
from playwright.sync_api import expect

from evals.models import Run, Team
from tests import make
from tests.e2e.test_stories import finished_evaluation, sign_in

pytestmark = pytest.mark.e2e


def test_keys_walk_the_rows_and_the_drawer_follows(open_page):
    evaluation = finished_evaluation()
    run = Run.objects.get(evaluation=evaluation, is_incumbent=False)
    page = open_page()
    sign_in(page, make.member(Team.objects.get(pk=evaluation.task.team_id)))
    page.goto(f"/runs/{run.pk}/")
    rows = page.locator("[data-rows] tbody a")
    rows.nth(0).click()
    drawer = page.locator("#sample")
    expect(drawer).to_contain_text("Differences from")
    first = page.url
    page.keyboard.press("ArrowDown")
    page.wait_for_url(lambda url: url != first)
    expect(page.locator("[data-rows] tr[aria-current=true]")).to_have_count(1)
    second = drawer.locator("h2").inner_text()
    page.keyboard.press("ArrowDown")
    expect(drawer.locator("h2")).not_to_have_text(second)
    page.keyboard.press("ArrowUp")
    expect(drawer.locator("h2")).to_have_text(second)
    page.reload()
    expect(drawer.locator("h2")).to_have_text(second)


def test_letters_walk_the_rows_onto_the_next_page_too(open_page):
    evaluation = finished_evaluation(samples=60)
    run = Run.objects.get(evaluation=evaluation, is_incumbent=False)
    order = list(run.trials.order_by("place", "epoch").values_list("pk", flat=True))
    page = open_page()
    sign_in(page, make.member(Team.objects.get(pk=evaluation.task.team_id)))
    page.goto(f"/runs/{run.pk}/")
    page.keyboard.press("j")
    expect(page.locator(f"#trial-{order[0]}")).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator(f"#trial-{order[1]}")).to_be_focused()
    last = page.locator("[data-rows] tbody a").last
    shown = page.locator("[data-rows] tbody a").count()
    assert shown < len(order)
    last.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/trials/{order[shown - 1]}/**")
    page.keyboard.press("j")
    page.wait_for_url(f"**/trials/{order[shown]}/**")
    page.keyboard.press("k")
    page.wait_for_url(f"**/trials/{order[shown - 1]}/**")


@pytest.mark.parametrize("has_scripts", [True, False])
def test_a_score_is_given_and_taken_back(open_page, has_scripts):
    evaluation = finished_evaluation()
    run = Run.objects.get(evaluation=evaluation, is_incumbent=False)
    page = open_page(java_script_enabled=has_scripts)
    sign_in(page, make.member(Team.objects.get(pk=evaluation.task.team_id)))
    page.goto(f"/runs/{run.pk}/trials/{run.trials.order_by('place')[3].pk}/")
    page.get_by_role("button", name="Wrong", exact=False).click()
    expect(page.locator("#sample")).to_contain_text("human 0")
    expect(page.locator("main")).to_contain_text("with 1 human score")
    page.get_by_role("button", name="Take back").click()
    expect(page.locator("#sample")).not_to_contain_text("human 0")


@pytest.mark.parametrize("width", [360, 1280])
def test_comparisons_fit_the_window(open_page, width):
    evaluation = finished_evaluation()
    page = open_page(viewport={"width": width, "height": 800})
    sign_in(page, make.member(Team.objects.get(pk=evaluation.task.team_id)))
    page.goto(f"/compare/?evaluation={evaluation.pk}")
    expect(page.locator("h1")).to_contain_text("on the same samples")
    for view in ("Grid", "Summary"):
        page.get_by_role("link", name=view, exact=True).click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
