"""Examples brought in by people: with bad rows, by mouse and by keyboard, and a large file."""

import pytest
from playwright.sync_api import Page, expect

from evals.models import EvalSetVersion
from tests import make
from tests.e2e.keyboard import press, tab_to
from tests.e2e.test_stories import sign_in

pytestmark = pytest.mark.e2e
BAD_ROWS = ["t2,,billing,phone", "ragged,row", "t1,an id for the second time,refunds,mail"]


@pytest.fixture(autouse=True)
def _kept_elsewhere(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "uploads"


@pytest.fixture
def tickets(tmp_path):
    """A CSV of 20 good rows, two of one text and two labels, and three bad ones."""
    lines = ["id,text,queue,channel"]
    lines += [
        f"t{n + 10},ticket number {n},{('billing', 'refunds')[n % 2]},phone" for n in range(17)
    ]
    lines += ["t1,the same,billing,mail", "t5,the same,refunds,mail", "t6,other,other,phone"]
    path = tmp_path / "tickets.csv"
    path.write_text("\n".join([*lines, *BAD_ROWS]) + "\n")
    return path


@pytest.fixture
def large(tmp_path):
    """A CSV that is large enough for a worker, and takes a while to be sent."""
    path = tmp_path / "large.csv"
    with path.open("w") as file:
        file.write("text,label\n")
        file.writelines(f"{'a rather long ticket ' * 10}{n},{n % 3} stars\n" for n in range(24_000))
    return path


@pytest.fixture
def at_upload(open_page, tickets):
    """A page where a member is about to bring examples."""
    user = make.member()
    task = make.task(make.team_of(user))
    page = open_page(viewport={"width": 1280, "height": 900})
    sign_in(page, user)
    page.goto(f"/tasks/{task.pk}/eval-set/")
    return page


def the_version_is_there(page: Page) -> None:
    expect(page.locator("h1")).to_have_text("tickets.csv v1")
    expect(page.locator("body")).to_contain_text(
        "20 samples are stored as v1. 3 rows were left out."
    )
    expect(page.locator("#warnings")).to_contain_text(
        "2 of 20 rows share their input with a row that has another target"
    )
    made = EvalSetVersion.objects.get()
    assert (made.sample_count, made.rejected_count) == (20, 3)


def test_bad_rows_are_left_out_by_mouse_and_the_rest_becomes_a_version(at_upload, tickets):
    page = at_upload
    page.set_input_files("input[type=file]", tickets)
    expect(page.locator("[data-drop-note]")).to_contain_text("tickets.csv")
    page.get_by_role("button", name="Upload and map the columns").click()
    expect(page.locator("h1")).to_have_text("What do the columns mean?")
    expect(page.locator("#id_input")).to_have_value("text")
    expect(page.locator("body")).to_contain_text("share their input")
    page.get_by_role("button", name="Check every row and store").click()
    expect(page.get_by_role("alert")).to_contain_text("3 of 23 rows cannot be used")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download them with their reasons (CSV)").click()
    assert "stands on line" in download.value.path().read_text()
    page.get_by_role("button", name="Leave these out and go on with the 20 valid rows").click()
    the_version_is_there(page)


def test_bad_rows_are_left_out_by_keyboard_alone(at_upload, tickets):
    page = at_upload
    tab_to(page, name="file")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(tickets)
    press(page, "Upload and map the columns")
    expect(page.locator("h1")).to_have_text("What do the columns mean?")
    press(page, "Check every row and store")
    press(page, "Leave these out and go on")
    the_version_is_there(page)


def test_a_file_that_cannot_be_used_says_so_where_it_was_chosen(at_upload, tmp_path):
    page = at_upload
    path = tmp_path / "one.csv"
    path.write_text("text\nhello\n")
    page.set_input_files("input[type=file]", path)
    page.get_by_role("button", name="Upload and map the columns").click()
    expect(page.locator(".error-summary")).to_contain_text("expected at least two")
    expect(page.locator(".error-summary")).to_be_focused()


def test_a_large_file_shows_how_much_is_sent_and_how_much_is_stored(eager, at_upload, large):
    page = at_upload
    # What the bar said is kept by the page itself: the file is sent in no time here.
    page.evaluate("""() => {
      window.said = [];
      const output = document.querySelector("[data-upload-progress] output");
      new MutationObserver(() => said.push(output.textContent)).observe(output, {childList: true});
    }""")
    page.set_input_files("input[type=file]", large)
    page.get_by_role("button", name="Upload and map the columns").click()
    expect(page.locator("h1")).to_have_text("What do the columns mean?")
    assert any("MB" in text or "is sent" in text for text in page.evaluate("said"))
    expect(page.locator("body")).to_contain_text("a worker checks and stores it")
    page.get_by_role("button", name="Check every row and store").click()
    expect(page.locator("h1")).to_have_text("large.csv v1", timeout=60_000)
    expect(page.locator("body")).to_contain_text("24,000 samples")


def test_the_same_way_works_without_scripts(open_page, tickets):
    user = make.member()
    task = make.task(make.team_of(user))
    page = open_page(java_script_enabled=False)
    sign_in(page, user)
    page.goto(f"/tasks/{task.pk}/eval-set/")
    page.set_input_files("input[type=file]", tickets)
    page.get_by_role("button", name="Upload and map the columns").click()
    page.get_by_role("button", name="Check every row and store").click()
    page.get_by_role("button", name="Leave these out and go on with the 20 valid rows").click()
    the_version_is_there(page)
