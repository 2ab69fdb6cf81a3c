"""What a new evaluation can be made of, and what it can resolve and would take."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from evals.domain.heldcosts import budget_warnings
from evals.domain.specs import CandidateSpec, PlanSpec, Spec
from evals.models import (
    Candidate,
    EvalSetVersion,
    QualityBar,
    Run,
    ScorerSet,
    Task,
)
from evals.queries import figures
from evals.queries.barlines import criterion_text
from evals.queries.candidatefacts import host_of, price_text
from evals.queries.candidates import with_parts
from evals.queries.outcomes import CandidateName, candidate_name
from evals.queries.plancards import PlanCard, PlanLine, plan_card
from evals.queries.plans import version_plan
from evals.queries.preparation import Preparation, preparation
from evals.queries.specs import (
    candidate_spec,
    candidate_specs,
    criterion_specs,
    eval_set_spec,
    scorer_specs,
    task_spec,
)
from evals.queries.todaysprices import at_todays_prices
from evals.queries.workers import MissingPool, missing, served_pools

OFFERED = 20  # versions and bars


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateChoice:
    """A candidate that can be ticked. `new_host`: where this team has sent nothing so far."""

    row: Candidate
    spec: CandidateSpec
    name: CandidateName
    price: str
    host: str
    new_host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationChoice:
    """All that can be chosen; each list begins with what is offered first."""

    task: Task
    versions: tuple[EvalSetVersion, ...]
    bars: tuple[QualityBar, ...]
    scorer_set: ScorerSet
    candidates: tuple[CandidateChoice, ...]
    preparation: Preparation


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What is chosen so far, right or not."""

    version: EvalSetVersion
    bar: QualityBar
    candidates: tuple[CandidateChoice, ...]
    incumbent: str | None
    plan: PlanSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedLine:
    """What one candidate takes and where its inputs go; `plan` None: its prompt is not usable."""

    name: str
    plan: PlanLine | None
    goes_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPage:
    """What an evaluation can resolve and takes, as far as it is chosen.

    `is_default` says that the plan's fields cannot be read, and that the usual plan stands in.
    """

    task_id: int
    summary: str
    card: PlanCard
    lines: tuple[AskedLine, ...]
    warnings: tuple[str, ...]
    missing_pools: tuple[MissingPool, ...]
    is_default: bool


def evaluation_choice(task: Task, *, on: date) -> EvaluationChoice | None:
    """Return what can be chosen at the prices of a day, None while something is missing.

    In eight queries at most.
    """
    so_far = preparation(task)
    scorer_set = task.scorer_sets.order_by("-number").first()
    if not so_far.is_ready or scorer_set is None:
        return None
    versions = EvalSetVersion.objects.filter(eval_set__task=task).select_related("eval_set__task")
    active = with_parts(task.candidates.filter(archived_at__isnull=True))
    rows = list(active.order_by("model__is_open", "name"))
    asked = {
        host_of(candidate_spec(run.candidate).endpoint)
        for run in Run.objects.filter(evaluation__task__team=task.team_id)
        .select_related("candidate__model", "candidate__endpoint__secret", "candidate__harness")
        .distinct("candidate__endpoint")
        .order_by("candidate__endpoint")
    }
    return EvaluationChoice(
        task=task,
        versions=tuple(versions.order_by("-pk")[:OFFERED]),
        bars=tuple(task.bars.prefetch_related("criteria").order_by("-number")[:OFFERED]),
        scorer_set=scorer_set,
        candidates=tuple(
            _choice(row, spec, task, asked)
            for row, spec in zip(rows, _priced(rows, on=on), strict=True)
        ),
        preparation=so_far,
    )


def version_label(version: EvalSetVersion) -> str:
    """Return "tickets v2, 3,080 samples"."""
    samples = figures.plural(version.sample_count, "sample")
    return f"{version.eval_set.name} v{version.number}, {samples}"


def bar_label(bar: QualityBar) -> str:
    """Return "v2: exact match ≥ 0.85, p95 latency ≤ 2 s"."""
    return f"v{bar.number}: {', '.join(criterion_text(c) for c in criterion_specs(bar))}"


def plan_page(
    choice: EvaluationChoice, chosen: Chosen, *, is_default: bool, now: datetime
) -> PlanPage:
    """Return what the evaluation can resolve and takes, in four queries at most."""
    plan = version_plan(
        _spec(choice, chosen),
        chosen.version,
        {each.spec.name: each.row.pk for each in chosen.candidates},
    )
    card, epochs = plan_card(plan), chosen.plan.epochs
    lines = {
        planned.name: line for planned, line in zip(plan.candidates, card.candidates, strict=True)
    }
    times = f", {epochs} times each" if epochs > 1 else ""
    return PlanPage(
        task_id=choice.task.pk,
        summary=f"{figures.plural(plan.rows.asked.samples, 'sample')}{times}, of "
        f"{figures.plural(len(chosen.candidates), 'candidate')}",
        card=card,
        lines=tuple(
            AskedLine(
                name=each.spec.name,
                plan=lines.get(each.spec.name),
                goes_to=each.host or "nowhere: it stays with the workers",
            )
            for each in chosen.candidates
        ),
        warnings=budget_warnings(chosen.plan, [each.spec for each in chosen.candidates]),
        missing_pools=_missing(chosen.candidates, now=now),
        is_default=is_default,
    )


def _spec(choice: EvaluationChoice, chosen: Chosen) -> Spec:
    return Spec(
        task=task_spec(choice.task),
        eval_set=eval_set_spec(chosen.version),
        scorers=scorer_specs(choice.scorer_set),
        bar=criterion_specs(chosen.bar),
        candidates=tuple(each.spec for each in chosen.candidates),
        incumbent=chosen.incumbent,
        plan=chosen.plan,
    )


def _missing(candidates: Sequence[CandidateChoice], *, now: datetime) -> tuple[MissingPool, ...]:
    """Return the pools that no worker serves, with the candidates that would wait for them."""
    served = served_pools(now=now)
    pools = [(chosen.spec.endpoint.pool, chosen.spec.name) for chosen in candidates]
    return missing(pair for pair in pools if pair[0] not in served)


def new_hosts(candidates: Collection[CandidateChoice]) -> tuple[str, ...]:
    """Return the hosts that would get this team's data for the first time."""
    return tuple(dict.fromkeys(c.new_host for c in candidates if c.new_host))


def _priced(rows: Sequence[Candidate], *, on: date) -> tuple[CandidateSpec, ...]:
    """Return the candidates with what an evaluation that starts today will rest on."""
    return at_todays_prices(rows, candidate_specs(rows), on=on)


def _choice(
    row: Candidate, spec: CandidateSpec, task: Task, asked_hosts: Collection[str]
) -> CandidateChoice:
    host = host_of(spec.endpoint)
    return CandidateChoice(
        row=row,
        spec=spec,
        name=candidate_name(spec, is_incumbent=row.pk == task.incumbent_id),
        price=price_text(spec.price),
        host=host,
        new_host="" if host in asked_hosts else host,
    )
