"""What every page has around it: a title of its own, crumbs that end in it, times of one style."""

import html
import re
from datetime import UTC, datetime

import pytest
from django.template import Context, Template
from django.test import Client
from django.urls import reverse

from evals.models import Role, Team
from evals.queries import figures
from tests import make
from tests.conftest import signed_in

AT = datetime(2026, 11, 23, 14, 5, 27, tzinfo=UTC)
LISTS = (
    *("portfolio", "tasks", "evaluations", "compare", "scenarios", "candidates", "models"),
    *("endpoints", "prices", "hardware", "price_changes", "reports", "workers", "team"),
    *("team_audit", "team_data", "team_invite", "team_tokens", "team_token_new", "account"),
    *("glossary", "find", "task_new", "scenario_new", "hardware_new", "model_import"),
)
OF_TASKS = ("task", "bar_edit", "candidate_new", "task_delete", "task_edit", "upload")
OF_EVALUATIONS = ("evaluation", "cascades")
OF_CANDIDATES = ("candidate", "candidate_edit", "candidate_hosting", "candidate_throughput")


@pytest.fixture
def pages(team: Team) -> dict[str, str]:
    """The titles and last crumbs of the pages of two tasks of one team, by address."""
    client = signed_in(make.member(team, role=Role.ADMIN))
    tasks = [make.task(team, name=name) for name in ("First task", "Second task")]
    evaluations = [make.evaluation(task) for task in tasks]
    runs = [evaluation.runs.get(is_incumbent=False) for evaluation in evaluations]
    wanted = [reverse(f"evals:{name}") for name in LISTS]
    for task, evaluation, run in zip(tasks, evaluations, runs, strict=True):
        wanted += [reverse(f"evals:{name}", args=[task.pk]) for name in OF_TASKS]
        wanted += [reverse(f"evals:{name}", args=[evaluation.pk]) for name in OF_EVALUATIONS]
        wanted += [reverse(f"evals:{name}", args=[run.candidate_id]) for name in OF_CANDIDATES]
        wanted += [reverse("evals:run", args=[run.pk])]
        wanted += [reverse("evals:version", args=[evaluation.version_id])]
        wanted += [reverse("evals:compare") + f"?evaluation={evaluation.pk}"]
    return {address: opened(client, address) for address in wanted}


def opened(client: Client, address: str) -> str:
    response = client.get(address, follow=True)
    assert response.status_code == 200, address
    return html.unescape(response.content.decode())


def test_no_two_pages_have_the_same_title(pages):
    titles = {address: re.findall(r"<title>(.+) · Viability</title>", p) for address, p in pages.items()}  # noqa: E501  # fmt: skip
    taken: dict[str, str] = {}
    for address, (title,) in titles.items():
        assert taken.setdefault(title, address) == address, f"{address} is called {title} too"


def test_every_page_says_where_it_is(pages):
    for address, page in pages.items():
        (crumbs,) = re.findall(r'aria-label="Breadcrumbs"><ol>(.*?)</ol>', page, re.DOTALL)
        parts = re.findall(r"<li>(.*?)</li>", crumbs)
        assert len(parts) > 1, address
        assert "<a" not in parts[-1], address
        assert len(re.findall(r"<h1>\s*\S", page)) == 1, address


def test_no_page_says_a_time_in_another_style(pages):
    odd = re.compile(r"\b\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\w* 20\d\d")
    for address, page in pages.items():
        assert not odd.search(page), address


def shown(value: object) -> str:
    return Template("{{ value }}").render(Context({"value": value}))


def test_a_time_is_marked_up_and_says_the_rest_when_asked():
    later = AT.replace(hour=17)
    assert shown(figures.ago(AT, now=later)) == (
        '<time datetime="2026-11-23T14:05:27Z" title="2026-11-23 14:05 UTC">3 h ago</time>'
    )
    assert shown(figures.moment(AT)) == (
        '<time datetime="2026-11-23T14:05:27Z">2026-11-23 14:05 UTC</time>'
    )
    assert shown(figures.day(AT.date())) == '<time datetime="2026-11-23">2026-11-23</time>'


def test_a_sentence_around_a_time_is_text_for_files_and_escaped_for_pages():
    said = figures.moment(AT).said("a < b, since {}")
    assert said == "a < b, since 2026-11-23 14:05 UTC"
    assert shown(said).startswith('a &lt; b, since <time datetime="2026-11-23T14:05:27Z">2026')
