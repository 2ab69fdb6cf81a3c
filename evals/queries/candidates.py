"""The list of candidates, and the page of one."""

from dataclasses import dataclass

from django.db.models import QuerySet

from evals.domain.prompts import PromptError, render
from evals.domain.specs import CandidateSpec, EndpointKind
from evals.models import Candidate, Run, Team
from evals.queries import figures
from evals.queries.access import candidates_for
from evals.queries.candidatefacts import (
    Fact,
    endpoint_facts,
    endpoint_label,
    harness_facts,
    model_facts,
    price_text,
)
from evals.queries.outcomes import CandidateName, candidate_name
from evals.queries.preparation import Preparation, first_sample, latest_version, preparation
from evals.queries.specs import candidate_spec
from evals.queries.throughputpages import TestLine, test_lines

RUNS_SHOWN = 10
LISTED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateLine:
    """One candidate of the list."""

    pk: int
    name: CandidateName
    task_id: int
    task: str
    endpoint_id: int
    endpoint: str
    price: str
    is_archived: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidatesPage:
    """The list, perhaps of one task; `is_cut` says that there are more."""

    rows: tuple[CandidateLine, ...]
    tasks: tuple[tuple[int, str], ...]
    task_id: int | None
    task_name: str
    query_active: str
    query_archived: str
    shows_archived: bool
    is_cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """One evaluation that the candidate took part in."""

    evaluation_id: int
    label: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidatePage:
    """A candidate in full. `example` is its prompt for the first sample, or why there is none."""

    pk: int
    name: CandidateName
    task_id: int
    task_name: str
    endpoint_id: int
    model: tuple[Fact, ...]
    endpoint: tuple[Fact, ...]
    harness: tuple[Fact, ...]
    price: str
    prompt: str
    system: str
    example: str
    is_asked: bool
    is_archived: bool
    runs: tuple[RunLine, ...]
    preparation: Preparation
    throughput: tuple[TestLine, ...]


def with_parts(candidates: QuerySet[Candidate]) -> QuerySet[Candidate]:
    """Return the candidates with all that a spec is made of."""
    return candidates.select_related("model", "endpoint__secret", "harness", "task")


def candidates_page(team: Team, *, task_id: int | None, archived: bool) -> CandidatesPage:
    """Return the list, in two queries."""
    found = candidates_for(team).filter(archived_at__isnull=not archived)
    if task_id is not None:
        found = found.filter(task=task_id)
    rows = list(with_parts(found).order_by("task__name", "name")[: LISTED + 1])
    tasks = tuple(team.tasks.order_by("name").values_list("pk", "name"))
    of_task = "" if task_id is None else f"task={task_id}"
    return CandidatesPage(
        rows=tuple(_line(row) for row in rows[:LISTED]),
        tasks=tasks,
        task_id=task_id,
        task_name=dict(tasks).get(task_id, "any") if task_id else "any",
        query_active=f"?{of_task}",
        query_archived=f"?archived&{of_task}".rstrip("&"),
        shows_archived=archived,
        is_cut=len(rows) > LISTED,
    )


def candidate_page(candidate: Candidate) -> CandidatePage:
    """Return the page of a candidate, in five queries; select its parts beforehand."""
    spec, task = candidate_spec(candidate), candidate.task
    runs = Run.objects.filter(candidate=candidate).select_related("evaluation").order_by("-pk")
    is_asked = spec.endpoint.kind is not EndpointKind.RECORDED
    return CandidatePage(
        pk=candidate.pk,
        name=_name(candidate, spec),
        task_id=task.pk,
        task_name=task.name,
        endpoint_id=candidate.endpoint_id,
        model=model_facts(spec),
        endpoint=endpoint_facts(spec.endpoint),
        harness=harness_facts(spec.harness) if is_asked else (),
        price=price_text(spec.price),
        prompt=spec.harness.prompt,
        system=spec.harness.system or "",
        example=_example(candidate, spec) if is_asked else "",
        is_asked=is_asked,
        is_archived=candidate.archived_at is not None,
        runs=tuple(_run(run) for run in runs[:RUNS_SHOWN]),
        preparation=preparation(task),
        throughput=test_lines(candidate) if is_asked else (),
    )


def _line(candidate: Candidate) -> CandidateLine:
    spec = candidate_spec(candidate)
    return CandidateLine(
        pk=candidate.pk,
        name=_name(candidate, spec),
        task_id=candidate.task_id,
        task=candidate.task.name,
        endpoint_id=candidate.endpoint_id,
        endpoint=endpoint_label(spec.endpoint),
        price=price_text(spec.price),
        is_archived=candidate.archived_at is not None,
    )


def _name(candidate: Candidate, spec: CandidateSpec) -> CandidateName:
    return candidate_name(spec, is_incumbent=candidate.task.incumbent_id == candidate.pk)


def _run(run: Run) -> RunLine:
    evaluation = run.evaluation
    started = figures.date(evaluation.created_at)
    return RunLine(
        evaluation_id=evaluation.pk,
        label=f"Evaluation {evaluation.number} · {started}",
        status=run.state,
    )


def _example(candidate: Candidate, spec: CandidateSpec) -> str:
    version = latest_version(candidate.task)
    if version is None:
        return ""
    sample = first_sample(version).input
    try:
        return render(spec.harness.prompt, sample, target=version.mapping["target"])
    except PromptError as error:
        return f"No prompt can be made of the first sample: {error}"
