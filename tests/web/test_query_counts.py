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

from evals.domain.cascadesignals import Signal, SignalKind
from evals.domain.hardware import Hardware
from evals.domain.hostingplans import HostingFigures
from evals.domain.modelfacts import ModelFacts
from evals.domain.specs import EndpointKind, PriceSpec
from evals.models import (
    CataloguePrice,
    Evaluation,
    Membership,
    Model,
    Report,
    Role,
    Run,
    Scenario,
    Shard,
    Team,
    Trial,
    Upload,
    Worker,
)
from evals.models.evaluations import RunState, ShardState
from evals.services.cascades import carry_out, start_replay
from evals.services.decisions import propose_report
from evals.services.endpointprices import set_endpoint_price
from evals.services.hardware import remove_hardware, save_hardware
from evals.services.hosting import save_hosting
from evals.services.modelfacts import save_facts
from evals.services.tokens import TokenWish, make_token
from evals.services.uploads import ask_to_fetch
from evals.services.versionchecks import ask_for_check
from tests import make
from tests.conftest import signed_in

FRAME, SIDEBAR = 5, 2
Build = Callable[[Team, int], str]


def portfolio(team: Team, size: int) -> str:
    for _ in range(size):
        make.evaluation(make.task(team))
        make.live_evaluation(make.task(team))
    return reverse("evals:portfolio")


def portfolio_file(team: Team, size: int) -> str:
    portfolio(team, size)
    return reverse("evals:portfolio_file")


def scenarios(team: Team, size: int) -> str:
    portfolio(team, size)
    for number in range(size):
        shock = {"affects": "model", "price_multiplier": "2"}
        Scenario.objects.create(team=team, name=f"Twice {number}", shock=shock)
    return reverse("evals:scenarios")


def tasks(team: Team, size: int) -> str:
    portfolio(team, size)
    return reverse("evals:tasks")


def evaluations(team: Team, size: int) -> str:
    portfolio(team, size)
    return reverse("evals:evaluations")


def task(team: Team, size: int) -> str:
    made = finished_evaluation(team, size)
    return reverse("evals:task", args=[made.task_id])


def hosted_task(team: Team, size: int) -> str:
    made = finished_evaluation(team, size)
    for each in made.runs.filter(is_incumbent=False):
        plan_hosting(each)
    return reverse("evals:task", args=[made.task_id])


def hosting(team: Team, size: int) -> str:
    made = finished_evaluation(team, size)
    for each in made.runs.filter(is_incumbent=False):
        plan_hosting(each)
    return reverse("evals:candidate_hosting", args=[run_of(made).candidate_id])


def plan_hosting(run: Run) -> None:
    plan = HostingFigures(hardware_key="l4", assumed_tokens_per_second=Decimal(1000))
    save_hosting(candidate=run.candidate, plan=plan, user=None)


def hardware(team: Team, size: int) -> str:
    for number in range(size):
        card = Hardware(key=f"card-{number}", name=f"Card {number}")
        save_hardware(team=team, hardware=card, user=None)
        remove_hardware(team=team, hardware=Hardware(key=f"gone-{number}", name="G"), user=None)
    return reverse("evals:hardware")


def hardware_row(team: Team, size: int) -> str:
    hardware(team, size)
    for number in range(size):
        card = Hardware(key="card-0", name=f"Card {number}")
        save_hardware(team=team, hardware=card, user=None)
    return reverse("evals:hardware_row", args=["card-0"])


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


def kept_run(team: Team, size: int) -> str:
    """Of an ended run nothing is read twice but the page itself."""
    address = run(team, size)
    signed_in(make.member(team)).get(address)
    return address


def narrowed_run(team: Team, size: int) -> str:
    address = run(team, size)
    wrong = Trial.objects.filter(run__evaluation__task__team=team, run__position=1, place=0)
    wrong.update(scores={"exact_match": 0.0})
    return address + "?differs=any&score_to=0.5&seconds_to=9"


def compared(team: Team, size: int) -> str:
    runs = finished_evaluation(team, size).runs.all()[:2]
    return reverse("evals:compare") + f"?runs={','.join(str(each.pk) for each in runs)}"


def grid(team: Team, size: int) -> str:
    return compared(team, size) + "&view=grid"


def pick(team: Team, size: int) -> str:
    portfolio(team, size)
    return reverse("evals:compare")


def trial(team: Team, size: int) -> str:
    made = run_of(finished_evaluation(team, size))
    opened = Trial.objects.get(run=made, place=3)
    return reverse("evals:trial", args=[made.pk, opened.pk])


def models(team: Team, size: int) -> str:
    made = make.task(team)
    for number in range(size):
        make.candidate(made, make.candidate_spec(f"open-{number}"))
        know(team, f"lab/known-{number}")
    return reverse("evals:models")


def model(team: Team, size: int) -> str:
    models(team, size)
    know(team, "lab/open-0")
    return reverse("evals:model", args=[Model.objects.get(identifier="lab/open-0").pk])


def know(team: Team, identifier: str) -> None:
    facts = ModelFacts(identifier=identifier, name=identifier, is_open=True)
    save_facts(team=team, facts=facts, source="a test", user=None)


def cascades(team: Team, size: int) -> str:
    made = finished_evaluation(team, size)
    replay(made, size)
    return reverse("evals:cascades", args=[made.pk])


def cascade(team: Team, size: int) -> str:
    return reverse("evals:cascade", args=[replay(finished_evaluation(team, size), size)])


def replay(evaluation: Evaluation, size: int) -> int:
    """Replay so many cascades and return the last one's id."""
    runs = {"first": run_of(evaluation), "second": evaluation.runs.get(is_incumbent=True)}
    for number in range(size):
        signal = Signal(kind=SignalKind.PATTERN, pattern=f"a{{{number}}}")
        asked = start_replay(evaluation=evaluation, **runs, signal=signal, user=None)
        carry_out(asked.pk, now=make.NOON)
    return evaluation.cascades.latest("pk").pk


def reports(team: Team, size: int) -> str:
    for _ in range(size):
        proposed(team, 2)
    return reverse("evals:reports")


def report(team: Team, size: int) -> str:
    return reverse("evals:report", args=[proposed(team, size).pk])


def proposed(team: Team, size: int) -> Report:
    made = finished_evaluation(team, 2)
    user = make.member(team, email=f"{made.pk}@example.com")
    records = [propose_report(evaluation=made, user=user, now=timezone.now()) for _ in range(size)]
    return records[-1]


def members(team: Team, size: int) -> str:
    for _ in range(size):
        make.member(team)
    return reverse("evals:team")


def tokens(team: Team, size: int) -> str:
    for _ in range(size):
        user = make.member(team)
        made = Membership.objects.select_related("team", "user").get(user=user)
        wish = TokenWish(name="CI", role=Role.EDITOR, expires_at=None)
        make_token(membership=made, wish=wish, now=timezone.now())
    return reverse("evals:team_tokens")


def audit(team: Team, size: int) -> str:
    tokens(team, size)
    return reverse("evals:team_audit")


def team_data(team: Team, size: int) -> str:
    portfolio(team, size)
    return reverse("evals:team_data")


def run_of(evaluation: Evaluation) -> Run:
    return evaluation.runs.get(is_incumbent=False, position=1)


def review(team: Team, size: int) -> str:
    for _ in range(size):
        made = make.evaluation(make.task(team), right={"open-model": 12})
        propose_report(evaluation=made, user=make.member(team), now=timezone.now())
        make.bar(made.task, make.BAR[:1])
        trial = Trial.objects.filter(run=run_of(made)).first()
        assert trial is not None
        trial.human_scores.create(scorer="exact_match", value=1 - trial.scores["exact_match"])
        make.live_evaluation(made.task).runs.update(state=RunState.PAUSED)
    return reverse("evals:review")


def review_file(team: Team, size: int) -> str:
    review(team, size)
    return reverse("evals:review_file")


def version(team: Team, size: int) -> str:
    task = make.task(team)
    made = [make.version(task, samples=5 * size + number) for number in range(size)]
    for each in made:
        ask_for_check(version=each, now=make.NOON)
    return reverse("evals:version", args=[made[0].pk])


def upload(team: Team, size: int) -> str:
    task = make.task(team)
    for number in range(size):
        source = {"name": f"acme/{number}", "split": "test"}
        ask_to_fetch(task=task, source=source, user=make.member(team), now=make.NOON)
    return reverse("evals:upload", args=[task.pk])


def upload_progress(team: Team, size: int) -> str:
    upload(team, size)
    kept = Upload.objects.latest("created_at")
    return reverse("evals:upload_now", args=[kept.task_id, kept.pk])


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
        # Three for the shocks: what verdicts rest on, what is known of models, the team's own.
        (portfolio, 10),
        (portfolio_file, 10 - SIDEBAR),
        (scenarios, 5),
        (tasks, 4),
        (evaluations, 6),
        (workers, 4),
        (task, 22),
        (models, 3),
        (model, 5),
        (hosted_task, 25),
        (hosting, 9),
        (hardware, 1),
        (hardware_row, 1),
        (finished, 6),
        (repriced_task, 23),
        (prices, 4),
        (price, 3),
        (price_changes, 3),
        (live, 6),
        (progress, 6 - SIDEBAR),
        (run, 6),
        (live_run, 7),
        (searched_run, 8),
        (narrowed_run, 7),
        (kept_run, 4),
        (compared, 4),
        (grid, 6),
        (pick, 2),
        (trial, 10),
        (cascades, 3),
        (cascade, 1),
        (reports, 1),
        (review, 6),
        (review_file, 6 - SIDEBAR),
        (report, 4),
        (members, 1),
        (tokens, 1),
        (audit, 3),
        (team_data, 0),
        (version, 4),
        (upload, 3),
        (upload_progress, 3 - SIDEBAR),
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
