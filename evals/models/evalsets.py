"""Eval sets: immutable, numbered, content-hashed versions of samples."""

from collections.abc import Iterable

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q

from evals.models.jsontext import JSONTextField

POSITION_BITS = 32
MOST_POSITIONS = 1 << POSITION_BITS


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


def sample_id(version_id: int, position: int) -> int:
    """Return the primary key of the sample at a position of a version."""
    return version_id << POSITION_BITS | position


class SampleQuerySet(models.QuerySet["Sample"]):
    """Samples are found by their primary key alone; in SQL by `evals.queries.sampleranges`."""

    def of(self, version_id: int) -> "models.QuerySet[Sample]":
        """Return the samples of a version; `pk` orders them by position."""
        return self.filter(pk__gte=sample_id(version_id, 0), pk__lt=sample_id(version_id + 1, 0))

    def between(self, version_id: int, start: int, stop: int) -> "models.QuerySet[Sample]":
        """Return the samples of a version at the positions from `start` on, before `stop`."""
        return self.filter(pk__gte=sample_id(version_id, start), pk__lt=sample_id(version_id, stop))

    def at(self, version_id: int, positions: Iterable[int]) -> "models.QuerySet[Sample]":
        """Return the samples at these positions of a version."""
        return self.filter(pk__in=[sample_id(version_id, int(each)) for each in positions])


class Sample(models.Model):
    """One row. `position` counts without gaps; `row` is the 0-based row of the uploaded file.

    Each index and row trigger here is paid a million times by a large file. So the primary key is
    the only index, given by who stores a sample: `sample_id`. Whoever asks by `version_id` reads
    the whole table. The version is guarded from its own side: the database refuses to delete one
    that has samples. Row numbers rise with positions, which a version's seal asks for.
    """

    id = models.BigIntegerField(primary_key=True)
    version = models.ForeignKey(
        EvalSetVersion,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    position = models.IntegerField()
    row = models.IntegerField()
    key = models.TextField(null=True)  # noqa: DJ001 - null: the set has no id column
    input = JSONTextField()  # every column as read
    target = models.TextField()
    slices = models.JSONField(default=dict)
    cluster = models.TextField(null=True)  # noqa: DJ001 - null: no cluster column

    objects = SampleQuerySet.as_manager()

    class Meta:
        constraints = [
            # No position is negative or there twice.
            models.CheckConstraint(
                condition=Q(
                    version=F("id").bitrightshift(POSITION_BITS),
                    position=F("id").bitand(MOST_POSITIONS - 1),
                ),
                name="sample_id_is_version_and_position",
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
