"""What is charged: the catalogue of public prices, and a team's own figures, dated and kept."""

from django.db import models
from django.db.models import Q


class CataloguePrice(models.Model):
    """A public price of a model at a provider from a day on; the same facts for every team.

    `figures` is a price as a spec writes it, amounts as text. `starts_on` null: the oldest known.
    `edition` names the release of the source that held it last.
    """

    provider = models.CharField(max_length=100)
    provider_name = models.CharField(max_length=200)
    model = models.CharField(max_length=300)
    model_name = models.CharField(max_length=300)
    starts_on = models.DateField(null=True)
    figures = models.JSONField()
    source_url = models.TextField(blank=True)
    edition = models.CharField(max_length=60)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "model", "starts_on"],
                name="catalogue_price_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.model}"


class EndpointPrice(models.Model):
    """What a team says an endpoint charges for a model. The newest row counts; null ends it."""

    endpoint = models.ForeignKey("Endpoint", on_delete=models.CASCADE, related_name="prices")
    model = models.ForeignKey("Model", on_delete=models.CASCADE, related_name="prices")
    figures = models.JSONField(null=True)
    source = models.TextField(blank=True)
    dated_on = models.DateField()
    created_by = models.ForeignKey("User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"price of model {self.model_id} at endpoint {self.endpoint_id}"


class TeamHardware(models.Model):
    """A team's own row of hardware, or its change to a row of the catalogue of the same key.

    The newest row of a key counts; `figures` null takes it off the list.
    """

    team = models.ForeignKey("Team", on_delete=models.CASCADE, related_name="hardware")
    key = models.CharField(max_length=100)
    figures = models.JSONField(null=True)
    created_by = models.ForeignKey("User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["team", "key", "-id"], name="hardware_by_key")]

    def __str__(self) -> str:
        return self.key


class HostingPlan(models.Model):
    """How a team would serve a candidate itself: hardware, replicas, spare, utilisation, people."""

    candidate = models.OneToOneField("Candidate", on_delete=models.CASCADE, related_name="hosting")
    figures = models.JSONField()
    updated_by = models.ForeignKey("User", on_delete=models.SET_NULL, null=True, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"hosting of candidate {self.candidate_id}"


class ThroughputState(models.TextChoices):
    """Where a measurement is."""

    QUEUED = "queued", "queued"
    RUNNING = "running", "running"
    COMPLETED = "completed", "completed"
    FAILED = "failed", "failed"


class ThroughputTest(models.Model):
    """A sweep over concurrency with a task's own prompts; `levels` has a row for each step.

    `settings` is what was asked for, `hardware` the row that the endpoint ran on, as it was then.
    """

    candidate = models.ForeignKey("Candidate", on_delete=models.CASCADE, related_name="throughput")
    version = models.ForeignKey("EvalSetVersion", on_delete=models.RESTRICT, related_name="+")
    state = models.CharField(max_length=10, choices=ThroughputState, default=ThroughputState.QUEUED)
    settings = models.JSONField()
    hardware = models.JSONField(null=True)
    levels = models.JSONField(default=list)
    message = models.TextField(blank=True)
    created_by = models.ForeignKey("User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ThroughputState.values), name="throughput_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"throughput test {self.pk} of candidate {self.candidate_id}"
