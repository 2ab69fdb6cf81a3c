"""Charts on pages: what is sent, what stands there without JavaScript, what it weighs."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from evals.models import VerdictRow
from evals.reports.charts.chart import SCRIPT
from evals.web.chartfiles import NAME, served_folder
from tests import make

pytestmark = pytest.mark.django_db


def figure(page: str, key: str) -> Any:
    block = re.search(rf'<script id="figure-{key}" type="application/json">(.*?)</script>', page)
    assert block
    return json.loads(block.group(1))


def task_page(client, team, query="", **options):
    evaluation = make.evaluation(make.task(team), **options)
    address = reverse("evals:task", args=[evaluation.task_id])
    return client.get(address + query).content.decode()


def test_the_task_page_has_the_chart_and_the_table_of_the_same_numbers(editor_client, team):
    page = task_page(editor_client, team, samples=100, right={"open-model": 80})
    drawn = figure(page, "trade-off")["data"]
    assert {trace["text"][0] for trace in drawn if "text" in trace} == {
        "gpt-x, incumbent",
        "open-model",
    }
    assert "0.800 [0.711, 0.867]" in page
    assert 'role="img"' in page


def test_the_axis_is_in_the_address_and_needs_no_javascript(editor_client, team):
    page = task_page(editor_client, team, "?x=latency")
    assert figure(page, "trade-off")["layout"]["xaxis"]["title"]["text"] == "p95 latency in seconds"
    assert '<a class="chip" href="?x=latency#trade-off" aria-current="true">' in page


def test_a_task_that_was_never_evaluated_has_no_chart(editor_client, team):
    page = editor_client.get(reverse("evals:task", args=[make.task(team).pk])).content.decode()
    assert "charts.js" not in page


def test_a_finished_evaluation_has_three_charts_and_a_live_one_none(editor_client, team):
    finished = make.evaluation(make.task(team))
    live = make.live_evaluation(make.task(team))
    page = editor_client.get(reverse("evals:evaluation", args=[finished.pk])).content.decode()
    assert page.count("data-plotly=") == 3
    assert "Fixed plan: not for deciding early" in page
    page = editor_client.get(reverse("evals:evaluation", args=[live.pk])).content.decode()
    assert "data-plotly" not in page
    assert "charts.js" not in page


def test_a_large_figure_has_an_address_of_its_own(editor_client, stranger_client, team):
    finished = make.evaluation(make.task(team), samples=120)
    page = editor_client.get(reverse("evals:evaluation", args=[finished.pk])).content.decode()
    found = re.findall(r'data-from="([^"]+)"', page)
    names = ("trade-off", "narrowing", "latencies")
    assert [address.rpartition("/")[2] for address in found] == [
        f"{name}.json?x=accepted" for name in names
    ]
    for address in found:
        drawn = editor_client.get(address).json()
        assert drawn["data"]
        assert drawn["layout"]["xaxis"]
        assert stranger_client.get(address).status_code == 404
    assert editor_client.get(found[1].replace("narrowing", "other")).status_code == 404
    live = make.live_evaluation(make.task(team))
    address = reverse("evals:evaluation_chart", args=[live.pk, "narrowing"])
    assert editor_client.get(address).status_code == 404


def test_a_long_table_shows_a_few_points_and_leads_to_all_of_them(editor_client, team):
    finished = make.evaluation(make.task(team), samples=120)
    address = reverse("evals:evaluation", args=[finished.pk])
    few = points(editor_client.get(address).content.decode())
    everything = points(editor_client.get(address + "?points=all").content.decode())
    assert (len(few), len(everything)) == (13, 40)
    assert set(few) < set(everything)
    assert (few[0], few[-1]) == (everything[0], everything[-1]) == ("3", "120")


def points(page: str) -> list[str]:
    """Return the rows of the narrowing chart's table."""
    figure = page.partition('id="chart-narrowing"')[2].partition("</figure>")[0]
    return re.findall(r'<th scope="row">([^<]+)</th>', figure)


def test_the_address_says_which_candidate_is_shown_in_full(editor_client, team):
    finished = make.evaluation(make.task(team))
    address = reverse("evals:evaluation", args=[finished.pk])
    incumbent = finished.runs.get(is_incumbent=True)
    shown = {"": "open-model", f"?full={incumbent.pk}": "gpt-x", "?full=x": "open-model"}
    for query, name in shown.items():
        page = editor_client.get(address + query).content.decode()
        assert page.count('id="full"') == 1
        full = page.partition('id="full"')[2]
        assert f"<strong>{name} in full" in full.partition("</summary>")[0]


def test_no_page_loads_plotly_by_itself(editor_client, team):
    page = task_page(editor_client, team)
    assert f'<script src="/static/{SCRIPT}"' not in page
    assert f'data-plotly="/static/{SCRIPT}"' in page


def test_a_page_with_charts_is_light_without_plotly(editor_client, team):
    specs = [make.incumbent_spec(), *(make.candidate_spec(f"open-{n}") for n in range(7))]
    evaluation = make.evaluation(make.task(team), samples=100, candidates=specs)
    with_charts = editor_client.get(reverse("evals:evaluation", args=[evaluation.pk])).content
    assert len(with_charts) < 300_000


def test_plotly_is_served_compressed_and_may_be_kept_for_ever(client):
    answer = client.get(f"/static/{SCRIPT}", headers={"accept-encoding": "br, gzip"})
    assert answer.status_code == 200
    assert answer["Content-Encoding"] == "br"
    assert "immutable" in answer["Cache-Control"]
    assert int(answer["Content-Length"]) < 1_400_000
    answer.close()
    plain = client.get("/static/js/charts.js")
    assert "immutable" not in plain["Cache-Control"]
    plain.close()


def test_a_home_that_nobody_may_write_to_serves_the_package_itself(settings, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    settings.HOME = blocked
    assert (served_folder() / NAME).stat().st_size > 4_000_000
    assert str(finders.find(SCRIPT)).endswith(f"package_data/{NAME}")


def test_other_names_beside_plotly_are_not_served():
    assert finders.find(f"{SCRIPT.rpartition('/')[0]}/datasets/iris.csv") is None


def test_the_marker_that_keeps_map_styles_out_is_the_one_that_plotly_looks_for():
    marker = re.search(r'id="([0-9a-f]{64})"', render_to_string("evals/_chart_head.html"))
    assert marker
    library = (served_folder() / NAME).read_text(encoding="utf-8")
    assert f'getElementById("{marker.group(1)}")' in library
    assert '"plotly.js-style-"+' in library
    assert ".no-inline-styles" in library


def old_evaluation(team):
    made = make.live_evaluation(make.task(team))
    for run in made.runs.all():
        make.answer(run)
        make.complete(run)
    return make.finish(made, now=timezone.now() - timedelta(days=91))


def test_a_verdict_says_until_when_it_holds_and_what_is_not_known(editor_client, team):
    page = task_page(editor_client, team)
    computed_at = VerdictRow.objects.latest("pk").computed_at
    until = (computed_at + timedelta(days=90)).date().isoformat()
    assert f"It holds until {until}: 90 days after it was computed." in page
    assert "Not known: the price&#x27;s date and the model&#x27;s retirement date." in page


def test_a_verdict_that_is_too_old_is_marked_and_moves_nothing(editor_client, team):
    evaluation = old_evaluation(team)
    page = editor_client.get(reverse("evals:portfolio")).content.decode()
    assert "0 of 1 task can move today" in page
    assert ">expired</a></span>" in page
    page = editor_client.get(reverse("evals:task", args=[evaluation.task_id])).content.decode()
    assert "Expired: it held until" in page
    assert "It holds until" not in page


def test_a_fresh_verdict_moves_its_task(editor_client, team):
    make.evaluation(make.task(team))
    page = editor_client.get(reverse("evals:portfolio")).content.decode()
    assert "1 of 1 task can move today" in page
    assert ">expired</a></span>" not in page
