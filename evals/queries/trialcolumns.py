"""What one candidate made of a sample: a column of the drawer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse

from evals.domain.specs import GRADED, Spec
from evals.domain.trials import TRUNCATED, TrialState
from evals.domain.worddiffs import Piece, word_diff
from evals.models import HumanScore, Trial
from evals.queries import figures
from evals.queries.outcomes import CandidateName, candidate_name
from evals.queries.trialcosts import cost_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLine:
    """One scorer's word on the output, and a person's beside it."""

    name: str
    value: str
    state: str
    answer: str
    explanation: str
    human: str
    human_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """One attempt of a strip of repeats."""

    number: int
    state: str
    word: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialColumn:
    """One candidate's trial in full. `pieces` are the output as it differs, empty for no diff."""

    candidate: CandidateName
    url: str
    is_open: bool
    output: str
    pieces: tuple[Piece, ...]
    is_same: bool
    output_note: str
    state: str
    answer: str
    scores: tuple[ScoreLine, ...]
    facts: tuple[tuple[str, str], ...]
    error: str
    is_truncated: bool
    repeats: tuple[Repeat, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Beside:
    """What all columns share."""

    spec: Spec
    opened: Trial
    humans: Sequence[HumanScore]
    query: str


def trial_column(
    beside: Beside, trial: Trial, repeats: Sequence[Trial], against: str | None
) -> TrialColumn:
    """Return the column of a trial whose run is selected; `against` None compares with nothing."""
    candidate = beside.spec.candidates[trial.run.position]
    scores = tuple(_score(beside, trial, scorer.name) for scorer in beside.spec.scorers)
    output = trial.output or ""
    is_compared = against is not None and bool(output)
    pieces = word_diff(against or "", output) if is_compared and against != output else None
    return TrialColumn(
        candidate=candidate_name(candidate, is_incumbent=trial.run.is_incumbent),
        url=_url(trial, beside.query),
        is_open=trial.pk == beside.opened.pk,
        output=output,
        pieces=pieces or (),
        is_same=is_compared and against == output,
        output_note=_output_note(trial),
        state=scores[0].state,
        answer=trial.answer if trial.answer is not None else "",
        scores=scores,
        facts=(("Cost", str(cost_of(trial, candidate))), *_facts(trial)),
        error=trial.error,
        is_truncated=trial.finish_reason in TRUNCATED,
        repeats=tuple(_repeat(beside, each) for each in repeats) if len(repeats) > 1 else (),
    )


def _url(trial: Trial, query: str) -> str:
    return reverse("evals:trial", args=[trial.run_id, trial.pk]) + query


def _repeat(beside: Beside, trial: Trial) -> Repeat:
    metric = beside.spec.scorers[0].name
    state = score_state(trial.scores.get(metric), is_graded=metric in GRADED)
    words = {"met": "right", "missed": "wrong"}
    return Repeat(
        number=trial.epoch + 1,
        state=state,
        word=words.get(state) or trial.state.replace("_", " "),
        url=_url(trial, beside.query),
        is_current=trial.epoch == beside.opened.epoch,
    )


def score_state(value: float | None, *, is_graded: bool = False) -> str:
    """Return met for a full score, missed for none, "" for unknown and for partial credit."""
    if value is None:
        return ""
    if value == 1:
        return "met"
    return "missed" if not value or not is_graded else ""


def _score(beside: Beside, trial: Trial, name: str) -> ScoreLine:
    value: float | None = trial.scores.get(name)
    said: Mapping[str, str] = trial.details.get(name, {})
    human = next(
        (
            score
            for score in beside.humans
            if score.trial_id == trial.pk and score.scorer == name and score.withdrawn_at is None
        ),
        None,
    )
    return ScoreLine(
        name=figures.metric_label(name),
        value="not scored" if value is None else f"{value:g}",
        state=score_state(value, is_graded=True),
        answer=said.get("answer", ""),
        explanation=said.get("explanation", ""),
        human="" if human is None else f"{human.value:g}",
        human_by="" if human is None else str(human.created_by or "somebody who has left"),
    )


def _output_note(trial: Trial) -> str:
    if trial.output:
        return ""
    if trial.details.get("erased"):
        return "Deleted: the team keeps answers for some time only. The scores are as they were."
    if trial.state == TrialState.NO_ANSWER:
        return "No answer came: it counts as wrong, and apart from wrong answers."
    return "Nothing came back." if trial.output is None else "An empty answer came back."


def _facts(trial: Trial) -> tuple[tuple[str, str], ...]:
    facts = [
        ("State", trial.state.replace("_", " ") + (", reused" if trial.is_reused else "")),
        ("Input tokens", figures.count(trial.input_tokens)),
        ("Output tokens", figures.count(trial.output_tokens)),
        ("Latency", figures.seconds(trial.latency_seconds)),
        ("Attempts", figures.count(trial.attempts)),
        ("Finish reason", trial.finish_reason or figures.UNKNOWN),
    ]
    optional = [
        ("Cached tokens", trial.cached_tokens, figures.count),
        ("Tokens put into the cache", trial.cache_write_tokens, figures.count),
        ("Reasoning tokens", trial.reasoning_tokens, figures.count),
    ]
    facts += [(label, shown(value)) for label, value, shown in optional if value is not None]
    if trial.ttft_seconds is not None:
        facts.append(("Time to first token", figures.seconds(trial.ttft_seconds)))
    return tuple(facts)
