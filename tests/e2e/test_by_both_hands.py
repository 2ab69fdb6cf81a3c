"""The stories of a first visit, an upload, a comparison and a decision: by mouse, and by keyboard.

The keyboard never clicks, and wherever it stops the focus has to be seen.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from evals.demo.seed import seed_demo
from evals.demo.tickets import QUEUES, held_out_tickets
from evals.models import AuditEntry, Decision, Evaluation, HumanScore, Role, Run
from evals.services.teams import create_admin_link
from tests import make
from tests.e2e.apart import apart, finished_evaluation
from tests.e2e.conftest import OpenPage
from tests.e2e.hands import BOTH, Hands

pytestmark = pytest.mark.e2e
FORMATS = ("HTML", "PDF", "MD", "JSON", "CSV")
PASSWORD = "a rather long password"  # noqa: S105
RIGHT = {"closed-api": 0.97, "ticket-router-1m": 0.99, "ticket-router-1m-early": 0.78}
by_both = pytest.mark.parametrize("by", BOTH, ids=lambda by: by.__name__.lower())
By = Callable[[Page], Hands]


def sign_in(hands: Hands, email: str, password: str = make.PASSWORD) -> None:
    hands.page.goto("/sign-in/")
    hands.fill("username", email)
    hands.fill("password", password)
    hands.press("Sign in")


def verified(path: Path, capsys: Any) -> str:
    """Return what `viability report verify` says of a file that it holds for genuine."""
    apart(lambda: call_command("report", "verify", str(path)))
    return str(capsys.readouterr().out)


def demo() -> None:
    """Seed the demo, and have it answered as its models answer."""
    seed_demo(now=timezone.now())
    for run in Run.objects.select_related("evaluation", "candidate"):
        share = RIGHT.get(run.candidate.name, 0.95)
        make.answer(run, right=round(share * run.evaluation.sample_count))
        make.complete(run)
    for evaluation in Evaluation.objects.all():
        make.finish(evaluation)


@by_both
def test_from_the_first_link_of_the_demo_to_a_report(open_page: OpenPage, tmp_path, capsys, by: By):
    apart(demo)
    hands = by(open_page())
    link = apart(lambda: create_admin_link(now=timezone.now()))
    hands.page.goto(f"/first-admin/{link}/")
    hands.fill("email", "admin@example.com")
    hands.fill("password", PASSWORD)
    hands.fill("again", PASSWORD)
    hands.press("Make the account")
    expect(hands.page.locator("h1")).to_contain_text("can move")
    hands.press("Ticket triage")
    expect(hands.page.locator("main")).to_contain_text("ticket-router-1m clears")
    hands.press("Evaluation 1")
    hands.press("Propose a decision")
    expect(hands.page.locator("main")).to_contain_text("waits for a decision")
    path = tmp_path / "report.html"
    hands.download("HTML").save_as(path)
    assert "unchanged" in verified(path, capsys)
    assert "Ticket triage" in path.read_text()


@pytest.fixture
def tickets(tmp_path: Path) -> Path:
    """A CSV of 200 good rows and a bad one."""
    lines = ["id,text,queue,channel"]
    lines += [f'{t.id},"{t.text}",{t.queue},{t.channel}' for t in held_out_tickets(200)]
    path = tmp_path / "tickets.csv"
    path.write_text("\n".join([*lines, "ragged,row"]) + "\n")
    return path


@by_both
def test_from_a_file_with_a_bad_row_to_a_verdict(
    eager: None, open_page: OpenPage, tickets: Path, by: By
):
    editor, task = apart(lambda: (made := make.member(), make.task(make.team_of(made))))
    hands = by(open_page())
    sign_in(hands, editor.email)
    hands.press("Tasks")
    hands.press(task.name)
    hands.press("Upload")
    hands.give("file", tickets)
    hands.press("Upload")
    hands.press("Check every row and store")
    expect(hands.page.locator("table.problems")).to_contain_text("202")
    hands.press("Leave these out and go on")
    expect(hands.page.locator("main")).to_contain_text("200 samples are stored")
    write_the_bar(hands)
    for name, accuracy, openness in (("today", "0.99", "Closed"), ("open-good", "0.97", "Open")):
        add_candidate(hands, name, accuracy, openness)
    hands.press("New evaluation")
    hands.press("Start the evaluation")
    expect(hands.page.locator("main")).to_contain_text("GO")
    expect(hands.page.locator("main")).to_contain_text("simulated")


def write_the_bar(hands: Hands) -> None:
    hands.press("Scorers and bar")
    hands.choose("lines-0-metric", "Exact match")
    hands.fill("lines-0-threshold", "0.85")
    hands.press("Save")


def add_candidate(hands: Hands, name: str, accuracy: str, openness: str) -> None:
    if "candidates/new" not in hands.page.url:
        hands.press("Add")
    hands.press("Simulated stand-in")
    hands.fill("endpoint_simulation_accuracy", accuracy)
    hands.fill("endpoint_simulation_latency_seconds", "0.01")
    hands.fill("endpoint_simulation_labels", "\n".join(QUEUES))
    hands.fill("name", name)
    hands.fill("model_id", f"{name}-1")
    hands.choose("model_open", openness)
    hands.press("Save the candidate")


@by_both
def test_two_runs_are_compared_and_a_score_is_said_otherwise_and_taken_back(
    open_page: OpenPage, by: By
):
    evaluation = finished_evaluation(right={"gpt-x": 20, "open-model": 17})
    editor = apart(lambda: make.member(evaluation.task.team))
    hands = by(open_page())
    sign_in(hands, editor.email)
    hands.press("Compare")
    for run in apart(lambda: list(evaluation.runs.all())):
        hands.tick("runs", str(run.pk))
    hands.press("Compare what is ticked")
    hands.press("Grid")
    expect(hands.page.locator("tbody tr").first).to_contain_text("lost")
    hands.press("✕")
    hands.fill("note", "The queue was merged last month.")
    hands.press("✓ Right")
    sample = hands.page.locator("#sample")
    expect(sample).to_contain_text("human 1")
    expect(sample).to_contain_text("The queue was merged last month.")
    hands.press("Take back")
    expect(sample).not_to_contain_text("human 1")
    hands.press("Put back")
    expect(sample).to_contain_text("human 1")
    assert apart(lambda: HumanScore.objects.filter(withdrawn_at=None).count()) == 1


@by_both
def test_a_decision_is_proposed_signed_exported_shared_and_revoked(
    open_page: OpenPage, tmp_path, capsys, by: By
):
    evaluation = finished_evaluation(right={"open-model": 19})
    team = evaluation.task.team
    editor, admin = apart(lambda: (make.member(team), make.member(team, role=Role.ADMIN)))
    propose(by(open_page()), editor.email, evaluation)
    hands = by(open_page())
    sign_in(hands, admin.email)
    decide(hands, evaluation)
    for kind in FORMATS:
        path = tmp_path / f"report.{kind.lower()}"
        hands.download(kind).save_as(path)
        assert "unchanged" in verified(path, capsys), kind
    share_and_revoke(hands, open_page())


def propose(hands: Hands, email: str, evaluation: Evaluation) -> None:
    sign_in(hands, email)
    hands.press("Evaluations")
    hands.press(f"{evaluation.task.name}")
    hands.press("Propose a decision")
    expect(hands.page.locator("main")).to_contain_text("waits for an admin of the team")


def decide(hands: Hands, evaluation: Evaluation) -> None:
    hands.press("Reports")
    hands.press(evaluation.task.name)
    hands.press("Decide")
    hands.choose("outcome", "Go")
    hands.choose("candidate", "open-model")
    hands.fill("reason", "It clears the bar at a tenth of the price.")
    hands.press("Sign.")
    expect(hands.page.locator("main")).to_contain_text("Decided: GO")
    assert apart(lambda: Decision.objects.get().reason).startswith("It clears")


def share_and_revoke(hands: Hands, guest: Page) -> None:
    hands.fill("note", "The board")
    hands.press("Make a link")
    told = hands.page.locator(".message", has_text="Copy the link now").inner_text()
    link = told.split("shown again: ")[1].strip()
    guest.goto(link)
    expect(guest.locator("body")).to_contain_text("It clears the bar at a tenth of the price.")
    expect(guest.get_by_role("link", name="Portfolio")).to_have_count(0)
    hands.press("Revoke")
    expect(hands.page.locator("main")).to_contain_text("shows nothing any more")
    answer = guest.goto(link)
    assert answer is not None
    assert answer.status == 404
    assert apart(lambda: AuditEntry.objects.filter(action="shared report viewed").count()) == 1
