"""Writing a bar about slices, against the incumbent, with levels of its own."""

import json
import re

import pytest
from django.urls import reverse

from evals.domain.specs import Comparator, CriterionSpec
from evals.models import QualityBar, VerdictRow
from tests import make
from tests.web.test_bars import EXACT, ONE_LINE, lines

PHONE = json.dumps({"channel": "phone"})


def url(task) -> str:
    return f"/tasks/{task.pk}/bar/"


@pytest.fixture
def task(team):
    """A task whose samples come by phone and by mail."""
    task = make.task(team)
    make.version(task)
    return task


def criteria(task):
    latest = task.bars.latest("number").criteria.all()
    return [(c.comparator, c.threshold, c.slice, c.alpha) for c in latest]


def test_a_margin_a_slice_and_a_level_are_written_and_come_back(editor_client, task):
    fields = EXACT | lines(
        ("exact_match", "within", "0.03", False),
        ("exact_match", "at_least", "0.8", False),
        ("exact_match", "at_least", "0.9", True),
    )
    fields |= {"lines-1-slice": PHONE, "lines-2-alpha": "0.2"}
    assert editor_client.post(url(task), fields).status_code == 302
    assert criteria(task) == [
        ("within", 0.03, None, None),
        ("at_least", 0.8, {"channel": "phone"}, None),
        ("at_least", 0.9, None, 0.2),
    ]
    page = editor_client.get(url(task)).content.decode()
    assert "exact match within 0.03 of the incumbent" in page
    assert "exact match ≥ 0.8 where channel is phone" in page
    assert "exact match ≥ 0.9 (alpha 0.2) (advisory)" in page
    assert '<optgroup label="channel">' in page
    assert len(re.findall("<option value=[^>]*phone[^>]* selected", page)) == 1
    assert page.count("<details open>") == 1  # the level of line 3


def test_the_same_bar_sent_again_writes_no_version(editor_client, task):
    fields = EXACT | lines(("exact_match", "at_least", "0.8", False)) | {"lines-0-slice": PHONE}
    for _ in range(2):
        editor_client.post(url(task), fields)
    assert task.bars.count() == 1
    editor_client.post(url(task), fields | {"lines-0-alpha": "0.01"})
    assert task.bars.count() == 2


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (lines(("exact_match", "within", "0", False)), "proof of being better"),
        (lines(("exact_match", "within", "3", False)), "0.03 is three points"),
        (lines(("latency_p95_seconds", "within", "0.5", False)), "expected at_most"),
        (lines(("exact_match", "at_least", "1", False)), "no number of samples can prove"),
        (lines(("exact_match", "at_most", "0", False)), "no number of samples can prove"),
        (ONE_LINE | {"lines-0-alpha": "0.7"}, "below 0.5"),
        (ONE_LINE | {"lines-0-alpha": "x"}, "Enter a number"),
        (ONE_LINE | {"lines-0-slice": '{"channel": "fax"}'}, "Select a valid choice"),
        (
            lines(("cost_per_1k_usd", "at_most", "1", False)) | {"lines-0-slice": PHONE},
            "for all samples together",
        ),
        (
            lines(
                ("exact_match", "at_least", "0.9", False), ("exact_match", "at_most", "0.5", False)
            ),
            "which nothing can meet",
        ),
        (
            lines(*[("exact_match", "at_least", "0.9", False)] * 2),
            "the same twice",
        ),
    ],
)
def test_a_bar_that_cannot_be_is_told_beside_its_field(editor_client, task, fields, message):
    response = editor_client.post(url(task), EXACT | fields)
    assert response.status_code == 422
    page = response.content.decode()
    assert page.count(message) == 2  # in the summary, and beside the field
    assert re.search(r'<a href="#id_lines-\d-(threshold|alpha|slice)">Line \d of the bar', page)
    assert not QualityBar.objects.exists()


def test_without_slices_there_is_nothing_to_choose(editor_client, team):
    task = make.task(team)
    assert "Of which samples" not in editor_client.get(url(task)).content.decode()
    make.version(task, slices=())
    assert "Of which samples" not in editor_client.get(url(task)).content.decode()


def test_a_slice_that_the_newest_set_lacks_is_kept_and_told(editor_client, task):
    old = CriterionSpec(
        metric="exact_match",
        comparator=Comparator.AT_LEAST,
        threshold=0.8,
        slice={"channel": "phone", "tier": "gold"},
    )
    make.bar(task, [old])
    assert "channel is phone and tier is gold" in editor_client.get(url(task)).content.decode()
    fields = EXACT | lines(("exact_match", "at_least", "0.9", False))
    kept = {"lines-0-slice": json.dumps(dict(old.slice or {}))}
    response = editor_client.post(url(task), fields | kept)
    assert response.status_code == 422
    assert "which is no slice of the eval set" in response.content.decode()


def test_a_changed_bar_makes_verdicts_stale_and_says_why(editor_client, team):
    evaluation = make.evaluation(make.task(team))
    other = make.evaluation(make.task(team))
    before = VerdictRow.objects.get(run__evaluation=evaluation, state__isnull=False)
    response = editor_client.post(url(evaluation.task), EXACT | ONE_LINE)
    assert response.status_code == 302
    after = VerdictRow.objects.get(pk=before.pk)
    assert after.stale_reason == "bar v2 has replaced the one it rests on"
    assert (after.state, after.grounds) == (before.state, before.grounds)
    page = editor_client.get(f"/tasks/{evaluation.task_id}/").content.decode()
    assert "stale: bar v2 has replaced the one it rests on" in page
    untouched = VerdictRow.objects.filter(run__evaluation=other)
    assert set(untouched.values_list("stale_reason", flat=True)) == {""}
    incumbent = VerdictRow.objects.get(run__evaluation=evaluation, state__isnull=True)
    assert incumbent.stale_reason == ""


def test_a_verdict_keeps_its_first_reason(editor_client, team):
    evaluation = make.evaluation(make.task(team))
    editor_client.post(url(evaluation.task), EXACT | ONE_LINE)
    editor_client.post(url(evaluation.task), EXACT | lines(("f1", "at_least", "0.5", False)))
    editor_client.post(
        url(evaluation.task), EXACT | lines(("exact_match", "at_least", "0.9", False))
    )
    assert evaluation.task.bars.count() == 3
    row = VerdictRow.objects.get(run__evaluation=evaluation, state__isnull=False)
    assert row.stale_reason == "bar v2 has replaced the one it rests on"


def test_a_verdict_that_ends_under_a_replaced_bar_is_stale_at_once(editor_client, team):
    evaluation = make.live_evaluation(make.task(team))
    editor_client.post(url(evaluation.task), EXACT | ONE_LINE)
    for run in evaluation.runs.all():
        make.answer(run)
        make.complete(run)
    make.finish(evaluation)
    reasons = VerdictRow.objects.filter(state__isnull=False).values_list("stale_reason", flat=True)
    assert list(reasons) == ["bar v2 has replaced the one it rests on"]


def test_every_field_of_a_line_has_a_name(editor_client, team):
    page = editor_client.get(reverse("evals:bar_edit", args=[make.task(team).pk])).content.decode()
    assert 'aria-label=""' not in page
    assert 'aria-label="Threshold"' in page
