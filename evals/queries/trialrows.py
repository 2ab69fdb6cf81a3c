"""One trial as a row of a table."""

from dataclasses import dataclass

from evals.domain.specs import GRADED
from evals.domain.trials import TRUNCATED, TrialState
from evals.models import Trial
from evals.queries import figures
from evals.queries.runview import EXCERPT, RunView

FAILED = {
    TrialState.NO_ANSWER.value: "no answer",
    TrialState.MODEL_ERROR.value: "model error",
    TrialState.INFRA_ERROR.value: "infra error",
    TrialState.SCORER_ERROR.value: "scorer error",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRow:
    """One trial of the table. `state` is met, missed, or "" for a graded or missing score."""

    pk: int
    row: str
    input: str
    target: str
    answer: str
    state: str
    word: str
    score: str
    latency: str
    first_token: str
    tokens: str
    is_truncated: bool
    is_current: bool


def trial_row(view: RunView, trial: Trial, current: Trial | None) -> TrialRow:
    """Return the row of a trial that `page_of` gave."""
    score = trial.scores.get(view.metric)
    state = _state(view, trial, score)
    answer = trial.answer if trial.answer is not None else trial.said  # type: ignore[attr-defined]
    tokens = (trial.input_tokens, trial.output_tokens)
    return TrialRow(
        pk=trial.pk,
        row=figures.count(trial.sample.row),
        input=trial.excerpt or "",  # type: ignore[attr-defined]
        target=trial.sample.target[:EXCERPT],
        answer=FAILED.get(trial.state) or (answer or "")[:EXCERPT],
        state=state,
        word={"met": "right", "missed": "wrong"}.get(state, ""),
        score=figures.UNKNOWN if score is None else f"{score:g}",
        latency=figures.seconds(trial.latency_seconds),
        first_token=_first_token(trial),
        tokens=figures.UNKNOWN if None in tokens else f"{tokens[0]:,} + {tokens[1]:,}",
        is_truncated=trial.finish_reason in TRUNCATED,
        is_current=current is not None and trial.pk == current.pk,
    )


def _first_token(trial: Trial) -> str:
    return "" if trial.ttft_seconds is None else f"first {figures.seconds(trial.ttft_seconds)}"


def _state(view: RunView, trial: Trial, score: float | None) -> str:
    if trial.state != TrialState.OK or score is None:
        return ""
    if score == 1:
        return "met"
    return "" if view.metric in GRADED and score else "missed"
