"""A team with one of everything that an address can name, and the addresses made from it.

A route with an argument that stands in no line below has no address here: tests that go through
the URL table fail until one is added.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.urls import URLPattern, reverse
from django.utils import timezone

from evals.domain.cascadesignals import Signal, SignalKind
from evals.domain.hardware import Hardware
from evals.domain.hostingplans import HostingFigures
from evals.domain.modelfacts import ModelFacts
from evals.domain.shocks import Affects, Shock
from evals.domain.specs import Comparator, CriterionSpec, EndpointKind, PlanSpec
from evals.models import (
    CataloguePrice,
    ConnectionTest,
    Evaluation,
    Membership,
    OneTimeLink,
    Role,
    Run,
    Task,
    Team,
    Trial,
    Upload,
    User,
    Worker,
)
from evals.models.decisions import Outcome
from evals.models.evaluations import RunState
from evals.models.teams import LinkPurpose
from evals.models.uploads import UploadState
from evals.services import scenarios
from evals.services.cascades import carry_out, start_replay
from evals.services.decisions import Ruling, decide, propose_report, share_report
from evals.services.evalsets import keep_upload
from evals.services.hardware import save_hardware
from evals.services.hosting import save_hosting
from evals.services.humanscores import Said, save_human_score
from evals.services.modelfacts import save_facts
from evals.services.onetimelinks import invite, make_reset_link
from evals.services.savedviews import save_view
from evals.services.tokenhashes import fresh_token, token_hash
from evals.services.tokens import TokenWish, make_token
from evals.services.versioncomparisons import ask_for_comparison
from evals.web.urls import urlpatterns
from tests import make

MARK = "Zanzibar"  # in every name that belongs to the team
SHOCK = Shock(affects=Affects.MODEL, price_multiplier=Decimal(2))
ROWS = b"text,queue,channel\n" + b"".join(b"row %d,billing,mail\n" % n for n in range(30))
QUERIES = {  # without which there is nothing
    "compare_csv": "?runs={runs}",
    "compare_jsonl": "?runs={runs}",
    "upload_rejected": "?input=text&target=queue",
}
HARD = CriterionSpec(metric="exact_match", comparator=Comparator.AT_LEAST, threshold=0.8)


@dataclass(frozen=True)
class Places:
    """The team, its people, and what stands for each argument of an address.

    A value of the key `route.argument` goes before one of the key `argument`.
    """

    team: Team
    admin: User
    editor: User
    values: Mapping[str, Any]

    def arguments(self, route: URLPattern) -> dict[str, Any]:
        """Return what the route's arguments are here; KeyError names what nobody thought of."""
        return {name: self._value(route, name) for name in route.pattern.converters}

    def address(self, route: URLPattern, **instead: Any) -> str:
        """Return the route's address here."""
        found = reverse(f"evals:{route.name}", kwargs={**self.arguments(route), **instead})
        return found + QUERIES.get(str(route.name), "").format(**self.values)

    def _value(self, route: URLPattern, name: str) -> Any:
        apart = f"{route.name}.{name}"
        return self.values[apart if apart in self.values else name]


def routes() -> Iterator[URLPattern]:
    """Yield every page's route."""
    yield from urlpatterns


def fill(name: str = MARK) -> Places:
    """Make a team that has one of everything."""
    team = make.team(f"{name} support")
    admin = make.member(team, role=Role.ADMIN, email=f"admin@{name}.example".lower())
    editor = make.member(team, email=f"editor@{name}.example".lower())
    task = make.task(team, name=f"{name} triage", monthly_volume=200_000)
    finished = _evaluation(task, name)
    values = {
        **_of_evaluations(team, name, finished),
        **_of_reading(finished, editor, name),
        **_of_candidates(finished, name),
        **_of_set_up(team, task, editor, name),
        **_of_versions(make.task(team, name=f"{name} versions")),
        **_of_reports(finished, editor, admin, name),
        **_of_people(team, admin, name),
    }
    return Places(team, admin, editor, values)


def _specs(name: str) -> list[Any]:
    others = [f"{name}-open", f"{name}-small"]
    stand_ins = [make.candidate_spec(each, kind=EndpointKind.STAND_IN) for each in others]
    return [make.incumbent_spec(f"{name}-closed"), *stand_ins]


def _evaluation(task: Task, name: str) -> Evaluation:
    return make.evaluation(
        task,
        candidates=_specs(name),
        right={f"{name}-closed": 20, f"{name}-open": 19, f"{name}-small": 4},
    )


def _of_evaluations(team: Team, name: str, finished: Evaluation) -> dict[str, Any]:
    live = make.live_evaluation(make.task(team, name=f"{name} live"), candidates=_specs(name))
    for run in live.runs.all():
        make.answer(run, asked=8)
    Trial.objects.filter(run__evaluation=live, place=0).update(state="infra_error", output=None)
    live.runs.update(state=RunState.RUNNING, started_at=make.NOON)
    undecided = make.evaluation(
        make.task(team, name=f"{name} undecided"),
        samples=60,
        plan=PlanSpec(max_samples=20),
        criteria=[HARD],
        right={"gpt-x": 17, "open-model": 17},
    )
    return {
        "task_id": finished.task_id,
        "evaluation_id": finished.pk,
        "version_id": finished.version_id,
        "live": live.pk,
        "live_run": live.runs.get(position=1).pk,
        "live_task": live.task_id,
        "undecided": undecided.pk,
        "bare_task": make.task(team, name=f"{name} bare").pk,
        "evaluation_cancel.evaluation_id": live.pk,
        "evaluation_stop.evaluation_id": live.pk,
        "evaluation_retry.evaluation_id": live.pk,
        "evaluation_more.evaluation_id": undecided.pk,
    }


def _of_reading(finished: Evaluation, editor: User, name: str) -> dict[str, Any]:
    run = finished.runs.get(position=1)
    trial = Trial.objects.get(run=run, place=19)
    said = Said(scorer="exact_match", value=1.0, note=f"{name} calls it so")
    score = save_human_score(trial=trial, said=said, user=editor, now=timezone.now())
    view = save_view(
        team=finished.task.team,
        user=editor,
        name=f"{name} flips",
        page="run",
        path=reverse("evals:run", args=[run.pk]) + "?show=wrong",
    )
    return {
        "run_id": run.pk,
        "trial_id": trial.pk,
        "score_id": score.pk,
        "view_id": view.pk,
        "cascade_id": _cascade(finished, run),
        "runs": ",".join(str(each.pk) for each in finished.runs.all()),
    }


def _cascade(finished: Evaluation, run: Run) -> int:
    signal = Signal(kind=SignalKind.PATTERN, pattern="[a-z]")
    incumbent = finished.runs.get(is_incumbent=True)
    asked = start_replay(evaluation=finished, first=run, second=incumbent, signal=signal, user=None)
    carry_out(asked.pk, now=timezone.now())
    return asked.pk


def _of_candidates(finished: Evaluation, name: str) -> dict[str, Any]:
    candidate = finished.runs.get(position=1).candidate
    plan = HostingFigures(hardware_key="l4", assumed_tokens_per_second=Decimal(1000))
    save_hosting(candidate=candidate, plan=plan, user=None)
    asked = ConnectionTest.objects.create(candidate=candidate)
    measured = make.throughput_test(
        candidate, finished.version, levels=[make.level(1), make.level(4)], state="completed"
    )
    facts = ModelFacts(identifier=f"lab/{name}-known", name=f"{name} known", is_open=True)
    save_facts(team=finished.task.team, facts=facts, source="a test", user=None)
    return {
        "candidate_id": candidate.pk,
        "endpoint_id": candidate.endpoint_id,
        "key": str(candidate.model_id),
        "connection_test.test_id": asked.pk,
        "connection_test_result.test_id": asked.pk,
        "test_id": measured.pk,
    }


def _of_set_up(team: Team, task: Task, editor: User, name: str) -> dict[str, Any]:
    scenario = scenarios.create_scenario(team=team, name=f"{name} twice", shock=SHOCK, user=editor)
    gone = scenarios.create_scenario(team=team, name=f"{name} thrice", shock=SHOCK, user=editor)
    upload = keep_upload(
        task=task, user=editor, name=f"{name}.csv", file=BytesIO(ROWS), size=len(ROWS)
    )
    fetched = Upload.objects.create(  # no bell: nobody is to ask the hub
        team=team,
        task=task,
        created_by=editor,
        asked_by=editor,
        name=f"{name}.jsonl",
        size=0,
        source={"name": f"acme/{name}", "split": "test"},
        state=UploadState.FETCHING,
        rung_at=timezone.now(),
    )
    key = f"{name}-card".lower()
    card = Hardware(key=key, name=f"{name} card", memory_gb=Decimal(24))
    save_hardware(team=team, hardware=card, user=editor)
    CataloguePrice.objects.get_or_create(
        provider="lab",
        provider_name="Lab",
        model="open-0",
        model_name="Open 0",
        figures={"input_usd_per_mtok": "1", "output_usd_per_mtok": "2"},
        edition="prices 1",
    )
    now = timezone.now()
    Worker.objects.create(
        name=f"up@host{task.pk}",
        host="host/",
        pid=1,
        pools=["default"],
        started_at=now,
        seen_at=now,
    )
    return {
        "scenario_id": scenario.pk,
        "entry_id": scenarios.delete_scenario(scenario=gone, user=editor).pk,
        "upload_id": upload.pk,
        "upload_progress.upload_id": fetched.pk,
        "upload_now.upload_id": fetched.pk,
        "upload_retry.upload_id": fetched.pk,
        "upload_discard.upload_id": fetched.pk,
        **{f"hardware_{each}.key": key for each in ("row", "edit", "remove", "restore")},
        "provider": "lab",
        "model": "open-0",
    }


def _of_versions(task: Task) -> dict[str, Any]:
    before, after = (make.version(task, samples=samples) for samples in (10, 12))
    ask_for_comparison(before=before, after=after, now=timezone.now())
    return {
        "before_id": before.pk,
        "after_id": after.pk,
        "list_file.name": "tasks",
        "glossary_term.key": "interval",
        "evaluation_chart.key": "trade-off",
    }


def _of_reports(finished: Evaluation, editor: User, admin: User, name: str) -> dict[str, Any]:
    now = timezone.now()
    decided = propose_report(evaluation=finished, user=editor, now=now)
    taken = finished.runs.get(position=1).candidate
    ruling = Ruling(
        outcome=Outcome.GO,
        reason=f"{name} can move.",
        candidate=taken,
        expires_on=(now + timedelta(days=60)).date(),
    )
    decide(report=decided, ruling=ruling, user=admin, now=now)
    waiting = propose_report(evaluation=finished, user=editor, now=now)
    link, token = share_report(
        report=decided, user=editor, expires_at=now + timedelta(days=7), now=now, note=name
    )
    return {
        "report_id": decided.pk,
        "report_decide.report_id": waiting.pk,
        "waiting": waiting.pk,
        "suffix": "html",
        "link_id": link.pk,
        "shared_report.token": token,
    }


def _of_people(team: Team, admin: User, name: str) -> dict[str, Any]:
    now = timezone.now()
    by = Membership.objects.get(team=team, user=admin)
    viewer = make.member(team, role=Role.VIEWER, email=f"viewer@{name}.example".lower())
    member = Membership.objects.get(team=team, user=viewer)
    invitation, token = invite(
        by=by, email=f"new@{name}.example".lower(), role=Role.VIEWER, now=now
    )
    wish = TokenWish(name=f"{name} script", role=Role.EDITOR, expires_at=None)
    api_token, _ = make_token(membership=by, wish=wish, now=now)
    return {
        "member_id": member.pk,
        "token_id": api_token.pk,
        "team_invitation_revoke.link_id": invitation.pk,
        "join.token": token,
        "password_reset.token": make_reset_link(by=by, member=member, now=now),
        "first_admin.token": _first_admin(),
    }


def _first_admin() -> str:
    """Return a token as the very first start prints one; there is nobody else then."""
    token = fresh_token()
    OneTimeLink.objects.create(
        purpose=LinkPurpose.FIRST_ADMIN,
        token_hash=token_hash(token),
        expires_at=timezone.now() + timedelta(days=1),
    )
    return token
