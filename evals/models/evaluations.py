"""Evaluations, their runs, and the shards that workers lease."""

from django.db import models
from django.db.models import F, Q


class RunState(models.TextChoices):
    """Where a run is. The last four are final, but for a failed or stopped run that is resumed."""

    QUEUED = "queued", "queued"
    RUNNING = "running", "running"
    PAUSED = "paused", "paused"
    COMPLETED = "completed", "completed"
    STOPPED = "stopped", "stopped"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"


LIVE = (RunState.QUEUED, RunState.RUNNING)
FINAL = (RunState.COMPLETED, RunState.STOPPED, RunState.FAILED, RunState.CANCELLED)


class Evaluation(models.Model):
    """One task, one version, one bar, several candidates, one frozen plan.

    `spec` is the whole of it as a spec file's text, written once. `identity` is the hash by which
    a second command with the same spec finds its evaluation; null for those made in the browser.
    `extends` is the evaluation whose order this one goes on with or whose failures it asks again.
    `ledger` is what workers may spend of the budget, swapped under a lock of this row.
    """

    task = models.ForeignKey("Task", on_delete=models.CASCADE, related_name="evaluations")
    number = models.PositiveIntegerField()
    version = models.ForeignKey("EvalSetVersion", on_delete=models.RESTRICT, related_name="+")
    bar = models.ForeignKey("QualityBar", on_delete=models.RESTRICT, related_name="+")
    scorer_set = models.ForeignKey("ScorerSet", on_delete=models.RESTRICT, related_name="+")
    spec = models.TextField()
    identity = models.CharField(max_length=64, null=True)  # noqa: DJ001
    sample_count = models.PositiveIntegerField()  # samples the plan asks each candidate about
    epochs = models.PositiveSmallIntegerField()
    extends = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")
    reuse_answers = models.BooleanField(default=True)  # take stored answers to the same questions
    ledger = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=RunState, default=RunState.QUEUED)
    created_by = models.ForeignKey("User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task", "number"], name="evaluation_once_per_number"),
            models.UniqueConstraint(fields=["task", "identity"], name="evaluation_once"),
            models.CheckConstraint(condition=Q(epochs__gte=1), name="evaluation_has_epochs"),
            models.CheckConstraint(
                condition=Q(state__in=RunState.values), name="evaluation_state_known"
            ),
        ]
        indexes = [models.Index(fields=["state"], name="evaluation_by_state")]

    def __str__(self) -> str:
        return f"evaluation {self.number} of {self.task_id}"

    @property
    def is_live(self) -> bool:
        """Whether anything may still be asked."""
        return self.state in LIVE


class Run(models.Model):
    """One candidate inside an evaluation. `message` says why it is paused, stopped or failed.

    `rung_at` is when a worker was last rung for, null once one has come. `unconfirmed` counts the
    requests that a lost worker may have sent and nobody stored. `settled_after` is how many samples
    of the order settled every required criterion, null where none did or the plan is fixed.
    """

    evaluation = models.ForeignKey(Evaluation, on_delete=models.CASCADE, related_name="runs")
    candidate = models.ForeignKey("Candidate", on_delete=models.RESTRICT, related_name="runs")
    position = models.PositiveSmallIntegerField()
    is_incumbent = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=RunState, default=RunState.QUEUED)
    message = models.TextField(blank=True)
    in_flight = models.PositiveIntegerField(default=0)
    throttled = models.PositiveIntegerField(default=0)
    unconfirmed = models.PositiveIntegerField(default=0)
    is_smoke_tested = models.BooleanField(default=False)
    settled_after = models.PositiveIntegerField(null=True)
    rung_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["evaluation", "position"], name="run_once_per_place"),
            models.UniqueConstraint(
                fields=["evaluation", "candidate"], name="run_once_per_candidate"
            ),
            models.UniqueConstraint(
                fields=["evaluation"], condition=Q(is_incumbent=True), name="run_one_incumbent"
            ),
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="run_state_known"),
        ]
        indexes = [models.Index(fields=["state"], name="run_by_state")]

    def __str__(self) -> str:
        return f"run {self.pk} of {self.evaluation_id}"

    @property
    def is_live(self) -> bool:
        """Whether anything may still be asked."""
        return self.state in LIVE


class ShardState(models.TextChoices):
    """Whether a shard is free, held or done."""

    WAITING = "waiting", "waiting"
    LEASED = "leased", "leased"
    DONE = "done", "done"


class Shard(models.Model):
    """Places `start` to `stop` (exclusive) of a run's shuffled order, held by one worker."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="shards")
    start = models.PositiveIntegerField()
    stop = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=ShardState, default=ShardState.WAITING)
    holder = models.CharField(max_length=200, blank=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["run", "start"]
        constraints = [
            models.UniqueConstraint(fields=["run", "start"], name="shard_once_per_place"),
            models.CheckConstraint(condition=Q(stop__gt=F("start")), name="shard_not_empty"),
            models.CheckConstraint(
                condition=Q(state=ShardState.LEASED, lease_until__isnull=False)
                | (~Q(state=ShardState.LEASED) & Q(lease_until__isnull=True, holder="")),
                name="shard_leased_has_a_lease",
            ),
        ]
        indexes = [
            models.Index(
                fields=["run", "start"],
                condition=~Q(state=ShardState.DONE),
                name="shard_unfinished",
            )
        ]

    def __str__(self) -> str:
        return f"places {self.start} to {self.stop} of run {self.run_id}"
