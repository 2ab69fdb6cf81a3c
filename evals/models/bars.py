"""The written quality bar: versioned criteria, frozen before results are seen."""

from django.db import models

from evals.domain.specs import Comparator


class QualityBar(models.Model):
    """One version of a task's bar; a change is a new version."""

    task = models.ForeignKey("Task", on_delete=models.CASCADE, related_name="bars")
    number = models.PositiveIntegerField()
    created_by = models.ForeignKey("User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task", "number"], name="bar_once_per_number"),
        ]

    def __str__(self) -> str:
        return f"bar v{self.number} of {self.task_id}"


class Criterion(models.Model):
    """One line of a bar. Never changed once written: a change is a new bar.

    `slice` maps columns to values, null for all samples; `alpha` null is the plan's.
    """

    bar = models.ForeignKey(QualityBar, on_delete=models.CASCADE, related_name="criteria")
    position = models.PositiveIntegerField()
    metric = models.CharField(max_length=100)
    comparator = models.CharField(max_length=20)
    threshold = models.FloatField()
    slice = models.JSONField(null=True)
    alpha = models.FloatField(null=True)
    is_advisory = models.BooleanField(default=False)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["bar", "position"], name="criterion_once_per_line"),
            models.CheckConstraint(
                condition=models.Q(comparator__in=[c.value for c in Comparator]),
                name="criterion_comparator_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric} {self.comparator} {self.threshold}"
