"""What people add to what was measured: their own scores beside the automatic ones, saved views."""

from django.db import models
from django.db.models import Q


class HumanScore(models.Model):
    """A person's score of one trial, beside the automatic one. Taken back, it stays on record."""

    trial = models.ForeignKey("Trial", on_delete=models.CASCADE, related_name="human_scores")
    scorer = models.CharField(max_length=100)
    value = models.FloatField()
    note = models.TextField(blank=True)
    created_by = models.ForeignKey("User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["trial", "scorer"],
                condition=Q(withdrawn_at__isnull=True),
                name="human_score_once",
            ),
            models.CheckConstraint(
                condition=Q(value__gte=0) & Q(value__lte=1), name="human_score_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scorer} {self.value:g} for trial {self.trial_id}"


class SavedView(models.Model):
    """A page with its filters under a name, for the whole team."""

    team = models.ForeignKey("Team", on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=120)
    page = models.CharField(max_length=60)  # the URL's name
    path = models.TextField()  # with its query string
    created_by = models.ForeignKey("User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["team", "page", "name"], name="view_once_per_name"),
        ]

    def __str__(self) -> str:
        return self.name
