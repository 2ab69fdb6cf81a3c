"""What a team knows and supposes: facts on models, scenarios, and cascades replayed."""

from django.db import models
from django.db.models import Q


class ModelFactsRow(models.Model):
    """A team's own facts on a model, or its change to those of the catalogue.

    `identifier` is the models' own; `facts` is `domain.modelfacts.ModelFacts` as JSON.
    """

    team = models.ForeignKey("Team", on_delete=models.CASCADE, related_name="model_facts")
    identifier = models.CharField(max_length=300)
    facts = models.JSONField()
    source = models.CharField(max_length=300)  # "Model Openness Tool, OLMo-7B.yml", a member's edit
    updated_by = models.ForeignKey("User", on_delete=models.SET_NULL, null=True, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "identifier"], name="model_facts_once"),
        ]

    def __str__(self) -> str:
        return self.identifier


class Scenario(models.Model):
    """A shock that a team thought of itself; `shock` is `domain.shocks.Shock` as JSON."""

    team = models.ForeignKey("Team", on_delete=models.CASCADE, related_name="scenarios")
    name = models.CharField(max_length=120)
    shock = models.JSONField()
    created_by = models.ForeignKey("User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="scenario_once_per_name"),
        ]

    def __str__(self) -> str:
        return self.name


class ReplayState(models.TextChoices):
    """Where a replay is."""

    QUEUED = "queued", "queued"
    COMPLETED = "completed", "completed"
    FAILED = "failed", "failed"


class CascadeReplay(models.Model):
    """Open first, closed where a signal says so, computed from the stored trials of two runs.

    `signal` says what the escalation hangs on; `result` is the curve and the best threshold.
    """

    evaluation = models.ForeignKey("Evaluation", on_delete=models.CASCADE, related_name="cascades")
    first = models.ForeignKey("Run", on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey("Run", on_delete=models.CASCADE, related_name="+")
    signal = models.JSONField()
    state = models.CharField(max_length=10, choices=ReplayState, default=ReplayState.QUEUED)
    result = models.JSONField(default=dict)
    message = models.TextField(blank=True)
    created_by = models.ForeignKey("User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["evaluation", "first", "second", "signal"], name="cascade_once"
            ),
            models.CheckConstraint(
                condition=~Q(first=models.F("second")), name="cascade_needs_two_runs"
            ),
        ]

    def __str__(self) -> str:
        return f"cascade {self.pk} of evaluation {self.evaluation_id}"
