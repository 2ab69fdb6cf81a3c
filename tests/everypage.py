"""Every page of the URL table with something to show: for tests and for the bench."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone

from evals.api.urls import api
from evals.domain.cascadesignals import Signal, SignalKind
from evals.domain.hostingplans import HostingFigures
from evals.domain.shocks import Affects, Shock, shock_mapping
from evals.domain.specs import Comparator, CriterionSpec, PlanSpec
from evals.domain.trials import TrialState
from evals.models import (
    AuditEntry,
    CataloguePrice,
    ConnectionTest,
    Evaluation,
    Membership,
    SavedView,
    Scenario,
    Trial,
    User,
)
from evals.services.cascades import carry_out, start_replay
from evals.services.decisions import propose_report, share_report
from evals.services.hosting import save_hosting
from evals.services.uploads import ask_to_fetch
from evals.services.versioncomparisons import ask_for_comparison
from evals.web.urls import urlpatterns
from tests import make

# What only changes something: it answers no GET.
POSTS = frozenset(
    {
        *("candidate_archive", "candidate_hosting_remove", "candidate_restore", "candidate_test"),
        *("endpoint_key", "endpoint_limits", "endpoint_price", "endpoint_price_end"),
        *("evaluation_pause", "evaluation_resume"),
        *("cascade_new", "evaluation_plan", "hardware_remove", "hardware_restore"),
        *("human_score", "human_score_restore", "human_score_withdraw", "model_restore"),
        *("report_link_revoke", "report_propose", "report_share"),
        *("run_pause", "run_resume", "scenario_delete", "scenario_restore", "sign_out"),
        *("team_invitation_revoke", "team_member_password", "team_token_revoke"),
        *("team_member_role", "team_switch", "throughput_stop"),
        *("upload_discard", "upload_retry", "view_save"),
    }
)
# Files, which are as large as what they hold.
FILES = frozenset(
    {
        *("cascade_file", "compare_csv", "compare_jsonl", "evaluation_chart", "evaluation_result"),
        *("evaluation_samples", "portfolio_file", "report_file", "run_csv", "run_jsonl"),
        *("list_file", "review_file", "team_audit_file", "throughput_result", "upload_rejected"),
        *("version_compare_csv", "version_compare_now"),
    }
)
# Seen without an account or once, by a token of their own, or with a file that was just sent.
ELSEWHERE = frozenset(
    {"first_admin", "join", "password_reset", "sign_in", "team_invite", "upload_map"}
)
API_FILES = ("samples", "file.")


def furnish(evaluation: Evaluation, *, user: User) -> dict[str, Any]:
    """Add to a finished evaluation all that pages show; return the values of their addresses.

    The user is an admin of its team.
    """
    task, now = evaluation.task, timezone.now()
    run = evaluation.runs.filter(is_incumbent=False).select_related("candidate")[0]
    places = _of_candidate(evaluation, run.candidate) | _of_team(evaluation)
    places |= _of_versions(evaluation, user)
    places |= {"cascade_id": _cascade(evaluation, run)}
    report = propose_report(evaluation=evaluation, user=user, now=now)
    _, token = share_report(report=report, user=user, expires_at=now + timedelta(days=9), now=now)
    trial = Trial.objects.filter(run=run).order_by("place")[0]
    return places | {
        "task_id": task.pk,
        "version_id": evaluation.version_id,
        "evaluation_id": evaluation.pk,
        "run_id": run.pk,
        "trial_id": trial.pk,
        "report_id": report.pk,
        "shared_report token": token,
        **_unsettled(evaluation),
    }


def _of_versions(evaluation: Evaluation, user: User) -> dict[str, Any]:
    now, source = timezone.now(), {"name": "acme/tickets", "split": "test"}
    apart = make.task(evaluation.task.team, name=f"Versions {now.timestamp()}")
    before, after = (make.version(apart, samples=samples) for samples in (10, 12))
    ask_for_comparison(before=before, after=after, now=now)
    fetched = ask_to_fetch(task=evaluation.task, source=source, user=user, now=now)
    return {
        "before_id": before.pk,
        "after_id": after.pk,
        "glossary_term key": "interval",
        "upload_id": fetched.pk,
    }


def _unsettled(evaluation: Evaluation) -> dict[str, Any]:
    """Make an evaluation of which more can be asked, and what failed anew."""
    hard = CriterionSpec(metric="exact_match", comparator=Comparator.AT_LEAST, threshold=0.8)
    name = f"Unsettled {timezone.now().timestamp()}"  # no number of a task of another's
    made = make.evaluation(
        make.task(evaluation.task.team, name=name),
        samples=60,
        plan=PlanSpec(stop_early=True, max_samples=20),
        right={"gpt-x": 17, "open-model": 17},
        criteria=[hard],
    )
    failed = Trial.objects.filter(run__evaluation=made).order_by("-place")[:1]
    Trial.objects.filter(pk__in=failed).update(state=TrialState.INFRA_ERROR.value, scores={})
    live = make.live_evaluation(made.task)
    return {
        "evaluation_more evaluation_id": made.pk,
        "evaluation_retry evaluation_id": made.pk,
        "evaluation_cancel evaluation_id": live.pk,
        "evaluation_stop evaluation_id": live.pk,
    }


def _of_candidate(evaluation: Evaluation, candidate: Any) -> dict[str, Any]:
    plan = HostingFigures(hardware_key="l4", assumed_tokens_per_second=Decimal(1000))
    save_hosting(candidate=candidate, plan=plan, user=None)
    tested = ConnectionTest.objects.create(candidate=candidate)
    throughput = make.throughput_test(candidate, evaluation.version)
    return {
        "candidate_id": candidate.pk,
        "endpoint_id": candidate.endpoint_id,
        "model key": candidate.model_id,
        "model_edit key": candidate.model_id,
        "connection_test test_id": tested.pk,
        "connection_test_result test_id": tested.pk,
        "throughput test_id": throughput.pk,
        "throughput_now test_id": throughput.pk,
    }


def _of_team(evaluation: Evaluation) -> dict[str, Any]:
    team = evaluation.task.team
    shock = shock_mapping(Shock(affects=Affects.MODEL, price_multiplier=Decimal(2)))
    name = f"Twice the price of {evaluation.pk}, {timezone.now().timestamp()}"
    scenario = Scenario.objects.create(team=team, name=name, shock=shock)
    AuditEntry.objects.create(team=team, action="scenario deleted", subject="x", details={})
    view = SavedView.objects.create(team=team, name=name, page="run", path="/runs/1/?show=wrong")
    price = CataloguePrice.objects.get_or_create(
        provider="lab",
        model="open",
        defaults={
            "provider_name": "Lab",
            "model_name": "Open",
            "figures": {"input_usd_per_mtok": "1", "output_usd_per_mtok": "2"},
            "edition": "prices 1",
        },
    )[0]
    member = Membership.objects.get(
        user=make.member(team, email=f"{timezone.now().timestamp()}@example.com")
    )
    return {
        "member_id": member.pk,
        "scenario_id": scenario.pk,
        "view_id": view.pk,
        "provider": price.provider,
        "model": price.model,
        "hardware_row key": "l4",
        "hardware_edit key": "l4",
    }


def _cascade(evaluation: Evaluation, run: Any) -> int:
    signal = Signal(kind=SignalKind.PATTERN, pattern=f"a{{{run.pk}}}")
    second = evaluation.runs.get(is_incumbent=True)
    asked = start_replay(evaluation=evaluation, first=run, second=second, signal=signal, user=None)
    carry_out(asked.pk, now=timezone.now())
    return asked.pk


def pages(places: Mapping[str, Any]) -> dict[str, str]:
    """Return the address of every page by the name of its route."""
    return {
        pattern.name: reverse(f"evals:{pattern.name}", kwargs=dict(_values(pattern, places)))
        for pattern in urlpatterns
        if pattern.name and pattern.name not in POSTS | FILES | ELSEWHERE
    }


def _values(pattern: Any, places: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the values of a route's address: its own before those that all routes share."""
    for name in pattern.pattern.converters:
        own = f"{pattern.name} {name}"
        yield name, places[own] if own in places else places[name]


def api_pages(places: Mapping[str, Any]) -> dict[str, str]:
    """Return the address of everything that the API reads but files, by its path."""
    document = api.get_openapi_schema(path_prefix="")
    known = {**places, "key": places["model key"]}
    return {
        f"API: {path.lstrip('/')}": f"/api/v1/{path.lstrip('/').format(**known)}"
        for path, told in document["paths"].items()
        if "get" in told and not re.search("|".join(map(re.escape, API_FILES)), path)
    }
