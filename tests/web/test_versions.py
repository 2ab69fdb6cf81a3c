"""The page of a version and the page of two: what stands out, and what changed."""

import csv
import io

import pytest

from evals.domain.evalsets import Mapping
from evals.domain.rows import JSONValue, Row, RowFile
from evals.models import EvalSetVersion, Task, VersionCheck, VersionComparison
from evals.services import versioncomparisons
from evals.services.evalsets import Origin, create_version, eval_set_for
from evals.services.versionchecks import ask_for_check, carry_out, ring_for_checks
from tests import make


def version(task: Task, *rows: tuple[str, str]) -> EvalSetVersion:
    cells: list[dict[str, JSONValue]] = [{"text": text, "label": label} for text, label in rows]
    return create_version(
        eval_set=eval_set_for(task=task, name="t"),
        rows=RowFile(("text", "label"), iter([Row(n, n + 2, c) for n, c in enumerate(cells)])),
        mapping=Mapping("text", "label"),
        origin=Origin(name="t.csv", user=None),
    )


@pytest.fixture
def two(team) -> tuple[EvalSetVersion, EvalSetVersion]:
    task = make.task(team)
    return (
        version(task, ("the same", "x"), ("what about it", "x"), ("=gone", "x")),
        version(task, ("the same", "x"), ("what about it", "y"), ("new one", "x")),
    )


def compare_url(two) -> str:
    return f"/versions/{two[0].pk}/compare/{two[1].pk}/"


def test_what_stands_out_is_told_with_samples_to_look_at(editor_client, team):
    made = version(make.task(team), ("a", "x"), ("a", "y"), ("b", "x"))
    ask_for_check(version=made, now=make.NOON)
    page = editor_client.get(f"/versions/{made.pk}/").content.decode()
    assert "2 of 3 rows share their input with a row that has another target" in page
    assert f'href="/versions/{made.pk}/?from=1#samples">row 1</a>' in page
    assert "A row is counted from 0 in the uploaded file" in page
    assert "found in all 3 samples" in page


def test_a_version_that_was_not_looked_at_yet_asks_until_it_is(editor_client, team):
    made = version(make.task(team), ("a", "x"))
    url = f"/versions/{made.pk}/warnings/"
    assert f'hx-get="{url}"' in editor_client.get(f"/versions/{made.pk}/").content.decode()
    assert ring_for_checks(now=make.NOON) == 1
    assert ring_for_checks(now=make.NOON) == 0
    carry_out(made.pk, now=make.NOON)
    carry_out(made.pk, now=make.NOON)
    fragment = editor_client.get(url).content.decode()
    assert "hx-get" not in fragment
    assert "Nothing stands out in all 1 sample" in fragment
    assert VersionCheck.objects.count() == 1


def test_samples_are_shown_from_any_place(editor_client, team):
    made = make.version(make.task(team), samples=50)
    page = editor_client.get(f"/versions/{made.pk}/?from=45").content.decode()
    assert "ticket number 45 says" in page
    assert "Samples 46 to 50 of 50" in page
    assert "ticket number 44 " not in page
    page = editor_client.get(f"/versions/{made.pk}/?from=999999999999999999").content.decode()
    assert "ticket number 49 says" in page


def test_the_page_of_two_versions_counts_and_shows_what_changed(editor_client, two):
    page = editor_client.get(compare_url(two)).content.decode()
    assert "1 changed, 1 added, 1 removed, 1 the same" in page
    assert "matched by the text of their input" in page
    assert "<del>x</del><ins>y</ins>" in page
    assert "new one" in editor_client.get(f"{compare_url(two)}?show=added").content.decode()
    assert "=gone" in editor_client.get(f"{compare_url(two)}?show=removed").content.decode()
    assert editor_client.get(f"{compare_url(two)}?show=nonsense&from=x").status_code == 200


def test_the_version_and_the_task_lead_to_it(editor_client, two):
    for address in (f"/versions/{two[0].pk}/", f"/versions/{two[1].pk}/"):
        assert f'href="{compare_url(two)}"' in editor_client.get(address).content.decode()
    make.live_evaluation(two[0].eval_set.task, samples=3)
    task = editor_client.get(f"/tasks/{two[0].eval_set.task_id}/").content.decode()
    assert f'href="{compare_url(two)}"' in task


def test_all_changes_can_be_downloaded_and_hold_no_formulas(editor_client, two):
    response = editor_client.get(f"{compare_url(two)}changes.csv")
    text = b"".join(response.streaming_content).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["change"] for row in rows] == ["changed", "added", "removed"]
    assert (rows[0]["changed_columns"], rows[0]["after: label"]) == ("label", "y")
    assert rows[2]["before: text"] == "'=gone"


def test_a_large_comparison_waits_for_a_worker_and_stops_asking(editor_client, two, monkeypatch):
    monkeypatch.setattr(versioncomparisons, "AT_ONCE_SAMPLES", 0)
    page = editor_client.get(compare_url(two)).content.decode()
    assert "A worker compares every sample" in page
    now_url = f"{compare_url(two)}now/"
    assert "HX-Refresh" not in editor_client.get(now_url)
    versioncomparisons.carry_out(VersionComparison.objects.get().pk, now=make.NOON)
    assert editor_client.get(now_url)["HX-Refresh"] == "true"
    assert "hx-get" not in editor_client.get(compare_url(two)).content.decode().split("<main")[1]


@pytest.mark.parametrize("size", [2, 60])
def test_a_comparison_costs_the_same_at_any_size(
    editor_client, team, django_assert_num_queries, size
):
    task = make.task(team)
    two = (
        version(task, *((f"q{n}", "x") for n in range(size))),
        version(task, *((f"q{n}", "y") for n in range(size))),
    )
    editor_client.get(compare_url(two))
    with django_assert_num_queries(5 + 6):  # both versions, the comparison, changes, samples
        editor_client.get(compare_url(two))


def test_only_versions_of_one_task_of_the_team_are_compared(
    editor_client, viewer_client, stranger_client, team, two
):
    other = version(make.task(team), ("a", "x"))
    assert viewer_client.get(compare_url(two)).status_code == 200
    addresses = [compare_url(two), f"{compare_url(two)}now/", f"{compare_url(two)}changes.csv"]
    for address in (*addresses, f"/versions/{two[0].pk}/warnings/"):
        assert stranger_client.get(address).status_code == 404
    assert editor_client.get(f"/versions/{two[0].pk}/compare/{other.pk}/").status_code == 404
    assert editor_client.get(f"/versions/{two[0].pk}/compare/{two[0].pk}/").status_code == 404
