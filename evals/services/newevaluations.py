"""From rows that are stored to a frozen evaluation, by the rules that a spec file has."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from evals.domain.problems import InputError, Problem
from evals.domain.prompts import PromptError, render
from evals.domain.specfile import (
    SpecError,
    SpecOrigin,
    SpecProblem,
    check_promises,
    check_remote_limits,
    read_spec,
    write_spec,
)
from evals.domain.specs import CandidateSpec, EndpointKind, PlanSpec, Spec
from evals.models import Candidate, Evaluation, Sample, User
from evals.queries.slices import slice_problems
from evals.queries.specs import (
    candidate_specs,
    criterion_specs,
    eval_set_spec,
    scorer_specs,
    task_spec,
)
from evals.queries.todaysprices import at_todays_prices
from evals.services.audit import record
from evals.services.evaluations import Grounds, start_evaluation
from evals.services.recordings import check_answers
from evals.services.tasks import set_incumbent

SAME_PRESS = timedelta(seconds=10)  # the same start again so soon is the same press of a button
PROBED = 20  # samples whose prompts are rendered before anything is asked


@transaction.atomic
def begin_evaluation(
    *,
    grounds: Grounds,
    incumbent: Candidate | None,
    plan: PlanSpec,
    user: User,
    new_hosts: Sequence[str] = (),
) -> Evaluation:
    """Check what the browser chose, freeze it and start; a double press starts it once.

    `new_hosts` are those that the user lets see the team's inputs for the first time.

    Raises:
        SpecError: If the parts do not fit each other, or may not be used from the browser.
        InputError: If a prompt cannot be rendered, or recorded answers lack a sample.
    """
    spec = chosen_spec(grounds=grounds, incumbent=incumbent, plan=plan)
    _check_prompts(spec, probed_samples(grounds))
    for row, candidate in zip(grounds.candidates, spec.candidates, strict=True):
        if candidate.endpoint.kind is EndpointKind.RECORDED:
            check_answers(candidate=row, spec=candidate, version=grounds.version)
    task = grounds.version.eval_set.task
    if started := _started_just_now(spec, grounds, user):
        return started
    set_incumbent(task=task, candidate=incumbent, user=user)
    for host in new_hosts:
        record(team=task.team, user=user, action="host let see inputs", subject=host)
    return start_evaluation(spec=spec, grounds=grounds, user=user)


def _started_just_now(spec: Spec, grounds: Grounds, user: User) -> Evaluation | None:
    task = grounds.version.eval_set.task
    type(task).objects.select_for_update(no_key=True).get(
        pk=task.pk
    )  # until the first press has stored it
    return Evaluation.objects.filter(
        task=task,
        version=grounds.version,
        bar=grounds.bar,
        scorer_set=grounds.scorer_set,
        spec=write_spec(spec),
        reuse_answers=grounds.reuse_answers,
        created_by=user,
        created_at__gte=timezone.now() - SAME_PRESS,
    ).first()


def chosen_spec(*, grounds: Grounds, incumbent: Candidate | None, plan: PlanSpec) -> Spec:
    """Return the spec that the chosen rows make.

    A candidate whose model is a file of the worker's machine was stored by the command line or
    the demo, since no form takes such a path; so it may be used here.

    Raises:
        SpecError: As `begin_evaluation`.
    """
    spec = Spec(
        task=task_spec(grounds.version.eval_set.task),
        eval_set=eval_set_spec(grounds.version),
        scorers=scorer_specs(grounds.scorer_set),
        bar=criterion_specs(grounds.bar),
        candidates=_priced_today(grounds.candidates),
        incumbent=incumbent.name if incumbent else None,
        plan=plan,
    )
    spec = read_spec(write_spec(spec), file="", origin=SpecOrigin.STORED)
    problems = [*_not_from_here(spec), *check_promises(spec)]
    if problems := problems or [*slice_problems(grounds.version, spec.bar, plan)]:
        raise SpecError(problems)
    return spec


def _priced_today(candidates: Sequence[Candidate]) -> tuple[CandidateSpec, ...]:
    specs = candidate_specs(candidates)
    return at_todays_prices(candidates, specs, on=timezone.now().date())


def probed_samples(grounds: Grounds) -> list[Sample]:
    """Return the samples that prompts are tried on."""
    return list(Sample.objects.of(grounds.version.pk).order_by("pk")[:PROBED])


def _not_from_here(spec: Spec) -> Iterator[SpecProblem]:
    files = [c.endpoint.file for c in spec.candidates if c.endpoint.file]
    uploads = [*files, spec.eval_set.file or ""]
    for problem in check_remote_limits(spec, uploads=uploads):
        if problem.path[0] != "candidates":
            yield problem
        elif problem.path[-2:] != ("model", "id"):
            candidate = spec.candidates[int(problem.path[1])]
            yield replace(problem, message=f"candidate {candidate.name!r}: {problem.message}")


def _check_prompts(spec: Spec, samples: Sequence[Sample]) -> None:
    problems = [p for c in spec.candidates if (p := _prompt_problem(c, spec, samples))]
    if problems:
        raise InputError(*problems)


def _prompt_problem(
    candidate: CandidateSpec, spec: Spec, samples: Sequence[Sample]
) -> Problem | None:
    for sample in samples:
        try:
            render(candidate.harness.prompt, sample.input, target=spec.eval_set.target)
        except PromptError as error:
            return Problem(message=f"candidate {candidate.name!r}, row {sample.row}: {error}")
    return None
