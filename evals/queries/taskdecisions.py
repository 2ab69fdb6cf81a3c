"""What people decided about a task: its newest record, in one query."""

from dataclasses import dataclass
from datetime import datetime

from evals.models import Task
from evals.queries.reports import ReportRow, report_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDecision:
    """The record that counts; `earlier` counts those it follows."""

    row: ReportRow
    earlier: int


def task_decision(task: Task, *, now: datetime) -> TaskDecision | None:
    """Return the task's newest record; None before anybody proposed one."""
    rows = report_rows(task.reports.all(), now=now)
    return TaskDecision(row=rows[0], earlier=rows[0].number - 1) if rows else None
