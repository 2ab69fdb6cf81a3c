"""What a task has, before somebody deletes it."""

from dataclasses import dataclass

from django.db.models import Count, Sum

from evals.models import Decision, EvalSetVersion, Evaluation, Report, Task, Trial
from evals.queries import figures


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskContents:
    """How much of everything goes with a task."""

    task_id: int
    name: str
    versions: int
    samples: int
    candidates: int
    evaluations: int
    live: int
    trials: int
    records: int
    decisions: int

    @property
    def lines(self) -> tuple[str, ...]:
        """What is lost, in words."""
        versions = figures.plural(self.versions, "eval-set version")
        candidates = figures.plural(self.candidates, "candidate")
        evaluations = figures.plural(self.evaluations, "evaluation")
        answers = figures.plural(self.trials, "answer")
        return (
            f"{versions} with {figures.plural(self.samples, 'sample')}",
            f"{candidates}, with answers recorded for them alone",
            f"{evaluations} with {answers} and every verdict",
            f"{figures.plural(self.records, 'decision record')} and the links that show them",
        )


def task_contents(task: Task) -> TaskContents:
    """Return what would be lost, in seven queries."""
    evaluations = Evaluation.objects.filter(task=task)
    stored = EvalSetVersion.objects.filter(eval_set__task=task).aggregate(
        versions=Count("pk"), samples=Sum("sample_count", default=0)
    )
    return TaskContents(
        task_id=task.pk,
        name=task.name,
        versions=stored["versions"],
        samples=stored["samples"],
        candidates=task.candidates.count(),
        evaluations=evaluations.count(),
        live=evaluations.filter(finished_at__isnull=True).count(),
        trials=Trial.objects.filter(run__evaluation__task=task).count(),
        records=Report.objects.filter(task=task).count(),
        decisions=Decision.objects.filter(report__task=task).count(),
    )


def signed_decisions(task: Task) -> list[str]:
    """Return each signed decision as the audit log keeps it: number, outcome, day and hash."""
    decisions = Decision.objects.filter(report__task=task).select_related("report")
    return [
        f"record {d.report.number} {d.outcome} {d.decided_at:%Y-%m-%d} sha256 {d.sha256}"
        for d in decisions.order_by("report__number")
    ]
