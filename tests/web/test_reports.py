"""Decision records in the browser: proposed, decided, exported, shared, revoked."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from evals.domain.seals import ReportFormat, check_seal
from evals.models import AuditEntry, Decision, Evaluation, Report, Role, ShareLink, Team
from evals.services.decisions import open_shared
from tests import make
from tests.conftest import signed_in

LATER = (timezone.now() + timedelta(days=60)).date().isoformat()


@pytest.fixture
def finished(team: Team) -> Evaluation:
    return make.evaluation(make.task(team, name="Ticket triage"), right={"open-model": 19})


@pytest.fixture
def admin_client(team: Team) -> Client:
    return signed_in(make.member(team, role=Role.ADMIN, email="admin@example.com"))


@pytest.fixture
def proposed(editor_client: Client, finished: Evaluation) -> Report:
    editor_client.post(reverse("evals:report_propose", args=[finished.pk]))
    return Report.objects.get()


def decide(client: Client, report: Report, **answers: Any) -> Any:
    taken = report.evaluation.runs.get(is_incumbent=False).candidate_id
    sent = {"outcome": "go", "candidate": taken, "reason": "Good enough.", "expires_on": LATER}
    return client.post(reverse("evals:report_decide", args=[report.pk]), {**sent, **answers})


def test_an_editor_proposes_and_an_admin_decides(editor_client, admin_client, proposed):
    page = editor_client.get(reverse("evals:report", args=[proposed.pk])).content.decode()
    assert "waits for an admin" in page
    assert decide(admin_client, proposed).status_code == 302
    page = editor_client.get(reverse("evals:report", args=[proposed.pk])).content.decode()
    assert "Decided: GO" in page
    assert "Good enough." in page
    assert "every record of this task follows the one before it" in page
    assert list(AuditEntry.objects.values_list("action", flat=True).order_by("pk"))[-2:] == [
        "report proposed",
        "decided: Go",
    ]


def test_a_choice_that_page_one_does_not_speak_of_is_said_there(editor_client, admin_client, team):
    specs = (make.incumbent_spec(), make.candidate_spec("first"), make.candidate_spec("second"))
    made = make.evaluation(make.task(team), candidates=specs)
    editor_client.post(reverse("evals:report_propose", args=[made.pk]))
    report = Report.objects.get()
    second = made.runs.get(candidate__name="second").candidate_id
    sent = {"outcome": "go", "candidate": second, "reason": "Cheaper.", "expires_on": LATER}
    address = reverse("evals:report_decide", args=[report.pk])
    assert admin_client.post(address, sent).status_code == 302
    page = admin_client.get(reverse("evals:report", args=[report.pk])).content.decode()
    assert "The choice is second, whose figures stand under What was considered." in page


def test_only_an_admin_decides(editor_client, viewer_client, proposed):
    assert decide(editor_client, proposed).status_code == 404
    assert decide(viewer_client, proposed).status_code == 404
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"reason": ""}, "This field is required"),
        ({"candidate": ""}, "A go names the candidate that is moved to."),
        ({"outcome": "defer"}, "but only a go names one: choose nobody moves."),
        ({"expires_on": "2020-01-01"}, "a day that has passed"),
        ({"outcome": "maybe"}, "Select a valid choice"),
    ],
)
def test_a_decision_that_lacks_something_is_not_signed(admin_client, proposed, answers, said):
    response = decide(admin_client, proposed, **answers)
    assert (response.status_code, said in response.content.decode()) == (422, True)
    assert not Decision.objects.exists()


def test_nothing_that_was_signed_can_be_changed(admin_client, proposed):
    decide(admin_client, proposed)
    for rows, change in (
        (Report.objects.all(), {"document": {}}),
        (Report.objects.all(), {"sha256": "0" * 64}),
        (Decision.objects.all(), {"reason": "Another one."}),
        (Decision.objects.all(), {"outcome": "no_go"}),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**change)
    assert "decided on" in decide(admin_client, proposed).content.decode()


def test_a_record_follows_the_one_before_it(editor_client, admin_client, finished, proposed):
    decide(admin_client, proposed)
    editor_client.post(reverse("evals:report_propose", args=[finished.pk]))
    second = Report.objects.get(number=2)
    assert second.previous_sha256 == Decision.objects.get().sha256
    assert second.document["supersedes"] == 1
    old = admin_client.get(reverse("evals:report", args=[proposed.pk])).content.decode()
    assert "superseded" in editor_client.get(reverse("evals:reports")).content.decode()
    assert "whole: every record" in old


def test_a_proposal_that_was_superseded_is_never_decided(editor_client, admin_client, proposed):
    editor_client.post(reverse("evals:report_propose", args=[proposed.evaluation_id]))
    assert "A later record" in decide(admin_client, proposed).content.decode()


def test_a_record_that_somebody_reached_into_is_shown_as_broken(admin_client, proposed):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # passes triggers over
        cursor.execute('UPDATE evals_report SET document = document || \'{"headline": "GO"}\'')
    page = admin_client.get(reverse("evals:report", args=[proposed.pk])).content.decode()
    assert "cannot be trusted" in page


@pytest.mark.parametrize("kind", list(ReportFormat))
def test_every_file_of_a_record_is_sealed(viewer_client, proposed, kind):
    response = viewer_client.get(reverse("evals:report_file", args=[proposed.pk, kind.value]))
    assert "attachment" in response["Content-Disposition"]
    check = check_seal(response.content, kind)
    assert check.is_genuine
    assert check.seal.record_sha256 == proposed.sha256


def test_there_is_no_file_of_another_kind(viewer_client, proposed):
    address = reverse("evals:report_file", args=[proposed.pk, "docx"])
    assert viewer_client.get(address).status_code == 404


def shared(client: Client, report: Report, **answers: Any) -> str:
    """Make a link and return its address, which is told once."""
    address = reverse("evals:report_share", args=[report.pk])
    page = client.post(address, {"note": "the board", "days": 7, **answers}, follow=True)
    found = re.search(r"http://testserver(/shared/[\w-]+/)", page.content.decode())
    return found.group(1) if found else ""


def test_a_link_shows_the_report_alone_to_anybody(client, editor_client, proposed):
    address = shared(editor_client, proposed)
    response = client.get(address)
    assert response.status_code == 200
    assert "Ticket triage" in response.content.decode()
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert response["Referrer-Policy"] == "no-referrer"
    link = ShareLink.objects.get()
    assert (link.views, AuditEntry.objects.filter(action="shared report viewed").count()) == (1, 1)
    assert address.strip("/").rsplit("/", 1)[-1] not in link.token_hash


def test_a_link_shows_nothing_once_it_is_revoked_or_has_expired(client, editor_client, proposed):
    address = shared(editor_client, proposed)
    token, link = address.strip("/").rsplit("/", 1)[-1], ShareLink.objects.get()
    assert open_shared(token=token, now=link.expires_at) is None
    revoke = reverse("evals:report_link_revoke", args=[proposed.pk, link.pk])
    assert editor_client.post(revoke).status_code == 302
    assert client.get(address).status_code == 404
    assert client.get("/shared/nonsense/").status_code == 404


def test_a_link_needs_a_length_that_is_offered(editor_client, proposed):
    assert shared(editor_client, proposed, days=9999) == ""
    assert not ShareLink.objects.exists()


def test_viewers_may_not_share_or_propose(viewer_client, proposed, finished):
    assert viewer_client.post(reverse("evals:report_share", args=[proposed.pk])).status_code == 404
    address = reverse("evals:report_propose", args=[finished.pk])
    assert viewer_client.post(address).status_code == 404


def test_strangers_find_no_record(stranger_client, proposed):
    for name, extra in (("report", []), ("report_file", ["html"])):
        address = reverse(f"evals:{name}", args=[proposed.pk, *extra])
        assert stranger_client.get(address).status_code == 404
    assert "record 1" not in stranger_client.get(reverse("evals:reports")).content.decode()


def test_an_evaluation_that_has_no_verdicts_cannot_be_proposed(editor_client, team):
    live = make.live_evaluation(make.task(team))
    page = editor_client.post(reverse("evals:report_propose", args=[live.pk]), follow=True)
    assert "Nothing was proposed" in page.content.decode()
    assert not Report.objects.exists()


def test_what_expires_soon_comes_first_and_says_so(editor_client, admin_client, proposed):
    soon = (timezone.now() + timedelta(days=5)).date().isoformat()
    decide(admin_client, proposed, expires_on=soon)
    page = editor_client.get(reverse("evals:reports") + "?standing=expiring").content.decode()
    assert "record 1" in page
    assert (
        "No record is expired"
        in editor_client.get(reverse("evals:reports") + "?standing=expired").content.decode()
    )


def test_the_page_of_a_task_says_what_was_signed_and_what_waits(editor_client, team):
    evaluation = make.evaluation(make.task(team))
    address = reverse("evals:task", args=[evaluation.task_id])
    assert "Nobody has signed anything yet" in editor_client.get(address).content.decode()
    editor_client.post(reverse("evals:report_propose", args=[evaluation.pk]))
    page = editor_client.get(address).content.decode()
    assert "Record 1</strong></a>: Proposed" in page
    assert 'data-standing="waiting"' in page
    assert "Propose a decision" not in page


def test_records_can_be_listed_for_one_task(editor_client, team):
    ours, theirs = (make.evaluation(make.task(team, name=name)) for name in ("Ours", "Theirs"))
    for evaluation in (ours, theirs):
        editor_client.post(reverse("evals:report_propose", args=[evaluation.pk]))
    page = editor_client.get(reverse("evals:reports"), {"task": theirs.task_id})
    assert "Theirs, record 1" in page.content.decode()
    assert "Ours, record 1" not in page.content.decode()


def test_the_form_prefers_who_has_a_go_and_says_at_the_field_what_is_wrong(admin_client, proposed):
    taken = proposed.evaluation.runs.get(is_incumbent=False).candidate_id
    address = reverse("evals:report_decide", args=[proposed.pk])
    form = admin_client.get(address).context["page"].form
    assert form["candidate"].value() == taken
    assert "optional" not in admin_client.get(address).content.decode()
    for answers in ({"candidate": ""}, {"outcome": "no_go"}):
        assert [*decide(admin_client, proposed, **answers).context["page"].form.errors] == [
            "candidate"
        ]
    assert decide(admin_client, proposed, outcome="no_go", candidate="").status_code == 302


def test_without_a_go_nobody_is_preferred(editor_client, admin_client, team):
    failed = make.evaluation(make.task(team), right={"open-model": 2})
    editor_client.post(reverse("evals:report_propose", args=[failed.pk]))
    address = reverse("evals:report_decide", args=[Report.objects.get().pk])
    assert admin_client.get(address).context["page"].form["candidate"].value() is None


STALE = "Its grounds have changed: open-model: eval set v2 has replaced the one it rests on"


@pytest.mark.parametrize("is_before", [True, False])
def test_what_rests_on_an_older_set_says_so_on_page_one_and_in_the_lists(
    editor_client, admin_client, finished, is_before
):
    propose = reverse("evals:report_propose", args=[finished.pk])
    if is_before:
        make.version(finished.task, samples=30)
    editor_client.post(propose)
    if not is_before:
        make.version(finished.task, samples=30)
    report = Report.objects.get()
    assert (STALE in " ".join(report.document["first"]["paragraphs"])) == is_before
    address = reverse("evals:report_decide", args=[report.pk])
    asked = admin_client.get(address).content.decode()
    assert (STALE in asked, "since it was proposed" in asked) == (True, False)
    assert decide(admin_client, report).status_code == 302
    said = Decision.objects.get().document["first"]["paragraphs"]
    assert [each for each in said if STALE in each] == [f"{STALE}."]
    for kind in ("html", "md", "json", "csv"):
        file = editor_client.get(reverse("evals:report_file", args=[report.pk, kind]))
        assert STALE in file.content.decode(), kind
    listed = editor_client.get(reverse("evals:reports") + "?standing=stale").content.decode()
    assert "record 1" in listed
    assert "was to hold until" in listed
    rows = editor_client.get(reverse("evals:list_file", args=["reports"])).content.decode()
    assert ",stale,yes," in rows
    broken = editor_client.get(reverse("evals:report", args=[report.pk])).content.decode()
    assert "whole: every record" in broken
