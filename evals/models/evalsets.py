"""Eval sets: immutable, numbered, content-hashed versions of samples, and files on their way in."""

import uuid

from django.db import models


class EvalSet(models.Model):
    """The named set that a task is judged on; its rows live in versions."""

    task = models.ForeignKey("Task", on_delete=models.CASCADE, related_name="eval_sets")
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task", "name"], name="evalset_once_per_name"),
        ]

    def __str__(self) -> str:
        return self.name


class EvalSetVersion(models.Model):
    """One snapshot. `sha256` covers the samples' content, not the file they came in."""

    eval_set = models.ForeignKey(EvalSet, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    sample_count = models.PositiveIntegerField()
    rejected_count = models.PositiveIntegerField(default=0)
    columns = models.JSONField()  # names, in the file's order
    mapping = models.JSONField()  # {"input", "target", "slices", "cluster"}
    source_name = models.CharField(max_length=300)
    created_by = models.ForeignKey("User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["eval_set", "number"], name="version_once_per_number"),
            models.UniqueConstraint(fields=["eval_set", "sha256"], name="version_once_per_content"),
        ]

    def __str__(self) -> str:
        return f"v{self.number} of {self.eval_set_id}"


class Sample(models.Model):
    """One row. `position` counts without gaps; `row` is the 0-based row of the uploaded file."""

    version = models.ForeignKey(EvalSetVersion, on_delete=models.CASCADE, related_name="samples")
    position = models.PositiveIntegerField()
    row = models.PositiveIntegerField()
    key = models.TextField(null=True)  # noqa: DJ001 - null: the set has no id column
    input = models.JSONField()  # every column as read
    target = models.TextField()
    slices = models.JSONField(default=dict)
    cluster = models.TextField(null=True)  # noqa: DJ001 - null: no cluster column

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "position"], name="sample_once_per_position"
            ),
            models.UniqueConstraint(fields=["version", "row"], name="sample_once_per_row"),
        ]

    def __str__(self) -> str:
        return f"row {self.row} of {self.version_id}"


class Upload(models.Model):
    """A file that was uploaded and is not yet a version; forgotten after a day."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey("Team", on_delete=models.CASCADE, related_name="uploads")
    created_by = models.ForeignKey("User", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=300)
    file = models.FileField(upload_to="")
    size = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name
