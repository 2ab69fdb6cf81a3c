"""Runs side by side: what may be compared, what is said of it, and in which order."""

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from evals.domain.specs import PlanSpec, ScorerSpec
from evals.models import Evaluation, Run, Team, Trial
from evals.queries.figures import MINUS
from tests import make

COMPARE = "/compare/"


@pytest.fixture
def evaluation(team: Team) -> Evaluation:
    """The incumbent has the first 60 of 100 right, open-a the first 40, open-b the first 80."""
    specs = [make.incumbent_spec(), make.candidate_spec("open-a"), make.candidate_spec("open-b")]
    return make.evaluation(
        make.task(team),
        samples=100,
        candidates=specs,
        right={"gpt-x": 60, "open-a": 40, "open-b": 80},
    )


def address(*runs: Run, **fields: str) -> str:
    said = "".join(f"&{name}={value}" for name, value in fields.items())
    return f"{COMPARE}?runs={','.join(str(run.pk) for run in runs)}{said}"


def page(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def sent(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def shown_rows(text: str) -> list[int]:
    body = text.partition("<tbody>")[2]
    return [
        int(row.replace(",", ""))
        for row in re.findall(r'<td class="num" data-label="Row">([\d,]+)</td>', body)
    ]


def rows_of(places: range, run: Run) -> list[int]:
    """Return the file's rows at some places of the order, in the file's order."""
    trials = Trial.objects.filter(run=run, place__in=places).select_related("sample")
    return sorted(trial.sample.row for trial in trials)


def test_the_summary_has_each_run_and_its_paired_difference(
    editor_client: Client, evaluation: Evaluation
):
    text = page(editor_client, address(*evaluation.runs.all()))
    for wanted in ("0.600", "0.400", "0.800", f"{MINUS}0.200", "+0.200", "Tango"):
        assert wanted in text
    metrics = text.partition("<tbody>")[2].partition("</tr>")[0]
    assert metrics.count("worse:") == 1
    assert metrics.count("better:") == 1
    assert "make baseline" in text


def test_the_difference_of_the_summary_is_the_one_of_the_verdict(
    editor_client: Client, evaluation: Evaluation
):
    run = evaluation.runs.select_related("verdict").get(candidate__name="open-a")
    paired = run.verdict.grounds["result"]["paired"]
    text = page(editor_client, address(*evaluation.runs.all()))
    interval = f"[{paired['low']:+.3f}, {paired['high']:+.3f}]".replace("-", MINUS)
    assert interval in text


def test_another_baseline_turns_the_differences_round(
    editor_client: Client, evaluation: Evaluation
):
    incumbent, first, _ = evaluation.runs.all()
    text = page(editor_client, address(incumbent, first, baseline=str(first.pk)))
    assert "+0.200" in text
    assert f"{MINUS}0.200" not in text


def test_latency_and_cost_say_how_they_changed(editor_client: Client, evaluation: Evaluation):
    slow = evaluation.runs.get(candidate__name="open-a")
    Trial.objects.filter(run=slow).update(latency_seconds=0.5, output_tokens=4)
    text = page(editor_client, address(*evaluation.runs.all()))
    assert "p95 latency" in text.lower()
    assert re.search(r"\+\d+ %", text)


def test_the_grid_begins_with_what_the_baseline_had_right(
    editor_client: Client, evaluation: Evaluation
):
    incumbent, first, _ = evaluation.runs.all()
    text = page(editor_client, address(incumbent, first, view="grid"))
    assert shown_rows(text)[:20] == rows_of(range(40, 60), first)
    assert text.count("lost</small>") == 20


@pytest.mark.parametrize(
    ("show", "count"),
    [("lost", 20), ("failures", 60), ("passes", 40), ("errors", 0), ("different", 40)],
)
def test_the_grid_narrows(editor_client: Client, evaluation: Evaluation, show: str, count: int):
    text = page(editor_client, address(*evaluation.runs.all(), view="grid", show=show))
    assert f"{count} samples, by largest regression" in text
    current = re.search(r'aria-current="true">([^<]+)</a>', text)
    assert current is not None
    assert current[1].endswith(f" {count}")


def test_an_error_is_shown_as_one_and_not_as_wrong(editor_client: Client, evaluation: Evaluation):
    incumbent, first, _ = evaluation.runs.all()
    lost = Trial.objects.get(run=first, place=3)
    Trial.objects.filter(pk=lost.pk).update(
        state="infra_error", output=None, answer=None, scores={"exact_match": None}
    )
    text = page(editor_client, address(incumbent, first, view="grid", show="errors"))
    assert shown_rows(text) == rows_of(range(3, 4), first)
    assert "infra error" in text


def test_pages_of_the_grid_lead_forth_and_back(editor_client: Client, evaluation: Evaluation):
    first = address(*evaluation.runs.all(), view="grid")
    text = page(editor_client, first)
    following = re.search(r'rel="next" href="([^"]+)"', text)
    assert following is not None
    second = page(editor_client, COMPARE + following[1].replace("&amp;", "&"))
    assert not set(shown_rows(text)) & set(shown_rows(second))
    assert len(shown_rows(text)) + len(shown_rows(second)) == 100
    back = re.search(r'rel="prev" href="([^"]+)"', second)
    assert back is not None
    again = page(editor_client, COMPARE + back[1].replace("&amp;", "&"))
    assert shown_rows(again) == shown_rows(text)


def test_slices_narrow_the_summary_and_the_grid(editor_client: Client, evaluation: Evaluation):
    runs = list(evaluation.runs.all())
    sliced = {"slice.channel": "phone"}
    assert "n = 50" in page(editor_client, address(*runs, **sliced))
    assert "50 samples" in page(editor_client, address(*runs, view="grid", **sliced))


def test_runs_of_two_evaluations_are_paired_by_sample(editor_client: Client, team: Team):
    task = make.task(team)
    one = make.evaluation(task, samples=100, right={"gpt-x": 60, "open-model": 60})
    plan = PlanSpec(seed=5)
    other = make.live_evaluation(
        task, samples=100, plan=plan, candidates=[make.candidate_spec("late")]
    )
    run = other.runs.get()
    # Asked in another order; right on the very same samples but for one.
    right = {t.sample_id for t in Trial.objects.filter(run=one.runs.all()[0], place__lt=59)}
    trials = make.answer(run)
    for trial in trials:
        is_right = trial.sample_id in right
        Trial.objects.filter(pk=trial.pk).update(
            place=(trial.place + 7) % 100, scores={"exact_match": float(is_right)}
        )
    make.complete(run)
    make.finish(other)
    text = page(editor_client, address(one.runs.all()[0], run, view="grid", show="different"))
    assert "1 sample, by" in text
    assert "evaluation 2" in text


def test_two_eval_sets_are_not_compared(editor_client: Client, team: Team, evaluation: Evaluation):
    other = make.evaluation(make.task(team, name="Another"), samples=10)
    response = editor_client.get(address(evaluation.runs.all()[0], other.runs.all()[0]))
    assert response.status_code == 422
    assert "different samples" in response.content.decode()


def test_scorers_that_differ_are_left_out_with_a_warning(editor_client: Client, team: Team):
    task = make.task(team)
    both = (ScorerSpec(name="exact_match"), ScorerSpec(name="contains"))
    one = make.evaluation(task, samples=20)
    other = make.live_evaluation(
        task, samples=20, scorers=both, candidates=[make.candidate_spec("late")]
    )
    make.answer(other.runs.get(), scores={"exact_match": 1.0, "contains": 1.0})
    make.complete(other.runs.get())
    make.finish(other)
    text = page(editor_client, address(one.runs.all()[0], other.runs.get()))
    assert "Left out, as not all runs have it: contains" in text


def test_runs_without_a_scorer_in_common_are_refused(editor_client: Client, team: Team):
    task = make.task(team)
    one = make.evaluation(task, samples=20)
    scorers = (ScorerSpec(name="exact_match", options={"ignore_case": True}),)
    other = make.live_evaluation(
        task, samples=20, scorers=scorers, candidates=[make.candidate_spec("late")]
    )
    make.answer(other.runs.get())
    response = editor_client.get(address(one.runs.all()[0], other.runs.get()))
    assert response.status_code == 422
    assert "share no scorer" in response.content.decode()


@pytest.mark.parametrize("count", [1, 9])
def test_two_to_eight_runs_are_compared(editor_client: Client, team: Team, count: int):
    specs = [make.candidate_spec(f"open-{number}") for number in range(count)]
    made = make.evaluation(make.task(team), samples=5, candidates=specs)
    response = editor_client.get(address(*made.runs.all()))
    assert response.status_code == 422
    assert f"Found {count} run" in response.content.decode()


def test_more_epochs_count_as_one_mean(editor_client: Client, team: Team):
    task = make.task(team)
    one = make.evaluation(task, samples=20)
    twice = make.live_evaluation(
        task, samples=20, plan=PlanSpec(epochs=2), candidates=[make.candidate_spec("twice")]
    )
    run = twice.runs.get()
    for trial in make.answer(run):
        trial.pk, trial.epoch, trial.scores = None, 1, {"exact_match": 0.0}
        trial.save()
    make.complete(run)
    make.finish(twice)
    text = page(editor_client, address(one.runs.all()[0], run))
    assert "asked more often" in text
    assert f"{MINUS}0.500" in text
    grid = page(editor_client, address(one.runs.all()[0], run, view="grid"))
    assert "1 of 2 right" in grid


def test_an_evaluation_leads_to_the_comparison_of_its_runs(
    editor_client: Client, evaluation: Evaluation
):
    link = f"{COMPARE}?evaluation={evaluation.pk}"
    own = page(editor_client, reverse("evals:evaluation", args=[evaluation.pk]))
    assert link in own
    response = editor_client.get(link)
    ids = ",".join(str(run.pk) for run in evaluation.runs.all())
    assert response["Location"] == f"{COMPARE}?runs={ids}"
    rest = "view=grid&show=flips"
    assert editor_client.get(f"{link}&{rest}")["Location"] == f"{COMPARE}?runs={ids}&{rest}"


def test_without_runs_the_page_offers_them(editor_client: Client, evaluation: Evaluation):
    text = page(editor_client, COMPARE)
    for run in evaluation.runs.all():
        assert f'name="runs" value="{run.pk}"' in text
    ticked = [run.pk for run in evaluation.runs.all()[:2]]
    sent = editor_client.get(COMPARE, {"runs": ticked})
    assert sent.status_code == 200
    assert "2 runs on the same samples" in sent.content.decode()


def test_an_empty_team_is_told_what_comes_first(editor_client: Client):
    assert "Nothing to compare yet" in page(editor_client, COMPARE)


def test_the_grid_can_be_downloaded_as_it_is_filtered(
    editor_client: Client, evaluation: Evaluation
):
    incumbent, first, _ = evaluation.runs.all()
    query = address(incumbent, first, view="grid", show="lost").removeprefix(COMPARE)
    response = editor_client.get(f"{COMPARE}samples.jsonl{query}")
    lines = [json.loads(line) for line in sent(response).splitlines()]
    assert [line["row"] for line in lines] == rows_of(range(40, 60), first)
    assert lines[0]["gpt-x: exact_match"] == 1.0
    assert lines[0]["open-a: output"] == "no idea"
    table = sent(editor_client.get(f"{COMPARE}samples.csv{query}"))
    assert len(table.decode().splitlines()) == 21


@pytest.mark.parametrize("path", [COMPARE, f"{COMPARE}samples.csv", f"{COMPARE}samples.jsonl"])
def test_another_teams_runs_are_not_found(
    stranger_client: Client, evaluation: Evaluation, path: str
):
    query = address(*evaluation.runs.all()).removeprefix(COMPARE)
    assert stranger_client.get(path + query).status_code == 404
    assert stranger_client.get(f"{COMPARE}?evaluation={evaluation.pk}").status_code == 404


@pytest.mark.parametrize(
    "query",
    ["?runs=x", "?runs=" + "9" * 400, "?runs=1,,2&after=x", "?evaluation=x", "?view=&show=%00"],
)
def test_odd_addresses_are_harmless(editor_client: Client, evaluation: Evaluation, query: str):
    assert editor_client.get(COMPARE + query).status_code in {200, 404, 422}
    whole = address(*evaluation.runs.all()) + "&view=grid&" + query.removeprefix("?")
    assert editor_client.get(whole).status_code in {200, 404, 422}


@pytest.mark.parametrize(
    "odd",
    ["slice.none=1", "slice.channel=%00", "metric=none", "show=no", "sort=no", "before=999999999"],
)
def test_unknown_choices_are_left_out(editor_client: Client, evaluation: Evaluation, odd: str):
    page(editor_client, address(*evaluation.runs.all()) + f"&view=grid&{odd}")
