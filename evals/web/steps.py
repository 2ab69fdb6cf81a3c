"""The way from a new task to its first evaluation, shown on each of its pages."""

from dataclasses import dataclass

from django.urls import reverse

from evals.queries.preparation import Preparation


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of the way. `url` "": it cannot be gone to yet."""

    label: str
    url: str
    is_done: bool
    is_current: bool


def steps(current: str, so_far: Preparation | None = None) -> tuple[Step, ...]:
    """Return the way with what is done of it; without a task only its names."""
    stages = (
        ("task", "Task", "evals:task_edit", so_far is not None),
        ("eval_set", "Eval set", "evals:upload", bool(so_far and so_far.version_id)),
        ("bar", "Scorers and bar", "evals:bar_edit", bool(so_far and so_far.has_bar)),
        (
            "candidates",
            "Candidates",
            "evals:candidate_new",
            bool(so_far and so_far.has_candidates),
        ),
        (
            "evaluation",
            "Evaluation",
            "evals:evaluation_new",
            bool(so_far and so_far.has_evaluations),
        ),
    )
    return tuple(
        Step(label, _url(name, so_far), is_done=done, is_current=key == current)
        for key, label, name, done in stages
    )


def _url(name: str, so_far: Preparation | None) -> str:
    return reverse(name, args=[so_far.task_id]) if so_far else ""
