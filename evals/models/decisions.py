"""What people sign: frozen reports, the decision on each, and the links by which one is shown."""

from django.db import models
from django.db.models import Q


class InstanceKey(models.Model):
    """The Ed25519 key that reports are signed with. The private half is encrypted at rest."""

    key_id = models.CharField(max_length=64, unique=True)  # SHA-256 of the public key
    public_key = models.TextField()
    ciphertext = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.key_id[:16]


class Report(models.Model):
    """A decision record of a task as proposed: `document` is all that every export is made from.

    Never changed. `previous_sha256` is the hash of the record that it follows for the same task,
    so that none can be taken out or put in; `signature` is over `sha256`.
    """

    task = models.ForeignKey("Task", on_delete=models.CASCADE, related_name="reports")
    evaluation = models.ForeignKey("Evaluation", on_delete=models.RESTRICT, related_name="reports")
    number = models.PositiveIntegerField()
    document = models.JSONField()
    sha256 = models.CharField(max_length=64)
    previous_sha256 = models.CharField(max_length=64, blank=True)
    key = models.ForeignKey(InstanceKey, on_delete=models.RESTRICT, related_name="+")
    signature = models.TextField()
    proposed_by = models.ForeignKey("User", on_delete=models.SET_NULL, null=True, related_name="+")
    proposed_at = models.DateTimeField()

    class Meta:
        ordering = ["task", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["task", "number"], name="report_once_per_number"),
        ]

    def __str__(self) -> str:
        return f"report {self.number} of {self.task_id}"


class Outcome(models.TextChoices):
    """What a person decides."""

    GO = "go", "Go"
    NO_GO = "no_go", "No-go"
    DEFER = "defer", "Defer"


class Decision(models.Model):
    """Go, no-go or defer: who, when, why, and the report that it rests on. Never changed.

    `document` is the record with the decision in it, which is what is exported from then on.
    """

    report = models.OneToOneField(Report, on_delete=models.CASCADE, related_name="decision")
    outcome = models.CharField(max_length=10, choices=Outcome)
    candidate = models.ForeignKey(
        "Candidate", on_delete=models.RESTRICT, null=True, related_name="+"
    )  # the one moved to; null where nobody moves
    reason = models.TextField()
    decided_by = models.ForeignKey("User", on_delete=models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField()
    expires_on = models.DateField(null=True)
    document = models.JSONField()
    sha256 = models.CharField(max_length=64)
    signature = models.TextField()
    key = models.ForeignKey(InstanceKey, on_delete=models.RESTRICT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values), name="decision_outcome_known"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="decision_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} on report {self.report_id}"


class ShareLink(models.Model):
    """A link that shows one report to whoever has it, until it expires or is revoked."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True)
    note = models.CharField(max_length=200, blank=True)  # for whom it was made
    created_by = models.ForeignKey("User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    views = models.PositiveIntegerField(default=0)
    last_viewed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"link {self.pk} to report {self.report_id}"
