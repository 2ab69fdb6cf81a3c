"""Writing scorers and the quality bar."""

import pytest

from evals.models import QualityBar, ScorerSet
from tests import make


def lines(*criteria: tuple[str, str, str, bool]) -> dict[str, str]:
    fields = {"lines-TOTAL_FORMS": str(len(criteria)), "lines-INITIAL_FORMS": "0"}
    for number, (metric, comparator, threshold, advisory) in enumerate(criteria):
        fields |= {
            f"lines-{number}-metric": metric,
            f"lines-{number}-comparator": comparator,
            f"lines-{number}-threshold": threshold,
        }
        if advisory:
            fields[f"lines-{number}-advisory"] = "on"
    return fields


EXACT = {"use_exact_match": "on"}
ONE_LINE = lines(("exact_match", "at_least", "0.85", False))


def test_scorers_and_bar_are_written_and_lead_on_to_candidates(team, editor_client):
    task = make.task(team)
    url = f"/tasks/{task.pk}/bar/"
    assert editor_client.get(url).status_code == 200
    fields = EXACT | lines(
        ("exact_match", "at_least", "0.85", False),
        ("", "at_least", "", False),
        ("latency_p95_seconds", "at_most", "2", True),
    )
    fields |= {"exact_match_ignore_case": "on", "exact_match_extract": "Answer: (.*)"}
    response = editor_client.post(url, fields)
    assert response.url == f"/tasks/{task.pk}/candidates/new/"
    criteria = QualityBar.objects.get(task=task).criteria.all()
    assert [(c.metric, c.threshold, c.is_advisory) for c in criteria] == [
        ("exact_match", 0.85, False),
        ("latency_p95_seconds", 2.0, True),
    ]
    assert ScorerSet.objects.get(task=task).definitions == [
        {"name": "exact_match", "options": {"ignore_case": True}, "extract": "Answer: (.*)"}
    ]


def test_every_scorer_comes_back_as_it_was_written(team, editor_client):
    task = make.task(team)
    fields = ONE_LINE | {f"use_{name}": "on" for name in ("exact_match", "contains", "regex")}
    fields |= {"use_last_number": "on", "use_f1": "on", "use_choice": "on", "use_lm_eval": "on"}
    fields |= {
        "regex_pattern": r"\d+",
        "last_number_tolerance": "0.01",
        "choice_labels": "yes\r\n no \r\n\r\n",
        "lm_eval_options": '{"metric": "bleu"}',
    }
    assert editor_client.post(f"/tasks/{task.pk}/bar/", fields).status_code == 302
    written = ScorerSet.objects.get(task=task).definitions
    options = {scorer["name"]: scorer["options"] for scorer in written}
    assert options["regex"] == {"pattern": r"\d+"}
    assert options["choice"] == {"labels": ["yes", "no"]}
    assert options["last_number"] == {"tolerance": 0.01}
    assert options["lm_eval"] == {"metric": "bleu"}
    page = editor_client.get(f"/tasks/{task.pk}/bar/").content.decode()
    assert "yes\nno" in page
    assert "bleu" in page


def test_the_same_bar_makes_no_new_version_and_another_one_does(team, editor_client):
    task = make.task(team)
    url = f"/tasks/{task.pk}/bar/"
    editor_client.post(url, EXACT | ONE_LINE)
    editor_client.post(url, EXACT | ONE_LINE)
    assert QualityBar.objects.filter(task=task).count() == 1
    editor_client.post(url, EXACT | lines(("exact_match", "at_least", "0.9", False)))
    assert list(task.bars.order_by("number").values_list("number", flat=True)) == [1, 2]
    page = editor_client.get(url).content.decode()
    assert "exact match ≥ 0.85" in page
    assert "exact match ≥ 0.9" in page


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (ONE_LINE, "No scorer is ticked"),
        (EXACT | lines(("", "at_least", "", False)), "The bar has no line"),
        (EXACT | lines(("exact_match", "at_least", "", False)), "a metric and no threshold"),
        (EXACT | lines(("", "at_least", "0.5", False)), "a threshold and no metric"),
        (EXACT | lines(("exact_match", "at_least", "85", False)), "write 0.85"),
        (EXACT | lines(("exact_match", "at_least", "nan", False)), "Enter a number"),
        (EXACT | lines(("f1", "at_least", "0.5", False)), "Unknown metric"),
        (EXACT | lines(("latency_p95_seconds", "at_least", "2", False)), "expected at_most"),
        (EXACT | lines(("rate", "at_least", "2", False)), "Select a valid choice"),
        (EXACT | ONE_LINE | {"exact_match_extract": "("}, "pattern"),
        (EXACT | ONE_LINE | {"use_regex": "on"}, "blank"),
        (EXACT | ONE_LINE | {"use_choice": "on"}, "at least one label"),
        (EXACT | ONE_LINE | {"use_lm_eval": "on", "lm_eval_options": "{"}, "valid JSON"),
        (EXACT | ONE_LINE | {"use_lm_eval": "on", "lm_eval_options": "[1]"}, "JSON object"),
        (EXACT | ONE_LINE | {"use_lm_eval": "on", "lm_eval_options": "{}"}, "JSON object"),
        (
            EXACT
            | ONE_LINE
            | {"use_lm_eval": "on", "lm_eval_options": '{"metric": "x", "arguments": {"a": 1}}'},
            "is for specs on the command line",
        ),
    ],
)
def test_a_bad_bar_is_told_and_nothing_is_stored(team, editor_client, fields, message):
    task = make.task(team)
    response = editor_client.post(f"/tasks/{task.pk}/bar/", fields)
    assert response.status_code == 422
    assert message in response.content.decode()
    assert not QualityBar.objects.exists()
    assert not ScorerSet.objects.exists()
