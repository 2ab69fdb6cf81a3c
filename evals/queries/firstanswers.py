"""The answers that a run stored first."""

from evals.domain.smoke import SMOKE_SAMPLES, FirstAnswer
from evals.domain.trials import TrialState
from evals.models import Trial


def first_answers(run_id: int, *, scorer: str) -> list[FirstAnswer]:
    """Return as many of the run's answers as the smoke stage reads, in the order of storing."""
    stored = Trial.objects.filter(run_id=run_id).order_by("pk")
    columns = ("state", "scores", "answer", "finish_reason", "error")
    return [
        FirstAnswer(
            state=TrialState(trial.state),
            score=trial.scores[scorer],
            answer=trial.answer,
            finish_reason=trial.finish_reason,
            error=trial.error,
        )
        for trial in stored.only(*columns)[:SMOKE_SAMPLES]
    ]
