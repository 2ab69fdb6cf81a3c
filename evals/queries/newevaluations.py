"""What a new evaluation can be made of, and what it would ask."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from evals.domain.planning import plan_candidate
from evals.domain.prompts import PromptError, render
from evals.domain.specs import CandidateSpec, PlanSpec
from evals.models import (
    Candidate,
    EvalSetVersion,
    QualityBar,
    Run,
    Sample,
    ScorerSet,
    Task,
)
from evals.queries import figures
from evals.queries.barlines import criterion_text
from evals.queries.candidatefacts import host_of, price_text
from evals.queries.candidates import with_parts
from evals.queries.outcomes import CandidateName, candidate_name
from evals.queries.preparation import Preparation, preparation
from evals.queries.specs import candidate_spec, criterion_specs

OFFERED = 20  # versions and bars
PROBED = 20  # samples that tokens are estimated from


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
class AskedLine:
    """What one candidate would be asked, at most."""

    name: str
    requests: str
    tokens: str
    usd: str
    goes_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an evaluation would ask, at most, and of whom."""

    summary: str
    lines: tuple[AskedLine, ...]


def evaluation_choice(task: Task) -> EvaluationChoice | None:
    """Return what can be chosen, None while something is missing; in six queries."""
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
        candidates=tuple(_choice(row, task, asked) for row in rows),
        preparation=so_far,
    )


def version_label(version: EvalSetVersion) -> str:
    """Return "tickets v2, 3,080 samples"."""
    samples = figures.plural(version.sample_count, "sample")
    return f"{version.eval_set.name} v{version.number}, {samples}"


def bar_label(bar: QualityBar) -> str:
    """Return "v2: exact match ≥ 0.85, p95 latency ≤ 2 s"."""
    return f"v{bar.number}: {', '.join(criterion_text(c) for c in criterion_specs(bar))}"


def asked(version: EvalSetVersion, candidates: Sequence[CandidateChoice], plan: PlanSpec) -> Asked:
    """Return what the candidates would be asked, in one query."""
    samples = min(plan.max_samples or version.sample_count, version.sample_count)
    probes = list(Sample.objects.filter(version=version).order_by("position")[:PROBED])
    target = version.mapping["target"]
    times = f", {plan.epochs} times each" if plan.epochs > 1 else ""
    return Asked(
        summary=f"{figures.plural(samples, 'sample')}{times}, of "
        f"{figures.plural(len(candidates), 'candidate')}",
        lines=tuple(
            _line(chosen, _prompts(chosen.spec, probes, target), samples, plan)
            for chosen in candidates
        ),
    )


def new_hosts(candidates: Collection[CandidateChoice]) -> tuple[str, ...]:
    """Return the hosts that would get this team's data for the first time."""
    return tuple(dict.fromkeys(c.new_host for c in candidates if c.new_host))


def _choice(row: Candidate, task: Task, asked_hosts: Collection[str]) -> CandidateChoice:
    spec = candidate_spec(row)
    host = host_of(spec.endpoint)
    return CandidateChoice(
        row=row,
        spec=spec,
        name=candidate_name(spec, is_incumbent=row.pk == task.incumbent_id),
        price=price_text(spec.price),
        host=host,
        new_host="" if host in asked_hosts else host,
    )


def _prompts(spec: CandidateSpec, samples: Sequence[Sample], target: str) -> list[str]:
    try:
        return [render(spec.harness.prompt, sample.input, target=target) for sample in samples]
    except PromptError:
        return []


def _line(
    chosen: CandidateChoice, prompts: Sequence[str], samples: int, plan: PlanSpec
) -> AskedLine:
    goes_to = chosen.host or "nowhere: it stays with the workers"
    name = chosen.spec.name
    if not prompts:
        return AskedLine(name=name, requests="", tokens="", usd="", goes_to="prompt not usable")
    planned = plan_candidate(chosen.spec, prompts=prompts, samples=samples, epochs=plan.epochs)
    return AskedLine(
        name=name,
        requests=figures.count(planned.requests),
        tokens=f"{planned.input_tokens:,} + {planned.output_tokens_at_most:,}",
        usd=figures.usd(planned.usd_at_most),
        goes_to=goes_to,
    )
