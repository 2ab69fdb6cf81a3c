"""Each page costs the same number of queries however much there is to show.

Five of them belong to every page: session, user, memberships, and two counts for the sidebar,
which a fragment does not have.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from evals.domain.specs import EndpointKind, PriceSpec
from evals.models import CataloguePrice, Evaluation, Run, Shard, Team, Trial, Worker
from evals.models.evaluations import RunState, ShardState
from evals.services.endpointprices import set_endpoint_price
from tests import make

FRAME, SIDEBAR = 5, 2
Build = Callable[[Team, int], str]


def portfolio(team: Team, size: int) -> str:
    for _ in range(size):
        make.evaluation(make.task(team))
        make.live_evaluation(make.task(team))
    return reverse("evals:portfolio")


def tasks(team: Team, size: int) -> str:
    portfolio(team, size)
    return reverse("evals:tasks")


def evaluations(team: Team, size: int) -> str:
    portfolio(team, size)
    return reverse("evals:evaluations")


def task(team: Team, size: int) -> str:
    made = finished_evaluation(team, size)
    return reverse("evals:task", args=[made.task_id])


def finished(team: Team, size: int) -> str:
    return reverse("evals:evaluation", args=[finished_evaluation(team, size).pk])


def live(team: Team, size: int) -> str:
    return reverse("evals:evaluation", args=[live_evaluation(team, size).pk])


def progress(team: Team, size: int) -> str:
    made = live_evaluation(team, size)
    return reverse("evals:evaluation_progress", args=[made.pk]) + "?stage=running"


def workers(team: Team, size: int) -> str:
    portfolio(team, size)
    now = timezone.now()
    for number in range(size):
        Worker.objects.create(
            name=f"up@host{number}",
            host=f"host{number}/",
            pid=1,
            pools=["default"],
            started_at=now,
            seen_at=now,
        )
        held = Shard.objects.filter(state=ShardState.WAITING).order_by("-pk")[: number + 1]
        Shard.objects.filter(pk__in=list(held.values_list("pk", flat=True))).update(
            state=ShardState.LEASED,
            holder=f"host{number}/:1:2:3",
            lease_until=now + timedelta(minutes=1),
        )
    return reverse("evals:workers")


def prices(team: Team, size: int) -> str:
    catalogue(size)
    return reverse("evals:prices") + "?q=open"


def price(team: Team, size: int) -> str:
    catalogue(size)
    portfolio(team, size)
    return reverse("evals:price", args=["lab", "open-0"])


def price_changes(team: Team, size: int) -> str:
    for _ in range(size):
        repriced(team, 1)
    return reverse("evals:price_changes")


def repriced_task(team: Team, size: int) -> str:
    return reverse("evals:task", args=[repriced(team, size).task_id])


def repriced(team: Team, size: int) -> Evaluation:
    made = finished_evaluation(team, size)
    for each in made.runs.select_related("candidate__endpoint", "candidate__model"):
        set_endpoint_price(
            endpoint=each.candidate.endpoint,
            model=each.candidate.model,
            price=PriceSpec(input_usd_per_mtok=Decimal(1), output_usd_per_mtok=Decimal(2)),
            user=make.member(team),
            now=timezone.now(),
        )
    return made


def catalogue(size: int) -> None:
    for number in range(size):
        CataloguePrice.objects.create(
            provider="lab",
            provider_name="Lab",
            model=f"open-{number}",
            model_name=f"Open {number}",
            figures={"input_usd_per_mtok": "1", "output_usd_per_mtok": "2"},
            edition="prices 1",
        )


def live_run(team: Team, size: int) -> str:
    return reverse("evals:run", args=[run_of(live_evaluation(team, size)).pk])


def run(team: Team, size: int) -> str:
    return reverse("evals:run", args=[run_of(finished_evaluation(team, size)).pk])


def searched_run(team: Team, size: int) -> str:
    return run(team, size) + "?q=ticket&slice.channel=phone"


def trial(team: Team, size: int) -> str:
    made = run_of(finished_evaluation(team, size))
    opened = Trial.objects.get(run=made, place=3)
    return reverse("evals:trial", args=[made.pk, opened.pk])


def run_of(evaluation: Evaluation) -> Run:
    return evaluation.runs.get(is_incumbent=False, position=1)


def finished_evaluation(team: Team, size: int) -> Evaluation:
    return make.evaluation(make.task(team), samples=5 * size, candidates=specs(size))


def live_evaluation(team: Team, size: int) -> Evaluation:
    made = make.live_evaluation(make.task(team), samples=5 * size, candidates=specs(size))
    for each in made.runs.all():
        make.answer(each, asked=3)
    made.runs.update(state=RunState.RUNNING, started_at=make.NOON)
    return made


def specs(size: int) -> list[Any]:
    others = [
        make.candidate_spec(f"open-{number}", kind=EndpointKind.STAND_IN) for number in range(size)
    ]
    return [make.incumbent_spec(), *others]


@pytest.mark.parametrize(
    ("build", "queries"),
    [
        (portfolio, 6),
        (tasks, 3),
        (evaluations, 5),
        (workers, 4),
        (task, 11),
        (repriced_task, 12),
        (prices, 4),
        (price, 3),
        (price_changes, 3),
        (finished, 2),
        (live, 6),
        (progress, 6 - SIDEBAR),
        (run, 4),
        (live_run, 5),
        (searched_run, 5),
        (trial, 8),
    ],
)
@pytest.mark.parametrize("size", [1, 4])
def test_a_page_costs_the_same_at_any_size(
    *,
    editor_client: Client,
    team: Team,
    django_assert_num_queries: Any,
    build: Build,
    queries: int,
    size: int,
):
    address = build(team, size)
    with django_assert_num_queries(FRAME + queries):
        assert editor_client.get(address).status_code == 200
