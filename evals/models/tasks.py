"""A product use case, and the versioned scorers that judge it."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower


class Task(models.Model):
    """Eval set + scorers + bar + monthly volume + incumbent. Null is unknown."""

    team = models.ForeignKey("Team", on_delete=models.CASCADE, related_name="tasks")
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    is_interactive = models.BooleanField(null=True)
    monthly_volume = models.PositiveBigIntegerField(null=True)
    failure_cost_usd = models.DecimalField(max_digits=14, decimal_places=6, null=True)
    switch_days = models.PositiveIntegerField(null=True)  # to move to another candidate
    incumbent = models.ForeignKey(
        "Candidate", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("team", Lower("name"), name="task_once_per_name"),
            models.CheckConstraint(
                condition=Q(failure_cost_usd__isnull=True) | Q(failure_cost_usd__gte=0),
                name="task_failure_cost_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ScorerSet(models.Model):
    """The scorers of a task, in order, under one number. Never changed once written."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="scorer_sets")
    number = models.PositiveIntegerField()
    definitions = models.JSONField()  # [{"name", "options", "extract"}]
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task", "number"], name="scorers_once_per_number"),
        ]

    def __str__(self) -> str:
        return f"scorers v{self.number} of {self.task_id}"
