"""What a task costs at its volume with each candidate, on an API and on hardware of one's own."""

from dataclasses import dataclass
from decimal import Decimal

from evals.models import Task
from evals.queries import figures
from evals.queries.hostedlines import (
    CostGrounds,
    CostTexts,
    HostedLine,
    cost_texts,
    hosted_line,
)
from evals.queries.hosting import Hosting, hostings
from evals.queries.outcomes import CandidateName, Outcome, Results

PER_THOUSAND = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRow:
    """A candidate as it was evaluated, and as a plan would host it, if there is one."""

    name: CandidateName
    candidate_id: int
    costs: CostTexts
    is_estimated: bool
    hosted: HostedLine | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CostCard:
    """All candidates' costs at the task's volume. `missing` says what there is no bill without."""

    volume: str
    missing: str
    rule: str
    rows: tuple[CostRow, ...]

    @property
    def hosted(self) -> tuple[HostedLine, ...]:
        """The hosting plans alone."""
        return tuple(row.hosted for row in self.rows if row.hosted)


def cost_card(task: Task, results: Results) -> CostCard:
    """Return the card, in one query where no candidate has a hosting plan and in four else."""
    models = {o.run.candidate_id: o.spec.model.id for o in results.outcomes}
    plans = hostings(task.team, models)
    return CostCard(
        volume=_volume(task),
        missing=_missing(task),
        rule=_rule(results),
        rows=tuple(
            _row(task, results, outcome, plans.get(outcome.run.candidate_id))
            for outcome in results.outcomes
        ),
    )


def cost_grounds(task: Task, results: Results, outcome: Outcome | None) -> CostGrounds:
    """Return what a hosting plan of a candidate is costed against; None: it was not evaluated."""
    incumbent = results.incumbent
    return CostGrounds(
        task=results.spec.task,
        volume=task.monthly_volume,
        incumbent=incumbent.spec.name if incumbent else "",
        api_usd_per_task=_per_task(incumbent) if incumbent else None,
        tokens_per_task=_tokens_per_task(outcome) if outcome else None,
        judged=outcome.judged if outcome else 0,
        accepted=_accepted(outcome, results) if outcome else None,
    )


def _row(task: Task, results: Results, outcome: Outcome, plan: Hosting | None) -> CostRow:
    grounds, per_task = cost_grounds(task, results, outcome), _per_task(outcome)
    is_billed = per_task is not None and task.monthly_volume
    monthly = (task.monthly_volume or 0) * (per_task or Decimal(0)) if is_billed else None
    pk = outcome.run.candidate_id
    return CostRow(
        name=outcome.name,
        candidate_id=pk,
        costs=cost_texts(per_task, monthly, grounds),
        is_estimated=per_task is not None and outcome.document["cost"]["estimated"],
        hosted=hosted_line(pk, outcome.spec.name, plan, grounds) if plan else None,
    )


def _per_task(outcome: Outcome) -> Decimal | None:
    thousand: float | None = outcome.document["cost"]["per_1k_tasks_usd"]
    return None if thousand is None else Decimal(str(thousand)) / PER_THOUSAND


def _tokens_per_task(outcome: Outcome) -> Decimal | None:
    """Return the tokens read and written for an answer, over all that were stored."""
    usage, trials = outcome.document["usage"], outcome.document["trials"]
    beyond = (outcome.document.get("stopping") or {}).get("beyond") or 0
    answered: int = trials["ok"] + trials["no_answer"] + beyond
    known = usage["input_tokens"] is not None and usage["output_tokens"] is not None
    if not known or not answered:
        return None
    return Decimal(usage["input_tokens"] + usage["output_tokens"]) / answered


def _accepted(outcome: Outcome, results: Results) -> int | None:
    metric = outcome.metric(results.spec.scorers[0].name)
    passed: int | None = metric["passed"] if metric else None
    return passed


def _volume(task: Task) -> str:
    volume = task.monthly_volume
    return "an unknown volume" if volume is None else f"{volume:,} a month"


def _missing(task: Task) -> str:
    if task.monthly_volume is None:
        return "The task has no monthly volume, so there is no monthly bill."
    if not task.monthly_volume:
        return "The task's monthly volume is 0: nothing is to be served, so there is no bill."
    return ""


def _rule(results: Results) -> str:
    failure = results.spec.task.failure_cost_usd
    if failure is None:
        return "Per accepted answer: wrong ones are dropped, so the right ones pay for them."
    redone = figures.usd(failure)
    return f"Per accepted answer: each wrong one is caught and done again for {redone}."
