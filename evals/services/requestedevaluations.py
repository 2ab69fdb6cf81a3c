"""Evaluations that are asked for by name: of a task that is there, with its candidates."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from evals.domain.specdrafts import read_draft
from evals.domain.specfile import SpecError, SpecProblem
from evals.domain.specproblems import one_of, one_of_with_hint
from evals.domain.specs import PlanSpec
from evals.models import Candidate, EvalSetVersion, Evaluation, QualityBar, Task, User
from evals.queries.newevaluations import (
    CandidateChoice,
    EvaluationChoice,
    evaluation_choice,
    new_hosts,
)
from evals.services.evaluations import Grounds
from evals.services.newevaluations import begin_evaluation


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be evaluated. None is the latest version or bar, and the task's own incumbent.

    `candidates` are names. `incumbent` "" is none at all. `hosts` are those that may see the
    team's inputs for the first time.
    """

    candidates: Sequence[str]
    plan: PlanSpec
    version_id: int | None = None
    bar: int | None = None
    incumbent: str | None = None
    ask_again: bool = False
    hosts: Collection[str] = ()


def begin_wanted(*, task: Task, wanted: Wanted, user: User, now: datetime) -> Evaluation:
    """Start what is wanted by the rules of the page; the same again at once starts it once.

    Raises:
        SpecError: With every problem of what is wanted.
        InputError: As `begin_evaluation`.
    """
    choice = evaluation_choice(task, on=now.date())
    if choice is None:
        message = "found a task that lacks something, expected an eval set, a bar and a candidate"
        raise SpecError([SpecProblem(path=("task",), message=message)])
    plan = read_draft(plan=wanted.plan).plan
    if problems := [*_problems(choice, wanted)]:
        raise SpecError(problems)
    ticked = [_named(choice, name) for name in wanted.candidates]
    rows = [each.row for each in ticked if each]
    hosts = new_hosts([each for each in ticked if each])
    check_hosts(hosts, allowed=wanted.hosts)
    grounds = Grounds(
        version=_version(choice, wanted) or choice.versions[0],
        bar=_bar(choice, wanted) or choice.bars[0],
        scorer_set=choice.scorer_set,
        candidates=rows,
        reuse_answers=not wanted.ask_again,
    )
    incumbent = _incumbent(task, rows, wanted.incumbent)
    return begin_evaluation(
        grounds=grounds, incumbent=incumbent, plan=plan, user=user, new_hosts=hosts
    )


def check_hosts(hosts: Sequence[str], *, allowed: Collection[str]) -> None:
    """Refuse hosts that would see the team's inputs for the first time without a word of it.

    Raises:
        SpecError: Naming each of them.
    """
    unasked = [host for host in hosts if host not in allowed]
    if unasked:
        raise SpecError(
            SpecProblem(
                path=("allow_host",),
                message=f"found {host}, which has seen no inputs of this team yet, expected "
                f"allow_host={host} if it may",
            )
            for host in unasked
        )


def _problems(choice: EvaluationChoice, wanted: Wanted) -> Iterator[SpecProblem]:
    names = [each.spec.name for each in choice.candidates]
    for index, name in enumerate(wanted.candidates):
        path = ("candidates", index)
        if name not in names:
            message = f"found {name!r}, {one_of_with_hint(name, names)}"
            yield SpecProblem(path=path, message=message)
        elif name in wanted.candidates[:index]:
            yield SpecProblem(path=path, message=f"found {name!r} twice, expected each once")
    if wanted.incumbent and wanted.incumbent not in wanted.candidates:
        message = f"found {wanted.incumbent!r}, {one_of(wanted.candidates)}"
        yield SpecProblem(path=("incumbent",), message=message)
    if _version(choice, wanted) is None:
        yield _unknown("version_id", wanted.version_id, [v.pk for v in choice.versions])
    if _bar(choice, wanted) is None:
        yield _unknown("bar", wanted.bar, [b.number for b in choice.bars])


def _unknown(name: str, number: int | None, known: Sequence[int]) -> SpecProblem:
    expected = one_of([str(each) for each in known])
    return SpecProblem(path=(name,), message=f"found {number}, {expected}")


def _named(choice: EvaluationChoice, name: str) -> CandidateChoice | None:
    return next((each for each in choice.candidates if each.spec.name == name), None)


def _version(choice: EvaluationChoice, wanted: Wanted) -> EvalSetVersion | None:
    if wanted.version_id is None:
        return choice.versions[0]
    versions = EvalSetVersion.objects.filter(eval_set__task=choice.task)
    return versions.select_related("eval_set__task").filter(pk=wanted.version_id).first()


def _bar(choice: EvaluationChoice, wanted: Wanted) -> QualityBar | None:
    if wanted.bar is None:
        return choice.bars[0]
    bars = QualityBar.objects.filter(task=choice.task).prefetch_related("criteria")
    return bars.filter(number=wanted.bar).first()


def _incumbent(task: Task, rows: Sequence[Candidate], name: str | None) -> Candidate | None:
    if name is None:
        return next((row for row in rows if row.pk == task.incumbent_id), None)
    return next((row for row in rows if row.name == name), None)
