"""What failed in an evaluation, and what asking it again would mean."""

from dataclasses import dataclass

from django.db.models import Count

from evals.domain.trials import TrialState
from evals.models import Evaluation, Run, Trial
from evals.queries import figures

FAILURES = {
    TrialState.INFRA_ERROR: "no reply could be had: network, time-out, server error",
    TrialState.SCORER_ERROR: "an answer that no scorer could score",
    TrialState.MODEL_ERROR: "the endpoint refused the request itself",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPage:
    """What can be asked again. `never_asked` trials of a closed evaluation are asked then too."""

    evaluation_id: int
    number: int
    task_id: int
    task_name: str
    is_closed: bool
    never_asked: str
    choices: tuple[tuple[str, str], ...]


def retry_page(evaluation: Evaluation) -> RetryPage:
    """Return the failures by kind, in two queries; select the evaluation's task beforehand."""
    counts = _counts(evaluation)
    runs = Run.objects.filter(evaluation=evaluation).count()
    missing = evaluation.sample_count * evaluation.epochs * runs - sum(counts.values())
    is_closed = evaluation.finished_at is not None
    return RetryPage(
        evaluation_id=evaluation.pk,
        number=evaluation.number,
        task_id=evaluation.task_id,
        task_name=evaluation.task.name,
        is_closed=is_closed,
        never_asked=figures.plural(missing, "trial") if is_closed and missing else "",
        choices=tuple(
            (state.value, f"{figures.plural(counts[state.value], 'trial')}: {words}")
            for state, words in FAILURES.items()
            if counts.get(state.value)
        ),
    )


def can_retry(evaluation: Evaluation, *, failed: int) -> bool:
    """Return whether a person may have the failures asked again from the browser.

    Once closed, the command line's are its command's: only it may use that machine's keys.
    """
    is_commands = evaluation.finished_at is not None and evaluation.identity is not None
    return bool(failed) and not is_commands


def _counts(evaluation: Evaluation) -> dict[str, int]:
    rows = Trial.objects.filter(run__evaluation=evaluation).values_list("state")
    return dict(rows.annotate(Count("pk")).order_by())
