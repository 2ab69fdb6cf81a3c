"""What people come to do, in a browser."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import expect

from evals.demo.tickets import QUEUES, held_out_tickets
from evals.models import Evaluation, Role
from evals.services.teams import create_admin_link
from tests import make
from tests.e2e.keyboard import fill, press, tab_to

pytestmark = pytest.mark.e2e

PATHS = ["/", "/tasks/", "/evaluations/", "/candidates/", "/endpoints/", "/account/", "/tasks/new/"]
WIDTHS = [360, 390, 1280, 2560]


@pytest.fixture
def tickets(tmp_path):
    """A CSV of 200 good rows and a bad one."""
    lines = ["id,text,queue,channel"]
    lines += [f'{t.id},"{t.text}",{t.queue},{t.channel}' for t in held_out_tickets(200)]
    lines.append("ragged,row")
    path = tmp_path / "tickets.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def finished_evaluation(**options):
    """Carry an evaluation out in a thread of its own: Playwright's loop runs in this one."""

    def carried_out():
        try:
            return make.evaluation(**options)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(carried_out).result()


def sign_in(page, user):
    page.goto("/sign-in/")
    page.fill("input[name=username]", user.email)
    page.fill("input[name=password]", make.PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_the_whole_path_from_the_first_link_to_a_verdict_by_keyboard_alone(
    eager, open_page, tickets
):
    page = open_page()
    page.goto(f"/first-admin/{create_admin_link(now=timezone.now())}/")
    page.keyboard.type("admin@example.com")
    fill(page, "password", "a rather long password")
    fill(page, "again", "a rather long password")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    press(page, "task")
    write_the_task(page)
    upload_the_set(page, tickets)
    write_the_bar(page)
    add_candidate(page, "today", accuracy="0.99", is_open="closed")
    add_candidate(page, "open-good", accuracy="0.97", is_open="open")
    start_the_evaluation(page)
    expect(page.locator("body")).to_contain_text("open-good")
    expect(page.locator("body")).to_contain_text("GO")
    expect(page.locator("body")).to_contain_text("simulated")
    assert Evaluation.objects.get().state == "completed"


def write_the_task(page):
    fill(page, "name", "Ticket triage")
    fill(page, "monthly_volume", "200000")
    with page.expect_navigation():
        page.keyboard.press("Enter")


def upload_the_set(page, tickets):
    tab_to(page, name="file")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(tickets)
    press(page, "Upload")
    press(page, "Check every row and store")
    expect(page.locator("table.problems")).to_contain_text("202")
    press(page, "valid rows")


def write_the_bar(page):
    if "bar" not in page.url:
        press(page, "Scorers and bar")
    tab_to(page, name="use_exact_match")
    if not page.evaluate("document.activeElement.checked"):
        page.keyboard.press("Space")
    tab_to(page, name="lines-0-metric")
    page.keyboard.type("Exact")
    fill(page, "lines-0-threshold", "0.85")
    with page.expect_navigation():
        page.keyboard.press("Enter")


def add_candidate(page, name, *, accuracy, is_open):
    if "candidates/new" not in page.url:
        press(page, "Candidates" if "/tasks/" in page.url else "Add")
    press(page, "Simulated stand-in")
    fill(page, "endpoint_simulation_accuracy", accuracy)
    fill(page, "endpoint_simulation_latency_seconds", "0.01")
    tab_to(page, name="endpoint_simulation_labels")
    page.keyboard.type("\n".join(QUEUES))
    fill(page, "name", name)
    fill(page, "model_id", f"{name}-1")
    tab_to(page, name="model_open")
    if is_open == "closed":
        page.keyboard.press("ArrowDown")
    else:
        page.keyboard.press("Space")
    press(page, "Save the candidate")


def start_the_evaluation(page):
    press(page, "New evaluation")
    press(page, "Start the evaluation")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_fits_every_width(open_page, theme):
    user = make.member(make.team(), role=Role.ADMIN)
    page = open_page(color_scheme=theme)
    sign_in(page, user)
    for path in PATHS:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(path)
            overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert page.evaluate(overflow) == 0, (path, width)


def test_a_verdict_can_be_read_without_javascript(open_page):
    evaluation = finished_evaluation()
    user = make.member(evaluation.task.team)
    page = open_page(java_script_enabled=False)
    sign_in(page, user)
    page.goto(f"/tasks/{evaluation.task_id}/")
    expect(page.locator("body")).to_contain_text("GO")
    page.goto(f"/evaluations/{evaluation.pk}/")
    page.locator("a", has_text="Samples").first.click()
    expect(page.locator("tbody tr").first).to_be_visible()


def test_arrow_keys_walk_the_samples(open_page):
    evaluation = finished_evaluation()
    user = make.member(evaluation.task.team)
    page = open_page()
    sign_in(page, user)
    run = evaluation.runs.last()
    page.goto(f"/runs/{run.pk}/")
    tab_to(page, words="ticket number")
    page.keyboard.press("Enter")
    expect(page.locator(".drawer")).to_be_visible()
    first = page.locator(".drawer").inner_text()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".drawer")).not_to_have_text(first)


def test_the_page_follows_the_system_into_the_dark(open_page):
    colours = set()
    for theme in ("light", "dark"):
        page = open_page(color_scheme=theme)
        page.goto("/sign-in/")
        colours.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(colours) == 2
