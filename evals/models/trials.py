"""One row for each attempt at each sample; the largest table."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from evals.domain.trials import TrialState

STORED_STATES = [state.value for state in TrialState if state is not TrialState.SKIPPED]


class Trial(models.Model):
    """What came of one question. `scores` names every scorer; null is unscored.

    `place` is the sample's place in the run's shuffled order; a complete prefix of places is what
    a stop rule may read. `answer` is the first scorer's; `details` holds what the others found.
    `prompt_hash` finds the answer again for the same question; where `is_reused` it was found so:
    tokens and latency are those of the first time, and nothing was paid again.
    """

    run = models.ForeignKey("Run", on_delete=models.CASCADE, related_name="trials")
    sample = models.ForeignKey("Sample", on_delete=models.RESTRICT, related_name="+")
    place = models.PositiveIntegerField()
    epoch = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12)
    output = models.TextField(null=True)  # noqa: DJ001 - null: nothing came back
    answer = models.TextField(null=True)  # noqa: DJ001 - null: no answer was found
    scores = models.JSONField()
    details = models.JSONField(default=dict)
    input_tokens = models.PositiveIntegerField(null=True)
    output_tokens = models.PositiveIntegerField(null=True)
    cached_tokens = models.PositiveIntegerField(null=True)
    cache_write_tokens = models.PositiveIntegerField(null=True)
    reasoning_tokens = models.PositiveIntegerField(null=True)
    latency_seconds = models.FloatField(null=True)
    ttft_seconds = models.FloatField(null=True)
    attempts = models.PositiveSmallIntegerField(default=1)
    finish_reason = models.CharField(max_length=60, null=True)  # noqa: DJ001 - null is unknown
    error = models.TextField(blank=True)
    prompt_hash = models.UUIDField(null=True)
    is_reused = models.BooleanField(db_default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "sample", "epoch"], name="trial_once"),
            models.CheckConstraint(condition=Q(state__in=STORED_STATES), name="trial_state_known"),
            models.CheckConstraint(
                condition=~Q(state=TrialState.OK.value) | Q(output__isnull=False),
                name="trial_ok_has_output",
            ),
        ]
        indexes = [
            models.Index(fields=["run", "place", "epoch"], name="trial_by_place"),
            models.Index(fields=["prompt_hash"], name="trial_by_prompt"),
            BrinIndex(fields=["created_at"], autosummarize=True, name="trial_by_time"),
        ]

    def __str__(self) -> str:
        return f"trial {self.pk} of run {self.run_id}"


class TrialPack(models.Model):
    """The figures of all trials of a large run that has ended, as lists and comparisons read them.

    `packed` is what `evals.queries.runcolumns` makes of the trials, which never change again.
    """

    run = models.OneToOneField(
        "Run", on_delete=models.CASCADE, primary_key=True, related_name="trial_pack"
    )
    packed = models.BinaryField(default=b"")
    heard_at = models.DateTimeField(null=True)  # when a worker was last rung for
    made_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"pack of run {self.run_id}"
