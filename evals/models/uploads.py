"""Files, and sets of a hub, on their way to become an eval-set version."""

import uuid

from django.db import models


class UploadState(models.TextChoices):
    """Where an upload is."""

    FETCHING = "fetching", "being fetched"
    KEPT = "kept", "columns to be mapped"
    STORING = "storing", "being stored"
    REFUSED = "refused", "rows cannot be used"
    FAILED = "failed", "failed"
    STORED = "stored", "stored"


class Upload(models.Model):
    """A file that is not yet a version; forgotten after a day.

    `source` says where on a hub it comes from. A job that works on it is the `holder`, and says so
    in `heard_at`. `refusal` holds the first problems, and how many rows can and cannot be used.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey("Team", on_delete=models.CASCADE, related_name="uploads")
    task = models.ForeignKey("Task", on_delete=models.CASCADE, null=True, related_name="uploads")
    created_by = models.ForeignKey("User", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=300)
    file = models.FileField(upload_to="")
    size = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    source = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=UploadState, default=UploadState.KEPT)
    mapping = models.JSONField(null=True)
    accept_valid = models.BooleanField(default=False)
    asked_by = models.ForeignKey("User", on_delete=models.SET_NULL, null=True, related_name="+")
    attempts = models.PositiveSmallIntegerField(default=0)
    holder = models.CharField(max_length=60, blank=True)
    started_at = models.DateTimeField(null=True)
    heard_at = models.DateTimeField(null=True)
    rung_at = models.DateTimeField(null=True)
    rows_done = models.PositiveBigIntegerField(default=0)
    bytes_done = models.PositiveBigIntegerField(default=0)
    refusal = models.JSONField(default=dict)
    version = models.ForeignKey(
        "EvalSetVersion", on_delete=models.CASCADE, null=True, related_name="+"
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["rung_at"],
                condition=models.Q(state__in=["fetching", "storing"]),
                name="upload_at_work",
            )
        ]

    def __str__(self) -> str:
        return self.name
