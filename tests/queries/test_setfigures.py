"""The database's figures of a version are those of the domain."""

import random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from evals.domain.evalsets import Mapping, text_of
from evals.domain.rows import JSONValue, Row, RowFile
from evals.domain.setfigures import Pair, figures_of
from evals.models import EvalSetVersion
from evals.queries.setfigures import set_figures
from evals.services.evalsets import Origin, create_version, eval_set_for
from tests import make

pytestmark = pytest.mark.django_db
WORDS = (
    "card",
    "lost",
    "été",
    "Top-up",
    "n/a",
    "-",
    "the",
    "a",
    "no",
    "refund",
    "はい",
    "x_y",
    "(",
)


def version(rows: list[tuple[JSONValue, str]]) -> EvalSetVersion:
    cells: list[dict[str, JSONValue]] = [{"text": text, "label": label} for text, label in rows]
    return create_version(
        eval_set=eval_set_for(task=make.task(), name="t"),
        rows=RowFile(("text", "label"), iter([Row(n, n + 2, c) for n, c in enumerate(cells)])),
        mapping=Mapping("text", "label"),
        origin=Origin(name="t.csv", user=None),
    )


def rows_looked_at(plan: dict[str, Any]) -> int:
    """Return how many rows the plan's nodes gave or threw away, in all their rounds."""
    thrown = sum(plan.get(f"Rows Removed by {name}", 0) for name in ("Filter", "Join Filter"))
    here = (plan["Actual Rows"] + thrown) * plan["Actual Loops"]
    return int(here) + sum(map(rows_looked_at, plan.get("Plans", ())))


def test_a_set_that_the_planner_has_never_seen_is_not_compared_row_by_row_with_itself():
    version([(f"text {n}", f"label {n % 7}") for n in range(50)])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE evals_sample")
        fresh = version([(f"text {n}", f"label {n % 7}") for n in range(2000)])
        with CaptureQueriesContext(connection) as captured:
            set_figures(fresh)
        for query in captured.captured_queries:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query['sql']}")
            [plan] = cursor.fetchone()[0]
            assert rows_looked_at(plan["Plan"]) < 50 * 2000


@pytest.mark.parametrize("seed", range(6))
def test_both_count_the_same(seed):
    chance = random.Random(seed)  # noqa: S311 - the same each time
    rows: list[tuple[JSONValue, str]] = [
        (
            " ".join(chance.choices(WORDS, k=chance.randint(1, 3))),
            " ".join(chance.choices(WORDS, k=chance.randint(1, 2))),
        )
        for _ in range(chance.randint(1, 150))
    ]
    made = version(rows)
    pairs = [Pair(place, str(text), label) for place, (text, label) in enumerate(rows)]
    assert set_figures(made) == figures_of(pairs)


def test_inputs_that_are_no_text_are_told_apart():
    rows: list[tuple[JSONValue, str]] = [
        (1, "one"),
        ([1, 2], "two"),
        ([1, 2], "three"),
        (True, "four"),
    ]
    made = version(rows)
    pairs = [Pair(n, text_of(text), label) for n, (text, label) in enumerate(rows)]
    found = set_figures(made)
    assert (found.repeated, found.contradicted) == (1, 2)
    assert found.examples == figures_of(pairs).examples


def test_the_figures_cost_four_queries(django_assert_num_queries):
    made = version([(f"q{n}", "yes") for n in range(50)])
    with django_assert_num_queries(4):
        set_figures(made)
