"""A whole spec through the API: checked by the limits of the browser, stored, and started."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import BinaryIO

from django.conf import settings
from django.db import transaction

from evals.domain import evalsets
from evals.domain.addresses import AddressPolicy
from evals.domain.problems import InputError
from evals.domain.rowfiles import FileKind, open_rows
from evals.domain.specfile import SpecError, SpecOrigin, SpecProblem, line_of, read_spec
from evals.domain.specproblems import Path
from evals.domain.specs import CandidateSpec, EndpointKind, EvalSetSpec, Spec, TaskSpec
from evals.models import Endpoint, EvalSetVersion, Evaluation, Task, Team, User
from evals.queries.specs import task_spec
from evals.queries.teamlimits import stored_files, team_problems, with_public_price
from evals.services.candidates import endpoint_settings
from evals.services.evalsets import Origin, create_version, eval_set_for
from evals.services.newcandidates import CandidateDraft, add_candidate
from evals.services.requestedevaluations import Wanted, begin_wanted
from evals.services.tasks import create_task, save_bar, save_scorers, save_task

FILE = "spec"  # what problems call the text
_WITH_IT = "expected the file along with the spec"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentSpec:
    """A spec as somebody sent it: its YAML text, the files with it, and the hosts they allow.

    `hosts` may see the team's inputs for the first time. `ask_again` takes no stored answers.
    """

    text: str
    team: Team
    user: User
    now: datetime
    files: Mapping[str, BinaryIO]
    hosts: Collection[str] = ()
    ask_again: bool = False


@transaction.atomic
def begin_sent(*, sent: SentSpec) -> Evaluation:
    """Store what a spec names for the team and start its evaluation; all of it or nothing.

    A task of that name is used, with the facts that the spec gives. A file is one that was sent,
    or one that the team has sent before.

    Raises:
        SpecError: With every problem of the spec, each with its line.
        InputError: If the rows of a file cannot be used, or answers lack a sample.
    """
    spec = _read(sent)
    task = _save_task(sent.team, spec.task, sent.user)
    version = _version(sent, task, spec.eval_set)
    save_scorers(task=task, scorers=spec.scorers, user=sent.user)
    save_bar(task=task, criteria=spec.bar, user=sent.user)
    for place, candidate in enumerate(spec.candidates):
        _save_candidate(sent, version, candidate, place)
    wanted = Wanted(
        candidates=[candidate.name for candidate in spec.candidates],
        plan=spec.plan,
        version_id=version.pk,
        incumbent=spec.incumbent or "",
        ask_again=sent.ask_again,
        hosts=sent.hosts,
    )
    return begin_wanted(task=task, wanted=wanted, user=sent.user, now=sent.now)


def _read(sent: SentSpec) -> Spec:
    files = sorted({*sent.files, *stored_files(sent.team)})
    spec = read_spec(sent.text, file=FILE, origin=SpecOrigin.BROWSER, uploads=files)
    is_open = settings.ALLOW_PRIVATE_ENDPOINTS
    policy = AddressPolicy.PRIVATE if is_open else AddressPolicy.PUBLIC
    found = [*team_problems(sent.team, spec, policy=policy, on=sent.now.date())]
    if found:
        raise SpecError(_placed(sent, path, message) for path, message in found)
    return spec


def _placed(sent: SentSpec, path: Path, message: str) -> SpecProblem:
    return SpecProblem(file=FILE, line=line_of(sent.text, path), path=path, message=message)


def _save_task(team: Team, spec: TaskSpec, user: User) -> Task:
    """Return the task of that name, made if there is none.

    What the spec leaves open stays as somebody wrote it in the browser.
    """
    task = Task.objects.filter(team=team, name__iexact=spec.name).first()
    if task is None:
        return create_task(team=team, spec=spec, user=user)
    values = {field.name: getattr(spec, field.name) for field in fields(spec)}
    said = {name: value for name, value in values.items() if value not in (None, "")}
    return save_task(team=team, spec=replace(task_spec(task), **said), user=user)


def _version(sent: SentSpec, task: Task, part: EvalSetSpec) -> EvalSetVersion:
    name = part.file or ""
    if name in sent.files:
        eval_set = task.eval_sets.order_by("-pk").first() or eval_set_for(task=task, name=name)
        return create_version(
            eval_set=eval_set,
            rows=open_rows(sent.files[name], FileKind.of(name)),
            mapping=evalsets.Mapping(part.input, part.target, part.slices, part.cluster),
            origin=Origin(name=name, user=sent.user),
        )
    columns = {"input": part.input, "target": part.target, "cluster": part.cluster}
    mapping = {**columns, "slices": list(part.slices)}
    stored = EvalSetVersion.objects.filter(
        eval_set__task=task, source_name=name, mapping=mapping
    ).order_by("-pk")
    if version := stored.first():
        return version
    message = f"found {name!r}, of which the task has no version with these columns"
    raise SpecError([_placed(sent, ("eval_set", "file"), f"{message}, {_WITH_IT}")])


def _save_candidate(
    sent: SentSpec, version: EvalSetVersion, spec: CandidateSpec, place: int
) -> None:
    task = version.eval_set.task
    active = task.candidates.filter(name=spec.name, archived_at__isnull=True).first()
    priced = with_public_price(spec, on=sent.now.date())
    draft = CandidateDraft(
        spec=priced if isinstance(priced, CandidateSpec) else spec,
        answers=sent.files.get(spec.endpoint.file or ""),
        endpoint=_kept_answers(sent, spec, place),
        replaces=active,
    )
    try:
        add_candidate(task=task, draft=draft, version=version, user=sent.user, now=sent.now)
    except InputError as error:
        raise error.in_file(spec.endpoint.file or FILE) from None


def _kept_answers(sent: SentSpec, spec: CandidateSpec, place: int) -> Endpoint | None:
    """Return the endpoint that has the recorded answers, None where they were sent or are none."""
    part = spec.endpoint
    if part.kind is not EndpointKind.RECORDED or part.file in sent.files:
        return None
    kept = Endpoint.objects.filter(
        team=sent.team,
        kind=part.kind.value,
        settings=endpoint_settings(part),
        archived_at__isnull=True,
    )
    if endpoint := kept.order_by("-pk").first():
        return endpoint
    message = f"found {part.file!r}, which is stored with no such columns, {_WITH_IT}"
    raise SpecError([_placed(sent, ("candidates", place, "endpoint", "file"), message)])
