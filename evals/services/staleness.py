"""Verdicts whose grounds have changed: they keep what they say, and say why it is old."""

from evals.models import Evaluation, QualityBar, Task, VerdictRow


def mark_older_verdicts(*, task: Task, bar: QualityBar) -> int:
    """Mark the task's verdicts that rest on other bars than this, its newest; return how many.

    A verdict keeps the first reason that made it stale. The incumbent has no verdict to mark.
    """
    older = VerdictRow.objects.filter(run__evaluation__task=task, state__isnull=False)
    older = older.filter(stale_reason="").exclude(run__evaluation__bar=bar)
    return older.update(stale_reason=_reason(bar))


def reason_at_the_end(evaluation: Evaluation) -> str:
    """Return why the verdicts of an evaluation that ends now are stale at once, "" if they are not.

    Holds the task until the verdicts are stored, so that no bar is written in between.
    """
    Task.objects.select_for_update(no_key=True).get(pk=evaluation.task_id)
    newest = QualityBar.objects.filter(task=evaluation.task_id).order_by("-number").first()
    return _reason(newest) if newest and newest.pk != evaluation.bar_id else ""


def _reason(bar: QualityBar) -> str:
    return f"bar v{bar.number} has replaced the one it rests on"
