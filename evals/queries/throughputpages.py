"""The pages of throughput tests: what one may take, how far it is, and what it found."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from evals.domain.specs import CandidateSpec, EndpointKind
from evals.domain.sweepcosts import worst_sweep_usd
from evals.domain.throughput import SweepPlan, goodput
from evals.models import Candidate, EvalSetVersion, TeamHardware, ThroughputTest
from evals.models.prices import ThroughputState
from evals.queries import figures
from evals.queries.candidatefacts import Fact, host_of
from evals.queries.preparation import latest_version
from evals.queries.specs import candidate_spec, criterion_specs
from evals.queries.throughput import (
    latency_bar,
    levels_of,
    sweep_questions,
    throughput_document,
)
from evals.queries.throughputlines import (
    HEADINGS,
    NO_BAR,
    LevelLine,
    headline,
    level_line,
    rounded,
)
from evals.queries.workers import MissingPool, missing, served_pools

SHOWN = 5
OPEN = (ThroughputState.QUEUED, ThroughputState.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class TestLine:
    """One test of a candidate's page."""

    pk: int
    started: str
    status: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ThroughputSetting:
    """What a test can be made of: the candidate, its latest rows, and what the bar says."""

    candidate: Candidate
    spec: CandidateSpec
    version: EvalSetVersion
    latency_bar_seconds: float | None
    hardware_keys: tuple[str, ...]

    @property
    def goes_to(self) -> str:
        """The host that is loaded, "" where nothing leaves the worker."""
        return host_of(self.spec.endpoint)

    @property
    def is_simulated(self) -> bool:
        """Whether nobody is asked at all."""
        return self.spec.is_simulated

    def worst_usd(self, plan: SweepPlan) -> Decimal | None:
        """Return the most that a plan can cost, None where the price is unknown; in one query."""
        most = plan.most_requests
        questions = sweep_questions(self.spec, self.version, seed=0, most=most)
        return worst_sweep_usd(self.spec, questions, plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThroughputPage:
    """One test: how far it is, and each level that was measured."""

    pk: int
    candidate_id: int
    candidate: str
    is_simulated: bool
    task_id: int
    task_name: str
    pool: str
    status: str
    started: str
    is_open: bool
    missing_pools: tuple[MissingPool, ...]
    now: str
    measured: int
    wanted: int
    headline: str
    note: str
    message: str
    headings: tuple[str, ...]
    levels: tuple[LevelLine, ...]
    facts: tuple[Fact, ...]


def throughput_setting(candidate: Candidate) -> ThroughputSetting | None:
    """Return what a test can be made of, None without rows; select the candidate's parts."""
    version, spec = latest_version(candidate.task), candidate_spec(candidate)
    if version is None or spec.endpoint.kind is EndpointKind.RECORDED:
        return None
    bar = candidate.task.bars.prefetch_related("criteria").order_by("-number").first()
    rows = TeamHardware.objects.filter(team=candidate.task.team_id, figures__isnull=False)
    return ThroughputSetting(
        candidate=candidate,
        spec=spec,
        version=version,
        latency_bar_seconds=latency_bar(criterion_specs(bar)) if bar else None,
        hardware_keys=tuple(rows.order_by("key").values_list("key", flat=True).distinct()),
    )


def test_lines(candidate: Candidate) -> tuple[TestLine, ...]:
    """Return the latest tests of a candidate, in one query."""
    return tuple(
        TestLine(
            pk=test.pk,
            started=figures.moment(test.created_at),
            status=test.state,
            found=_found(test),
        )
        for test in candidate.throughput.all()[:SHOWN]
    )


def throughput_page(test: ThroughputTest, *, now: datetime) -> ThroughputPage:
    """Return the page; select the candidate's task and endpoint, and the version, beforehand."""
    candidate, document = test.candidate, throughput_document(test)
    best, progress = document["goodput"], test.settings.get("progress") or {}
    is_open, bar = test.state in OPEN, document["settings"]["latency_bar_seconds"]
    level = progress.get("concurrency")
    return ThroughputPage(
        pk=test.pk,
        candidate_id=candidate.pk,
        candidate=candidate.name,
        is_simulated=document["simulated"],
        task_id=candidate.task_id,
        task_name=candidate.task.name,
        pool=candidate.endpoint.pool,
        status=test.state,
        started=figures.moment(test.created_at),
        is_open=is_open,
        missing_pools=_missing(test, now=now),
        now=f"{level:,} at once" if level else "",
        measured=progress.get("measured", 0),
        wanted=max(test.settings["samples"], level or 1),
        headline="" if is_open else headline(document),
        note=NO_BAR if bar is None and test.levels else "",
        message=test.message,
        headings=HEADINGS,
        levels=tuple(
            level_line(row, best=best["concurrency"] if best and not is_open else None)
            for row in test.levels
        ),
        facts=_facts(test, bar),
    )


def _found(test: ThroughputTest) -> str:
    best = goodput(levels_of(test))
    if test.state in OPEN or not test.levels:
        return test.message.partition("\n")[0]
    if best is None:
        return "no level kept the bar"
    return f"{rounded(best.tasks_per_hour)} tasks an hour with {best.concurrency:,} at once"


def _missing(test: ThroughputTest, *, now: datetime) -> tuple[MissingPool, ...]:
    pool = test.candidate.endpoint.pool
    is_waiting = test.state == ThroughputState.QUEUED and pool not in served_pools(now=now)
    return missing([(pool, test.candidate.name)]) if is_waiting else ()


def _facts(test: ThroughputTest, bar: float | None) -> tuple[Fact, ...]:
    settings, version = test.settings, test.version
    key = settings["hardware_key"]
    return (
        Fact("Latency bar", "none" if bar is None else f"95 % within {bar:g} s"),
        Fact("Hardware", key or "not said"),
        Fact(
            "At each level", f"{settings['samples']:,} requests, at most {settings['seconds']:g} s"
        ),
        Fact("Prompts", f"eval set v{version.number}, shuffled with seed {settings['seed']}"),
        Fact("Warm-up", "as many answers as are under way at once, not measured"),
    )
