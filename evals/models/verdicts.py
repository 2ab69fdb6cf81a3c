"""What was concluded for one candidate, and everything it was computed from."""

from django.db import models
from django.db.models import Q

from evals.domain.verdicts import Verdict


class VerdictRow(models.Model):
    """A verdict with its grounds, written when its evaluation ended. Null state: the incumbent.

    `grounds` is the candidate's part of the result file, with the plan, bar, price, hashes and
    versions that it rests on. When those change the verdict becomes stale, with the reason.
    """

    run = models.OneToOneField("Run", on_delete=models.CASCADE, related_name="verdict")
    state = models.CharField(max_length=10, null=True)  # noqa: DJ001 - null: the incumbent
    grounds = models.JSONField()
    computed_at = models.DateTimeField()
    stale_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__isnull=True) | Q(state__in=[v.value for v in Verdict]),
                name="verdict_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} for run {self.run_id}"
