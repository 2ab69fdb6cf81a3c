"""Two versions compared: what was added, removed and changed, and by what it was matched."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from evals.domain.evalsets import Mapping
from evals.domain.rows import JSONValue, Row, RowFile
from evals.models import EvalSetVersion, Task, VersionChange, VersionComparison
from evals.services import versioncomparisons
from evals.services.evalsets import Origin, create_version, eval_set_for
from evals.services.versioncomparisons import ask_for_comparison, carry_out, ring_for_comparisons
from tests import make

pytestmark = pytest.mark.django_db


def version(task: Task, *rows: dict[str, JSONValue], target: str = "label") -> EvalSetVersion:
    return create_version(
        eval_set=eval_set_for(task=task, name="t"),
        rows=RowFile(tuple(rows[0]), iter([Row(n, n + 2, dict(c)) for n, c in enumerate(rows)])),
        mapping=Mapping("text", target),
        origin=Origin(name="t.csv", user=None),
    )


def row(text: JSONValue, label: str = "x", **more: str) -> dict[str, JSONValue]:
    return {**more, "text": text, "label": label}


def compared(before: EvalSetVersion, after: EvalSetVersion) -> tuple[Any, list[Any]]:
    comparison = ask_for_comparison(before=before, after=after, now=make.NOON)
    changes = VersionChange.objects.filter(comparison=comparison).order_by("kind", "place")
    return comparison.counts, list(changes.values_list("kind", "place", "before", "after"))


def test_samples_are_matched_by_their_id_where_there_is_one():
    task = make.task()
    before = version(task, row("a", id="1"), row("b", id="2"), row("c", id="3"))
    after = version(task, row("new", id="4"), row("b, edited", id="2"), row("a", id="1"))
    counts, changes = compared(before, after)
    assert counts == {"same": 1, "changed": 1, "added": 1, "removed": 1, "by_key": True}
    assert changes == [("added", 0, None, 0), ("changed", 0, 1, 1), ("removed", 0, 2, None)]


def test_without_an_id_they_are_matched_by_their_input():
    task = make.task()
    before = version(task, row("a", "x"), row("b", "x"))
    after = version(task, row("b, edited", "x"), row("a", "y"))
    counts, changes = compared(before, after)
    assert counts == {"same": 0, "changed": 1, "added": 1, "removed": 1, "by_key": False}
    assert ("changed", 0, 0, 1) in changes


def test_how_an_input_is_spelt_makes_no_difference():
    task = make.task()
    before = version(task, row(["a", 1.5, {"k": "v", "j": 1e16}]), row(["b"], "x"))
    with connection.cursor() as cursor:  # as rows are spelt that were `jsonb` once
        cursor.execute(
            "ALTER TABLE evals_sample ALTER input TYPE json USING input::jsonb::text::json"
        )
    after = version(task, row(["a", 1.5, {"k": "v", "j": 1e16}]), row(["b"], "y"))
    counts, _ = compared(before, after)
    assert counts == {"same": 1, "changed": 1, "added": 0, "removed": 0, "by_key": False}


def test_another_order_changes_nothing_even_of_repeats():
    task = make.task()
    rows = [row("a", "x"), row("a", "y"), row("b", "x")]
    counts, changes = compared(version(task, *rows), version(task, *reversed(rows)))
    assert counts["same"] == 3
    assert not changes


def test_a_repeat_that_goes_is_removed():
    task = make.task()
    counts, _ = compared(version(task, row("a"), row("a")), version(task, row("a")))
    assert (counts["same"], counts["removed"]) == (1, 1)


@pytest.mark.parametrize("other", "abcdefgh")
def test_of_repeats_those_that_say_the_same_are_paired_first(other: str):
    task = make.task()
    before = version(task, row("a", other), row("a", "z"), row(f"b {other}"))
    counts, changes = compared(before, version(task, row("a", "z"), row(f"b {other}")))
    assert (counts["same"], counts["changed"], counts["removed"]) == (2, 0, 1)
    assert changes == [("removed", 0, 0, None)]


def test_of_repeats_what_is_left_is_paired_in_order():
    task = make.task()
    before = version(task, row("a", "x"), row("a", "z"), row("a", "y"))
    after = version(task, row("a", "z"), row("a", "v"), row("a", "w"), row("a", "u"))
    counts, changes = compared(before, after)
    assert (counts["same"], counts["changed"], counts["added"]) == (1, 2, 1)
    assert changes == [("added", 0, None, 3), ("changed", 0, 0, 1), ("changed", 1, 2, 2)]


def test_a_new_column_is_no_change_of_every_sample():
    task = make.task()
    before = version(task, row("a"), row("b", "x"))
    after = version(task, row("a", lang="en"), row("b", "y", lang="en"))
    counts, _ = compared(before, after)
    assert (counts["same"], counts["changed"]) == (1, 1)


def test_another_target_column_changes_the_samples_whose_target_it_changes():
    task = make.task()
    rows = [row("a", "x", team="x"), row("b", "x", team="y")]
    counts, _ = compared(version(task, *rows), version(task, *rows, target="team"))
    assert (counts["same"], counts["changed"]) == (1, 1)


def test_large_versions_are_left_to_a_worker_and_compared_once(monkeypatch):
    monkeypatch.setattr(versioncomparisons, "AT_ONCE_SAMPLES", 2)
    task = make.task()
    before, after = version(task, row("a"), row("b")), version(task, row("b"), row("c"))
    comparison = ask_for_comparison(before=before, after=after, now=make.NOON)
    assert comparison.counts is None
    assert ring_for_comparisons(now=make.NOON) == 0
    assert ring_for_comparisons(now=make.NOON + timedelta(minutes=6)) == 1
    carry_out(comparison.pk, now=make.NOON)
    carry_out(comparison.pk, now=make.NOON)
    assert ring_for_comparisons(now=make.NOON + timedelta(days=1)) == 0
    assert VersionChange.objects.count() == 2
    again = ask_for_comparison(before=before, after=after, now=make.NOON)
    assert again.counts == {"same": 1, "changed": 0, "added": 1, "removed": 1, "by_key": False}
    assert VersionComparison.objects.count() == 1
