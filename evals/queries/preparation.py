"""What a task has already of all that an evaluation needs."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Subquery

from evals.models import (
    Candidate,
    EvalSetVersion,
    Evaluation,
    QualityBar,
    Sample,
    ScorerSet,
    Task,
)
from evals.models.evalsets import sample_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """How far a task is on its way to an evaluation; None: there is no version yet."""

    task_id: int
    task_name: str
    version_id: int | None
    has_bar: bool
    has_candidates: bool
    has_evaluations: bool

    @property
    def is_ready(self) -> bool:
        """Whether an evaluation can start."""
        return self.version_id is not None and self.has_bar and self.has_candidates


def preparation(task: Task) -> Preparation:
    """Return what the task has, in one query."""
    mine = OuterRef("pk")
    bars, scorers = QualityBar.objects.filter(task=mine), ScorerSet.objects.filter(task=mine)
    candidates = Candidate.objects.filter(task=mine, archived_at__isnull=True)
    versions = EvalSetVersion.objects.filter(eval_set__task=mine).order_by("-pk")
    found = (
        Task.objects.filter(pk=task.pk)
        .annotate(
            version_id=Subquery(versions.values("pk")[:1]),
            has_bar=Exists(bars),
            has_scorers=Exists(scorers),
            has_candidates=Exists(candidates),
            has_evaluations=Exists(Evaluation.objects.filter(task=mine)),
        )
        .get()
    )
    return Preparation(
        task_id=task.pk,
        task_name=task.name,
        version_id=found.version_id,
        has_bar=found.has_bar and found.has_scorers,
        has_candidates=found.has_candidates,
        has_evaluations=found.has_evaluations,
    )


def latest_version(task: Task) -> EvalSetVersion | None:
    """Return the eval-set version that was stored last."""
    versions = EvalSetVersion.objects.filter(eval_set__task=task).select_related("eval_set")
    return versions.order_by("-pk").first()


def first_sample(version: EvalSetVersion) -> Sample:
    """Return the sample that prompts are shown with."""
    return Sample.objects.get(pk=sample_id(version.pk, 0))
