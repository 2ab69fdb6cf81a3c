"""What is reckoned from whole eval-set versions, once: what to look out for, and what changed."""

from django.db import models
from django.db.models import F, Q


class VersionCheck(models.Model):
    """What stands out in a version's samples; `figures` is `domain.setfigures.SetFigures`."""

    version = models.OneToOneField(
        "EvalSetVersion", on_delete=models.CASCADE, related_name="check_row"
    )
    figures = models.JSONField(null=True)  # null: not reckoned yet
    rung_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"check of {self.version_id}"


class VersionComparison(models.Model):
    """How one version became another; `counts` is null until that is reckoned."""

    before = models.ForeignKey("EvalSetVersion", on_delete=models.CASCADE, related_name="+")
    after = models.ForeignKey("EvalSetVersion", on_delete=models.CASCADE, related_name="+")
    counts = models.JSONField(null=True)  # {"same", "changed", "added", "removed", "by_key"}
    rung_at = models.DateTimeField(null=True)
    compared_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["before", "after"], name="comparison_once"),
            models.CheckConstraint(
                condition=~Q(before=F("after")), name="comparison_needs_two_versions"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.before_id} to {self.after_id}"


class ChangeKind(models.TextChoices):
    """What became of a sample between two versions."""

    CHANGED = "changed", "changed"
    ADDED = "added", "added"
    REMOVED = "removed", "removed"


class VersionChange(models.Model):
    """One sample that is not the same in both versions; `place` counts from 0 within its kind."""

    comparison = models.ForeignKey(
        VersionComparison, on_delete=models.CASCADE, related_name="changes"
    )
    kind = models.CharField(max_length=10, choices=ChangeKind)
    place = models.PositiveIntegerField()
    before = models.PositiveIntegerField(null=True)  # positions in the versions
    after = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["comparison", "kind", "place"], name="change_once_per_place"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.place} of {self.comparison_id}"
