"""The page of a task: the answer first, then what it rests on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from evals.domain.planwarnings import ungated_latency
from evals.domain.specs import CriterionSpec
from evals.domain.tradeoffs import Axis
from evals.models import EvalSetVersion, Evaluation, QualityBar, Task
from evals.queries import figures
from evals.queries.barlines import criterion_text
from evals.queries.candidaterows import ComparisonTable, comparison_table
from evals.queries.cascadepoints import cascade_points
from evals.queries.controlcards import ControlCard, control_card
from evals.queries.costcards import CostCard, cost_card
from evals.queries.evalsets import compare_url
from evals.queries.evaluationlists import EvaluationRow, recent_evaluations
from evals.queries.expiries import retirements_for
from evals.queries.glances import Glance, glance
from evals.queries.outcomes import Results, is_simulated, load_results
from evals.queries.positions import positions_of
from evals.queries.specs import criterion_specs
from evals.queries.standings import speaking
from evals.queries.taskdecisions import TaskDecision, task_decision
from evals.queries.taskshocks import TaskShock, task_shocks
from evals.queries.tradeoffs import TradeOffCard, trade_off_card
from evals.queries.uploadprogress import UploadLine, uploads_in_progress
from evals.queries.verdictcards import VerdictCard, verdict_cards

RECENT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTabs:
    """The tabs inside a task; None: that part does not exist yet."""

    task_id: int
    version_id: int | None
    version: str
    bar: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """What a task still lacks before it can be evaluated."""

    has_version: bool
    has_candidates: bool
    has_bar: bool

    @property
    def is_ready(self) -> bool:
        """Whether an evaluation can start."""
        return self.has_version and self.has_candidates and self.has_bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the evaluation that speaks for the task found."""

    evaluation_id: int
    number: int
    ended: str
    cards: tuple[VerdictCard, ...]
    table: ComparisonTable
    bar: str
    bar_written: str
    outdated: tuple[str, ...]
    costs: CostCard
    trade_off: TradeOffCard


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPage:
    """Everything the page of a task shows. `answer` None: nothing was evaluated to its end."""

    task_id: int
    name: str
    facts: str
    incumbent: str
    is_incumbent_simulated: bool
    tabs: TaskTabs
    set_up: SetUp
    bar_lines: tuple[str, ...]
    warnings: tuple[str, ...]
    answer: Answer | None
    evaluations: tuple[EvaluationRow, ...]
    eval_set: str
    control: ControlCard | None
    glance: Glance | None
    decision: TaskDecision | None
    shocks: tuple[TaskShock, ...]
    has_switch_days: bool
    uploads: tuple[UploadLine, ...]
    compare_versions_url: str


def task_page(task: Task, *, now: datetime, axis: Axis = Axis.ACCEPTED) -> TaskPage:
    """Return the page of a task in a fixed number of queries.

    Select its team and `positions.INCUMBENT` beforehand.
    """
    latest = EvalSetVersion.objects.filter(eval_set__task=task).order_by("-pk")[:2]
    version = next(iter(latest), None)
    bar = task.bars.prefetch_related("criteria").order_by("-number").first()
    criteria = criterion_specs(bar) if bar else ()
    lines = tuple(criterion_text(line) for line in criteria)
    words = figures.eval_set(version.number, version.sample_count) if version else ""
    answer = _answer(task, version, bar, now=now, axis=axis)
    control = control_card(task, today=now.date())
    return TaskPage(
        task_id=task.pk,
        name=task.name,
        facts=_facts(task),
        incumbent=task.incumbent.name if task.incumbent else "",
        is_incumbent_simulated=is_simulated(task.incumbent),
        tabs=TaskTabs(
            task_id=task.pk,
            version_id=version.pk if version else None,
            version=words,
            bar=f"v{bar.number}" if bar else "",
        ),
        set_up=SetUp(
            has_version=version is not None,
            has_candidates=task.candidates.filter(archived_at__isnull=True).exists(),
            has_bar=bool(lines),
        ),
        bar_lines=lines,
        answer=answer,
        warnings=_warnings(task, criteria),
        evaluations=recent_evaluations(task, most=RECENT, now=now),
        eval_set=words,
        control=control,
        glance=glance(answer.cards, answer.table, control) if answer else None,
        decision=task_decision(task, now=now),
        shocks=_shocks(task, answer, today=now.date()),
        has_switch_days=task.switch_days is not None,
        uploads=uploads_in_progress(task),
        compare_versions_url=compare_url(*(each.pk for each in latest)) if len(latest) > 1 else "",
    )


def _shocks(task: Task, answer: Answer | None, *, today: date) -> tuple[TaskShock, ...]:
    if answer is None:
        return ()
    (position,) = positions_of(task.team, [task], [answer.evaluation_id])
    return task_shocks(position, today=today)


def _answer(
    task: Task,
    version: EvalSetVersion | None,
    bar: QualityBar | None,
    *,
    now: datetime,
    axis: Axis,
) -> Answer | None:
    evaluations = speaking(Evaluation.objects.filter(task=task))
    evaluation = evaluations.select_related("version", "bar").first()
    if evaluation is None or evaluation.finished_at is None:
        return None
    results, today = load_results(evaluation), now.date()
    retirements = retirements_for(task.team, results.models)
    return Answer(
        evaluation_id=evaluation.pk,
        number=evaluation.number,
        ended=figures.date(evaluation.finished_at),
        cards=verdict_cards(results, today=today, retirements=retirements),
        table=comparison_table(results, today=today, retirements=retirements),
        bar=f"v{evaluation.bar.number}",
        bar_written=figures.date(evaluation.bar.created_at),
        outdated=tuple(_outdated(results, version, bar)),
        costs=cost_card(task, results),
        trade_off=trade_off_card(results, axis, cascades=cascade_points(results, axis)),
    )


def _warnings(task: Task, criteria: Sequence[CriterionSpec]) -> tuple[str, ...]:
    """Return what the bar, once there is one, leaves out."""
    said = ungated_latency(criteria, is_interactive=task.is_interactive) if criteria else ""
    return (f"{said[0].upper()}{said[1:]}.",) if said else ()


def _outdated(
    results: Results, version: EvalSetVersion | None, bar: QualityBar | None
) -> list[str]:
    """Return what the task has by now that the answer does not rest on."""
    evaluation, newer = results.evaluation, []
    if bar and bar.pk != evaluation.bar_id:
        newer.append(
            f"Bar v{bar.number} was written since; this answer rests on v{evaluation.bar.number}."
        )
    if version and version.pk != evaluation.version_id:
        newer.append(
            f"Eval set v{version.number} was stored since; "
            f"this answer rests on v{evaluation.version.number}."
        )
    return newer


def _facts(task: Task) -> str:
    kinds = {True: "interactive", False: "in the background", None: ""}
    volume = task.monthly_volume
    facts = [
        task.description.rstrip("."),
        kinds[task.is_interactive],
        f"{volume:,} a month" if volume is not None else "volume unknown",
        f"{figures.plural(task.switch_days, 'day')} to switch"
        if task.switch_days is not None
        else "",
    ]
    return " · ".join(fact for fact in facts if fact)
