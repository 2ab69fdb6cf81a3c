"""From a spec file to a frozen evaluation: all of it in one transaction, or nothing."""

from datetime import datetime

from django.db import transaction

from evals.domain.specs import CandidateSpec, EndpointKind
from evals.engine.inputs import (
    SpecInputs,
    eval_set_rows,
    mapping_of,
    recorded_file_answers,
)
from evals.models import Candidate, EvalSetVersion, Evaluation, Task
from evals.services.candidates import RecordedFile, ServedBy, save_candidate
from evals.services.evalsets import Origin, create_version, eval_set_for
from evals.services.evaluations import Grounds, start_evaluation
from evals.services.recordings import check_answers
from evals.services.retries import give_up_identity
from evals.services.tasks import save_bar, save_scorers, save_task, set_incumbent
from evals.services.teams import default_team


def find_evaluation(inputs: SpecInputs) -> Evaluation | None:
    """Return the evaluation that an earlier command made of the same spec, if there is one."""
    team = default_team()
    return Evaluation.objects.filter(task__team=team, identity=inputs.identity).first()


@transaction.atomic
def store_inputs(
    *,
    inputs: SpecInputs,
    now: datetime,
    reuse_answers: bool = True,
    instead_of: Evaluation | None = None,
) -> Evaluation:
    """Store everything that the spec names and start its evaluation, for the default team.

    `instead_of` is the evaluation that the same spec had so far, which has ended.

    Raises:
        InputError: With where, found and expected; nothing is stored then.
    """
    spec = inputs.spec
    if instead_of is not None:
        give_up_identity(evaluation=instead_of)
    task = save_task(team=default_team(), spec=spec.task, user=None)
    version = _store_version(inputs, task)
    candidates = [
        _store_candidate(inputs, task, version, candidate, now=now) for candidate in spec.candidates
    ]
    incumbent = next((c for c in candidates if c.name == spec.incumbent), None)
    set_incumbent(task=task, candidate=incumbent, user=None)
    grounds = Grounds(
        version=version,
        bar=save_bar(task=task, criteria=spec.bar, user=None),
        scorer_set=save_scorers(task=task, scorers=spec.scorers, user=None),
        candidates=candidates,
        reuse_answers=reuse_answers,
    )
    return start_evaluation(spec=spec, grounds=grounds, user=None, identity=inputs.identity)


@transaction.atomic
def store_measured(
    *, inputs: SpecInputs, spec: CandidateSpec, now: datetime
) -> tuple[Candidate, EvalSetVersion]:
    """Store one candidate of a spec with its task and rows, as an evaluation would.

    Raises:
        InputError: With where, found and expected; nothing is stored then.
    """
    task = save_task(team=default_team(), spec=inputs.spec.task, user=None)
    version = _store_version(inputs, task)
    return _store_candidate(inputs, task, version, spec, now=now), version


def _store_version(inputs: SpecInputs, task: Task) -> EvalSetVersion:
    eval_set = inputs.spec.eval_set
    name = eval_set.file or eval_set.hf or ""
    with eval_set_rows(inputs) as rows:
        return create_version(
            eval_set=eval_set_for(task=task, name=name.rpartition("/")[2]),
            rows=rows,
            mapping=mapping_of(eval_set),
            origin=Origin(name=name, user=None),
        )


def _store_candidate(
    inputs: SpecInputs,
    task: Task,
    version: EvalSetVersion,
    spec: CandidateSpec,
    *,
    now: datetime,
) -> Candidate:
    if spec.endpoint.kind is not EndpointKind.RECORDED:
        return save_candidate(task=task, spec=spec, user=None, now=now)
    recorded = RecordedFile(
        sha256=inputs.hashes[spec.endpoint.file or ""],
        answers=recorded_file_answers(inputs, spec),
    )
    candidate = save_candidate(
        task=task, spec=spec, user=None, now=now, served_by=ServedBy(recorded=recorded)
    )
    check_answers(candidate=candidate, spec=spec, version=version)
    return candidate
