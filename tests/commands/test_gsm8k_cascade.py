"""Cascades of real answers to GSM8K, against sums over the CSV as a spreadsheet would make them."""

import csv
import json
import math
import re
from pathlib import Path

import pytest
import yaml
from django.core.management import call_command
from django.test import Client

from evals.models import CascadeReplay, Evaluation
from evals.services.cascades import carry_out
from tests import make
from tests.commands.test_gsm8k import CLOSED, DATA, OPEN, SPEC

CHEAP, DEAR = 0.001, 0.010
PATTERN = "<<.*?>>"
pytestmark = [
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the data for tests is not at {DATA}"),
    pytest.mark.django_db(transaction=True),
]


def rows() -> list[dict[str, str]]:
    with (DATA / "gsm8k_recorded.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def evaluated(folder: Path) -> tuple[Evaluation, Client, dict[str, dict[str, float]]]:
    """Evaluate both recorded models with a price for each; return a browser and their costs."""
    spec = yaml.safe_load(SPEC)
    for candidate, price in zip(spec["candidates"], (CHEAP, DEAR), strict=True):
        candidate["price"] = {"usd_per_request": price}
    path = folder / "spec.yaml"
    path.write_text(yaml.safe_dump(spec))
    with pytest.raises(SystemExit):
        call_command("evaluate", str(path), "--json", str(folder / "result.json"))
    result = json.loads((folder / "result.json").read_text())
    evaluation = Evaluation.objects.get()
    client = Client()
    client.force_login(make.member(evaluation.task.team))
    return evaluation, client, {each["name"]: each["cost"] for each in result["candidates"]}


def text(client: Client, address: str) -> str:
    return re.sub(r"\s+", " ", client.get(address).content.decode())


def replayed(client: Client, evaluation: Evaluation, **fields: str) -> CascadeReplay:
    first, second = (evaluation.runs.get(candidate__name=name).pk for name in ("open", "closed"))
    address = f"/evaluations/{evaluation.pk}/cascades/new/"
    sent = client.post(address, {"first": first, "second": second, **fields})
    replay = CascadeReplay.objects.get(pk=int(sent["Location"].split("/")[2]))
    carry_out(replay.pk, now=make.NOON)
    replay.refresh_from_db()
    return replay


def test_the_pages_and_the_stored_curve_agree_with_a_spreadsheet(tmp_path):
    evaluation, client, costs = evaluated(tmp_path)
    sheet = rows()
    right = {name: [row[name] == "True" for row in sheet] for name in (OPEN, CLOSED)}
    check_costs(evaluation, client, costs, right)
    by_length = replayed(client, evaluation, signal="brevity")
    check_curve(by_length, right, [len(row[f"{OPEN}_response"]) for row in sheet])
    check_page(text(client, f"/cascades/{by_length.pk}/"), by_length)
    by_check = replayed(client, evaluation, signal="pattern", pattern=PATTERN)
    found = [re.search(PATTERN, row[f"{OPEN}_response"]) is not None for row in sheet]
    check_validator(by_check, right, found)


def listed(page: str) -> list[tuple[str, str]]:
    """Return the names and figures of the page's lists, without tags."""
    pairs = re.findall(r'<dt>((?:(?!</dt>).)*)</dt><dd class="num">(.*?)</dd>', page)
    return [(re.sub("<[^>]*>", "", name).strip(), figure) for name, figure in pairs]


def check_costs(evaluation, client, costs, right):
    for name, model, price in (("open", OPEN, CHEAP), ("closed", CLOSED, DEAR)):
        accepted = price * len(right[model]) / sum(right[model])
        assert costs[name]["per_1k_tasks_usd"] == pytest.approx(1000 * price)
        assert costs[name]["per_accepted_usd"] == pytest.approx(accepted)
        run = evaluation.runs.get(candidate__name=name)
        page = dict(listed(text(client, f"/evaluations/{evaluation.pk}/?full={run.pk}")))
        assert page["Per accepted answer"] == f"${float(f'{accepted:.2g}')}"
        assert page["Per 1,000 tasks"] == f"${1000 * price:.2f}"


def check_curve(replay, right, lengths):
    result, n = replay.result, len(lengths)
    union = sum(o or c for o, c in zip(right[OPEN], right[CLOSED], strict=True))
    assert (union, n) == (1225, 1319)
    assert result["ceiling"] == pytest.approx(1225 / 1319)
    assert result["first"]["quality"] == pytest.approx(842 / 1319)
    assert result["second"]["quality"] == pytest.approx(1130 / 1319)
    only_closed = sum(c and not o for o, c in zip(right[OPEN], right[CLOSED], strict=True))
    assert result["oracle"]["escalation"] == pytest.approx(only_closed / n)
    assert result["saves_below"] == pytest.approx(1 - CHEAP / DEAR)
    assert len(result["curve"]) == 200
    for point in result["curve"]:
        threshold = point["threshold"]
        kept = math.inf if threshold is None else round(1 / threshold - 1)
        longer = [threshold is None or length > kept for length in lengths]
        quality = sum(
            c if up else o for up, o, c in zip(longer, right[OPEN], right[CLOSED], strict=True)
        )
        assert point["escalated"] == sum(longer)
        assert point["quality"] == pytest.approx(quality / n)
        assert float(point["usd"]) == pytest.approx(CHEAP + DEAR * sum(longer) / n)
        assert point["p95_seconds"] is None
    longest_first = [(-length, ok) for length, ok in zip(lengths, right[OPEN], strict=True)]
    assert result["auroc"]["area"] == pytest.approx(area(longest_first))


def area(pairs):
    right, wrong = [s for s, ok in pairs if ok], [s for s, ok in pairs if not ok]
    won = sum((r > w) + (r == w) / 2 for r in right for w in wrong)
    return won / (len(right) * len(wrong))


def check_page(page, replay):
    reported = replay.result["reported"]
    point = reported["point"]
    assert "0.929, 1,225 of 1,319: the better answer to every sample" in page
    assert "1,319 of 1,319 in the plan" in page
    assert "660 choose, 659 report" in page
    assert f"{point['quality']:.3f} [" in page
    assert f"{100 * point['escalation']:.0f} %" in page
    assert float(point["usd"]) == pytest.approx(CHEAP + DEAR * point["escalated"] / 659)
    assert float(reported["per_accepted_usd"]) == pytest.approx(
        float(point["usd"]) / point["quality"]
    )
    assert reported["n"] == 659
    assert "0.929" in page
    assert "p95 unknown" in page


def check_validator(replay, right, found):
    _, failing, everything = replay.result["curve"]
    n, passing = len(found), sum(found)
    quality = sum(
        o if ok else c for ok, o, c in zip(found, right[OPEN], right[CLOSED], strict=True)
    )
    assert 0 < passing < n
    assert failing["escalated"] == n - passing
    assert failing["quality"] == pytest.approx(quality / n)
    assert float(failing["usd"]) == pytest.approx(CHEAP + DEAR * (n - passing) / n)
    assert float(everything["usd"]) == pytest.approx(CHEAP + DEAR)
