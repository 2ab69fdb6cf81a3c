"""The page of a run: filters and pages in the address, one trial in a drawer."""

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from evals.domain.specs import PlanSpec
from evals.domain.trials import TrialState
from evals.models import Run, Team, Trial
from evals.models.evaluations import RunState
from tests import make


@pytest.fixture
def run(team: Team) -> Run:
    """A run over 130 samples: the first 100 that were asked are right."""
    evaluation = make.evaluation(make.task(team), samples=130, right={"open-model": 100})
    return evaluation.runs.get(is_incumbent=False)


def shown(client: Client, address: str) -> list[int]:
    """Return the ids of the trials that a page shows, in its order."""
    text = client.get(address).content.decode()
    return [int(pk) for pk in re.findall(r'id="trial-(\d+)"', text)]


def asked(run: Run) -> list[int]:
    return list(Trial.objects.filter(run=run).order_by("place").values_list("pk", flat=True))


def of(run: Run) -> str:
    return reverse("evals:run", args=[run.pk])


def link(client: Client, address: str, rel: str) -> str:
    """Return where the pager leads, "" if nowhere."""
    text = client.get(address).content.decode()
    found = re.search(rf'rel="{rel}" href="([^"]+)"', text)
    return found[1].replace("&amp;", "&") if found else ""


def test_pages_go_forth_and_back_through_every_trial(editor_client: Client, run: Run):
    first = of(run)
    second = link(editor_client, first, "next")
    third = link(editor_client, second, "next")
    pages = [shown(editor_client, address) for address in (first, second, third)]
    assert sum(pages, []) == asked(run)  # noqa: RUF017 - three short lists
    assert link(editor_client, third, "next") == ""
    assert link(editor_client, first, "prev") == ""
    assert shown(editor_client, link(editor_client, third, "prev")) == pages[1]
    assert shown(editor_client, link(editor_client, second, "prev")) == pages[0]


def test_right_and_wrong_are_told_apart_by_the_first_scorer(editor_client: Client, run: Run):
    assert shown(editor_client, of(run) + "?show=wrong") == asked(run)[100:]
    assert len(shown(editor_client, of(run) + "?show=right")) == 50


def test_a_failure_is_not_a_wrong_answer(editor_client: Client, run: Run):
    failed = Trial.objects.filter(run=run).order_by("place").last()
    assert failed is not None
    Trial.objects.filter(pk=failed.pk).update(
        state=TrialState.INFRA_ERROR, output=None, scores={"exact_match": None}, error="time-out"
    )
    assert failed.pk not in shown(editor_client, of(run) + "?show=wrong")
    assert shown(editor_client, of(run) + "?show=infra_error") == [failed.pk]


def test_slices_narrow(editor_client: Client, run: Run):
    for pk in shown(editor_client, of(run) + "?slice.channel=phone"):
        assert Trial.objects.get(pk=pk).sample.slices == {"channel": "phone"}


@pytest.mark.parametrize("word", ["number 7 says", "NUMBER 7 SAYS"])
def test_the_search_looks_into_inputs(editor_client: Client, run: Run, word: str):
    (found,) = shown(editor_client, of(run) + f"?q={word}")
    assert Trial.objects.get(pk=found).sample.row == 7


def test_the_search_looks_into_outputs(editor_client: Client, run: Run):
    assert shown(editor_client, of(run) + "?q=no+idea") == asked(run)[100:]


@pytest.mark.parametrize(
    "query",
    [
        "?after=x",
        "?at=99999999999.0",
        "?before=5",
        "?show=nothing",
        "?slice.other=1",
        "?q=%00",
        "?slice.channel=%00",
        "?q=%25_'\"",
    ],
)
def test_odd_addresses_are_harmless(editor_client: Client, run: Run, query: str):
    assert editor_client.get(of(run) + query).status_code == 200


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("tick+7", []),  # every word has to occur
        ("ticket+7", [7]),
        ("number+7+sa", []),  # two letters begin half of all words
        ("number+7+say", [7]),  # three are a beginning
        ("%227+says%22", [7]),  # what is quoted stands together
        ("%22says+7%22", []),
        ("refunds+number+6", [6]),  # a word of the target, one of the input
        ("%3Cb%3E", "all"),  # signs are looked for as they stand
        ("ticket%00+7", [7]),
        ("7+%26+%21+%7C+%27+%3A%2A", [7]),  # operators are signs like any other
    ],
)
def test_words_are_found_in_any_column(
    editor_client: Client, run: Run, query: str, rows: list[int] | str
):
    found = shown(editor_client, of(run) + f"?q={query}")
    expected = shown(editor_client, of(run)) if rows == "all" else None
    if expected is not None:
        assert found == expected
    else:
        own = Trial.objects.filter(pk__in=found).values_list("sample__row", flat=True)
        assert sorted(own) == rows


def test_scripts_without_spaces_are_searched_as_they_stand(editor_client: Client, run: Run):
    trial = asked(run)[5]
    Trial.objects.filter(pk=trial).update(output="我想取消订单")
    assert shown(editor_client, of(run) + "?q=取消") == [trial]


def test_a_search_finds_nothing_of_other_runs(editor_client: Client, run: Run):
    other = Trial.objects.exclude(run=run).first()
    assert other is not None
    Trial.objects.filter(pk=other.pk).update(output="unheard of")
    assert shown(editor_client, of(run) + "?q=unheard") == []
    address = reverse("evals:run", args=[other.run_id]) + "?q=unheard"
    assert shown(editor_client, address) == [other.pk]


def test_a_very_long_answer_can_be_stored_and_is_found_by_its_beginning(
    editor_client: Client, run: Run
):
    words = " ".join(f"word{number}" for number in range(200_000))
    trial = asked(run)[5]
    Trial.objects.filter(pk=trial).update(output=f"begins {words}")
    assert shown(editor_client, of(run) + "?q=begins") == [trial]


def test_ranges_narrow_by_score_latency_and_cost(editor_client: Client, run: Run):
    trials = asked(run)
    Trial.objects.filter(pk=trials[7]).update(latency_seconds=9.5)
    Trial.objects.filter(pk=trials[8]).update(output_tokens=200_000)
    assert shown(editor_client, of(run) + "?seconds_from=5") == [trials[7]]
    assert shown(editor_client, of(run) + "?usd_from=1") == [trials[8]]
    assert shown(editor_client, of(run) + "?score_to=0.5") == trials[100:]
    text = editor_client.get(of(run) + "?seconds_from=5&show=right").content.decode()
    assert "latency from 5" in text
    assert '<input type="hidden" name="show" value="right">' in text


@pytest.mark.parametrize("typed", ["x", "-1", "1e9", "nan", ".", "9" * 400])
def test_a_range_that_is_no_number_is_left_out(editor_client: Client, run: Run, typed: str):
    assert len(shown(editor_client, of(run) + f"?seconds_from={typed}&score_to={typed}")) == 50


def test_where_candidates_differ_can_be_shown(editor_client: Client, run: Run):
    # The incumbent has everything right, this candidate the first 100.
    assert shown(editor_client, of(run) + "?differs=any") == asked(run)[100:]
    assert shown(editor_client, of(run) + "?differs=lost") == asked(run)[100:]
    assert shown(editor_client, of(run) + "?differs=won") == []


def test_the_drawer_has_a_column_for_each_candidate(editor_client: Client, run: Run):
    opened = Trial.objects.get(run=run, place=110)
    other = Trial.objects.exclude(run=run).get(sample=opened.sample)
    text = editor_client.get(reverse("evals:trial", args=[run.pk, opened.pk])).content.decode()
    drawer = text[text.index('id="sample"') :]
    assert drawer.count('<section class="answer"') == 2
    assert drawer.index("gpt-x") < drawer.index("open-model")
    assert reverse("evals:trial", args=[other.run_id, other.pk]) in drawer
    assert f"<del>{opened.sample.target}</del><ins>no idea</ins>" in drawer
    assert "$0.00027" in drawer


@pytest.mark.parametrize(
    ("diff", "marked"), [("target", True), ("baseline", True), ("none", False), ("odd", True)]
)
def test_outputs_are_compared_with_what_was_chosen(
    *, editor_client: Client, run: Run, diff: str, marked: bool
):
    opened = Trial.objects.get(run=run, place=110)
    address = reverse("evals:trial", args=[run.pk, opened.pk]) + f"?diff={diff}"
    assert ("<ins>" in editor_client.get(address).content.decode()) is marked


def test_repeats_are_a_strip_that_leads_to_each(editor_client: Client, team: Team):
    evaluation = make.live_evaluation(
        make.task(team), plan=PlanSpec(epochs=3), candidates=[make.candidate_spec()]
    )
    run = evaluation.runs.get()
    first = make.answer(run, asked=2)[0]
    for epoch, score in ((1, 0.0), (2, None)):
        again = Trial.objects.get(pk=first.pk)
        again.pk, again.epoch, again.scores = None, epoch, {"exact_match": score}
        again.save()
    text = editor_client.get(reverse("evals:trial", args=[run.pk, first.pk])).content.decode()
    assert "Row" in text
    assert "repeat 1 of 3" in text
    for word in ("Repeat 1: right", "Repeat 2: wrong", "Repeat 3: ok"):
        assert f'<span class="visually-hidden">{word}</span>' in text


def test_trials_that_were_deleted_since_are_left_out(editor_client: Client, run: Run):
    trials = asked(run)
    assert shown(editor_client, of(run)) == trials[:50]
    Trial.objects.filter(pk=trials[0]).delete()
    assert shown(editor_client, of(run)) == trials[1:50]
    assert "All 129" in editor_client.get(of(run)).content.decode()


def downloaded(client: Client, run: Run, name: str, query: str = "") -> str:
    response: Any = client.get(reverse(f"evals:{name}", args=[run.pk]) + query)
    assert response.status_code == 200
    assert "attachment" in response["Content-Disposition"]
    return b"".join(response.streaming_content).decode()


def test_what_is_shown_can_be_downloaded(editor_client: Client, run: Run):
    lines = downloaded(editor_client, run, "run_jsonl", "?show=wrong").splitlines()
    documents = [json.loads(line) for line in lines]
    wrong = Trial.objects.filter(pk__in=asked(run)[100:]).order_by("place")
    assert [d["sample"] for d in documents] == [trial.sample.row for trial in wrong]
    assert documents[0]["output"] == "no idea"
    assert documents[0]["scores"] == {"exact_match": 0.0}
    assert documents[0]["input"].startswith("ticket number")
    assert documents[0]["cost_usd"] == pytest.approx(0.00027)


def test_the_table_calculates_nothing_in_a_spreadsheet(editor_client: Client, run: Run):
    Trial.objects.filter(pk=asked(run)[0]).update(output="=HYPERLINK(1)", answer="-1+1")
    table = downloaded(editor_client, run, "run_csv").splitlines()
    assert len(table) == 131
    assert "'=HYPERLINK(1)" in table[1]
    assert "'-1+1" in table[1]
    assert "score exact_match" in table[0]


def test_a_file_of_nothing_is_empty(editor_client: Client, run: Run):
    assert downloaded(editor_client, run, "run_csv", "?q=nowhere") == ""


def test_a_stranger_downloads_nothing(stranger_client: Client, run: Run):
    for name in ("run_csv", "run_jsonl"):
        assert stranger_client.get(reverse(f"evals:{name}", args=[run.pk])).status_code == 404


def test_inputs_are_shown_as_text(editor_client: Client, run: Run):
    text = editor_client.get(of(run)).content.decode()
    assert "&lt;b&gt;hello" in text
    assert "<b>hello" not in text


def test_the_drawer_opens_beside_the_same_rows(editor_client: Client, run: Run):
    opened = asked(run)[3]
    text = editor_client.get(of(run)).content.decode()
    found = re.search(rf'id="trial-{opened}" href="([^"]+)"', text)
    assert found is not None
    address = found[1].replace("&amp;", "&")
    assert shown(editor_client, address) == asked(run)[:50]
    assert 'aria-current="true"' in editor_client.get(address).content.decode()


def test_the_drawer_shows_the_whole_trial(editor_client: Client, run: Run):
    opened = Trial.objects.get(run=run, place=0)
    Trial.objects.filter(pk=opened.pk).update(
        finish_reason="length", details={"exact_match": {"explanation": "equal but for case"}}
    )
    address = reverse("evals:trial", args=[run.pk, opened.pk])
    text = editor_client.get(address).content.decode()
    for wanted in (
        *("truncated", "equal but for case", "Extracted answer", "You sort tickets."),
        "says &lt;b&gt;hello&lt;/b&gt;\nQueue:",
    ):
        assert wanted in text


def test_the_drawer_leads_to_its_neighbours_within_the_filter(editor_client: Client, run: Run):
    wrong = asked(run)[100:]
    address = reverse("evals:trial", args=[run.pk, wrong[1]]) + "?show=wrong"
    text = editor_client.get(address).content.decode()
    drawer = text[text.index('id="sample"') :]
    assert f"/trials/{wrong[0]}/?show=wrong" in drawer
    assert f"/trials/{wrong[2]}/?show=wrong" in drawer


def test_a_deep_link_shows_the_rows_from_that_trial_on(editor_client: Client, run: Run):
    opened = asked(run)[60]
    address = reverse("evals:trial", args=[run.pk, opened])
    assert shown(editor_client, address)[0] == opened
    assert link(editor_client, address, "prev")


def test_a_trial_of_another_run_is_not_found(editor_client: Client, run: Run):
    other = Trial.objects.exclude(run=run).first()
    assert other is not None
    address = reverse("evals:trial", args=[run.pk, other.pk])
    assert editor_client.get(address).status_code == 404


def test_a_run_without_trials_says_so(editor_client: Client, team: Team):
    evaluation = make.live_evaluation(make.task(team))
    run = evaluation.runs.get(position=1)
    assert "Nothing has come back yet" in editor_client.get(of(run)).content.decode()


def test_a_paused_run_says_why(editor_client: Client, team: Team):
    run = make.live_evaluation(make.task(team)).runs.get(position=1)
    Run.objects.filter(pk=run.pk).update(state=RunState.PAUSED, message="HTTP 401: <wrong> key")
    text = editor_client.get(of(run)).content.decode()
    assert "This run is paused" in text
    assert "HTTP 401: &lt;wrong&gt; key" in text


def test_cut_answers_are_marked_filtered_and_counted_on_the_card(editor_client: Client, team: Team):
    evaluation = make.live_evaluation(make.task(team), candidates=[make.candidate_spec()])
    run = evaluation.runs.get()
    trials = make.answer(run)
    for trial, reason in zip(trials[:3], ("length", "max_tokens", "length"), strict=True):
        Trial.objects.filter(pk=trial.pk).update(finish_reason=reason)
    make.complete(run)
    make.finish(evaluation)

    cut = [trial.pk for trial in trials[:3]]
    assert shown(editor_client, of(run) + "?show=truncated") == cut
    table = editor_client.get(of(run)).content.decode()
    assert "Truncated 3" in table
    assert table.count(">truncated</span>") == 3
    drawer = editor_client.get(reverse("evals:trial", args=[run.pk, cut[1]])).content.decode()
    # The drawer's own; the table beside it begins with this trial.
    assert drawer.count(">truncated</span>") == 1 + 2
    page = editor_client.get(reverse("evals:evaluation", args=[evaluation.pk])).content.decode()
    assert "3 answers were cut at max_tokens" in page
    assert f"{of(run)}?show=truncated" in page


def test_an_answer_that_was_not_cut_warns_of_nothing(editor_client: Client, run: Run):
    page = editor_client.get(reverse("evals:evaluation", args=[run.evaluation_id]))
    assert b"cut at max_tokens" not in page.content


def test_times_to_the_first_token_stand_beside_the_latency(editor_client: Client, team: Team):
    evaluation = make.live_evaluation(make.task(team), candidates=[make.candidate_spec()])
    run = evaluation.runs.get()
    make.answer(run, ttft_seconds=0.125)
    make.complete(run)
    make.finish(evaluation)
    assert "first 0.12 s" in editor_client.get(of(run)).content.decode()
    page = editor_client.get(reverse("evals:evaluation", args=[evaluation.pk])).content.decode()
    assert "first token 0.12 s" in page
    assert "p50 time to first token" in page
    assert "p95 time to first token" in page


def test_where_nothing_was_streamed_no_first_token_is_shown(editor_client: Client, run: Run):
    for name, pk in (("run", run.pk), ("evaluation", run.evaluation_id)):
        page = editor_client.get(reverse(f"evals:{name}", args=[pk])).content
        assert b"first token" not in page
        assert b"first \xe2" not in page


@pytest.mark.parametrize(
    "error", ["the model refused: I cannot help with that", "the answer is empty"]
)
def test_a_refusal_and_an_empty_answer_are_shown_as_no_answer(
    editor_client: Client, team: Team, error: str
):
    evaluation = make.live_evaluation(make.task(team), candidates=[make.candidate_spec()])
    run = evaluation.runs.get()
    nothing = {"output": None, "answer": None, "scores": {"exact_match": 0.0}}
    trial = make.answer(
        run, right=0, asked=1, state=TrialState.NO_ANSWER.value, error=error, **nothing
    )[0]
    make.complete(run)
    make.finish(evaluation)
    table = editor_client.get(of(run) + "?show=no_answer").content.decode()
    assert "No answer 1" in table
    assert '<span class="muted">no answer</span>' in table
    assert "Wrong 1" not in table
    drawer = editor_client.get(reverse("evals:trial", args=[run.pk, trial.pk])).content.decode()
    assert error in drawer
    assert "Nothing came back." not in drawer
