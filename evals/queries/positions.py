"""Where every task of a team stands: its incumbent and what was tested, from stored verdicts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models.fields.json import KeyTransform

from evals.domain.attempts import AttemptMetric
from evals.domain.bars import CriterionState
from evals.domain.costs import AcceptedRule
from evals.domain.measured import ERROR_RATE
from evals.domain.modelfacts import ModelFacts
from evals.domain.positions import Option, StoredLine, TaskPosition
from evals.domain.specs import Comparator, EndpointKind
from evals.domain.verdicts import Verdict
from evals.models import Candidate, Task, Team, VerdictRow
from evals.queries.access import evaluations_for, tasks_for
from evals.queries.expiries import day
from evals.queries.modelfacts import facts_for
from evals.queries.optionfacts import backers_of
from evals.queries.results import Document
from evals.queries.standings import speaking

TASKS_PRICED = 1000
INCUMBENT = ("incumbent__model", "incumbent__endpoint")  # to select with the tasks


def team_positions(team: Team) -> tuple[TaskPosition, ...]:
    """Return the positions of all tasks by name, in four queries."""
    tasks = list(tasks_for(team).select_related(*INCUMBENT).order_by("name"))
    speak = speaking(evaluations_for(team)).values_list("pk", flat=True)
    return positions_of(team, tasks, speak)


def positions_of(
    team: Team, tasks: Sequence[Task], evaluation_ids: Iterable[int]
) -> tuple[TaskPosition, ...]:
    """Return the position of each task, in two queries; select `INCUMBENT` with the tasks.

    Args:
        team: Whose facts on models count.
        tasks: Which ones, in the order that is wanted.
        evaluation_ids: Of those that speak for the tasks.
    """
    rows = _rows(evaluation_ids)
    named = {row.run.candidate.model.identifier for found in rows.values() for row in found}
    named |= {task.incumbent.model.identifier for task in tasks if task.incumbent}
    facts = facts_for(team, named)
    return tuple(_position(task, rows.get(task.pk, []), facts) for task in tasks)


def _rows(evaluation_ids: Iterable[int]) -> dict[int, list[VerdictRow]]:
    """Return the verdicts by task, their grounds cut down to the result."""
    rows = (
        VerdictRow.objects.filter(run__evaluation__in=list(evaluation_ids))
        .select_related("run__evaluation", "run__candidate__model", "run__candidate__endpoint")
        .defer("grounds", "run__evaluation__spec")
        .annotate(result=KeyTransform("result", "grounds"))
        .order_by("run__position")
    )
    found: dict[int, list[VerdictRow]] = defaultdict(list)
    for row in rows:
        found[row.run.evaluation.task_id].append(row)
    return found


def _position(
    task: Task, rows: Sequence[VerdictRow], facts: Mapping[str, ModelFacts]
) -> TaskPosition:
    """Return a task with its incumbent of today, measured or not."""
    measured = {row.run.candidate_id: _measured(row, facts) for row in rows}
    today = task.incumbent
    incumbent = None
    if today is not None:
        incumbent = measured.pop(today.pk, None) or _renamed(today, rows, measured)
        incumbent = incumbent or _option(today, facts)
    return TaskPosition(
        task_id=task.pk,
        name=task.name,
        monthly_volume=task.monthly_volume,
        failure_cost_usd=task.failure_cost_usd,
        switch_days=task.switch_days,
        incumbent=incumbent,
        others=tuple(measured.values()),
    )


def _renamed(
    today: Candidate, rows: Sequence[VerdictRow], measured: dict[int, Option]
) -> Option | None:
    """Return what was measured of the same model under the same name: an edit makes a new row."""
    for row in rows:
        then = row.run.candidate
        if (then.name, then.model_id) == (today.name, today.model_id):
            return measured.pop(then.pk)
    return None


def _option(candidate: Candidate, facts: Mapping[str, ModelFacts], **measured: Any) -> Option:
    model, endpoint = candidate.model, candidate.endpoint
    kind = EndpointKind(endpoint.kind)
    backers = backers_of(
        model, kind, endpoint.settings.get("base_url"), facts.get(model.identifier)
    )
    return Option(
        name=candidate.name,
        is_open=model.is_open,
        is_simulated=kind is EndpointKind.STAND_IN,
        model=model.identifier,
        developer=backers.developer,
        host=backers.host,
        jurisdictions=backers.jurisdictions,
        is_country_unknown=backers.is_country_unknown,
        retires_on=backers.retires_on,
        **measured,
    )


def _measured(row: VerdictRow, facts: Mapping[str, ModelFacts]) -> Option:
    result: Document = row.result  # type: ignore[attr-defined]
    cost = result["cost"]
    price = cost.get("price") or {}
    return _option(
        row.run.candidate,
        facts,
        verdict=Verdict(row.state) if row.state else None,
        is_stale=bool(row.stale_reason),
        is_estimated=cost["estimated"],
        lines=tuple(_line(line) for line in result["criteria"] if line["required"]),
        cost_per_task_usd=_per_task(cost["per_1k_tasks_usd"]),
        accepted_share=accepted_share(result),
        hourly_share=Decimal(0 if price.get("usd_per_hour") is None else 1),
        gpu=price.get("gpu"),
        judged_on=row.computed_at.date(),
        priced_on=day(price.get("dated_on")),
        run_id=row.run_id,
    )


def _per_task(per_1k_usd: float | None) -> Decimal | None:
    return None if per_1k_usd is None else Decimal(str(per_1k_usd)) / TASKS_PRICED


def accepted_share(result: Document) -> Decimal | None:
    """Return the share of right answers of all that were judged, as `accepting_scorer` has it.

    That is the first scorer that the bar names; the scorers' metrics come in the spec's order.
    """
    passed_by = {
        each["metric"]: each["passed"]
        for each in result["metrics"]
        if not (each["slice"] or each["metric"] == ERROR_RATE or AttemptMetric.of(each["metric"]))
    }
    named = [line["metric"] for line in result["criteria"] if line["metric"] in passed_by]
    passed = passed_by[(named or list(passed_by))[0]] if passed_by else None
    trials = result["trials"]
    judged = trials["ok"] + trials["no_answer"] + trials["model_error"]
    return Decimal(passed) / judged if passed is not None and judged else None


def _line(line: Document) -> StoredLine:
    comparator = next(each for each in Comparator if each.value in line)
    return StoredLine(
        metric=line["metric"],
        comparator=comparator,
        threshold=line[comparator.value],
        state=CriterionState(line["state"]),
        value=line["value"],
        low=line.get("low"),
        high=line.get("high"),
        bound=line["bound"],
        rule=None if line.get("rule") is None else AcceptedRule(line["rule"]),
    )
