"""Who changed what, and when."""

from django.db import models


class AuditEntry(models.Model):
    """One change. `user` null: done by the command line or by a worker."""

    team = models.ForeignKey("Team", on_delete=models.CASCADE, related_name="audit")
    user = models.ForeignKey("User", on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    action = models.CharField(max_length=60)  # "task created"
    subject = models.CharField(max_length=300)  # "Ticket triage"
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["team", "-at"], name="audit_by_team")]

    def __str__(self) -> str:
        return f"{self.action}: {self.subject}"
