"""Eval sets: immutable, numbered, content-hashed versions of samples."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
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
    """One row. `position` counts without gaps; `row` is the 0-based row of the uploaded file.

    Each index and row trigger here is paid a million times by a large file. So the version is
    guarded from its own side: the database refuses to delete one that has samples. Its index is
    that of the positions. Row numbers rise with positions, which a version's seal asks for.
    """

    version = models.ForeignKey(
        EvalSetVersion,
        on_delete=models.CASCADE,
        related_name="samples",
        db_constraint=False,
        db_index=False,
    )
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
        ]

    def __str__(self) -> str:
        return f"row {self.row} of {self.version_id}"


class SampleWords(models.Model):
    """The words of one sample, for the search; written some time after its version was stored.

    What comes first in `words` is no word that a text can hold: by it the index narrows to one set.
    """

    pk = models.CompositePrimaryKey("version_id", "position")
    version = models.ForeignKey(
        EvalSetVersion, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    position = models.PositiveIntegerField()
    words = SearchVectorField()

    class Meta:
        indexes = [GinIndex(fields=["words"], name="sample_words_by_word")]

    def __str__(self) -> str:
        return f"words of {self.position} of {self.version_id}"


class WordIndex(models.Model):
    """How much of a version has its words stored: the positions below `indexed_count`."""

    version = models.OneToOneField(
        EvalSetVersion, on_delete=models.CASCADE, primary_key=True, related_name="word_index"
    )
    indexed_count = models.PositiveIntegerField(default=0)
    heard_at = models.DateTimeField(null=True)  # when a worker was last rung for, or at work on it
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"word index of {self.version_id}"
