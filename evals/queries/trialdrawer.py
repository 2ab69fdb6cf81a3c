"""One trial in full: what was asked, what came back, and how it was scored."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evals.domain.prompts import PromptError, render
from evals.domain.specs import CandidateSpec, EndpointKind, Spec
from evals.domain.trials import TRUNCATED, TrialState
from evals.models import Sample, Trial
from evals.queries import figures


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLine:
    """One scorer's word on the output."""

    name: str
    value: str
    state: str
    answer: str
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawer:
    """Everything that is known of one trial."""

    trial_id: int
    title: str
    slices: tuple[str, ...]
    input: str
    others: tuple[tuple[str, str], ...]
    target: str
    system: str
    prompt: str
    prompt_note: str
    output: str
    output_note: str
    state: str
    answer: str
    scores: tuple[ScoreLine, ...]
    facts: tuple[tuple[str, str], ...]
    error: str
    is_truncated: bool
    is_simulated: bool
    previous_url: str
    next_url: str


def trial_drawer(
    trial: Trial, *, spec: Spec, candidate: CandidateSpec, previous_url: str, next_url: str
) -> Drawer:
    """Return the drawer's content, in no query once the trial's sample is selected."""
    sample, column = trial.sample, spec.eval_set.input
    prompt, note = _prompt(sample, spec, candidate)
    scores = _scores(trial, spec)
    return Drawer(
        trial_id=trial.pk,
        title=f"Row {figures.count(sample.row)}" + _epoch(trial, spec),
        slices=tuple(f"{name}: {value}" for name, value in sample.slices.items()),
        input=_text(sample.input.get(column)),
        others=tuple(
            (name, _text(value))
            for name, value in sample.input.items()
            if name not in {column, spec.eval_set.target}
        ),
        target=sample.target,
        system=candidate.harness.system or "",
        prompt=prompt,
        prompt_note=note,
        output=trial.output or "",
        output_note=_output_note(trial),
        state=scores[0].state,
        answer=trial.answer if trial.answer is not None else "",
        scores=scores,
        facts=_facts(trial),
        error=trial.error,
        is_truncated=trial.finish_reason in TRUNCATED,
        is_simulated=candidate.is_simulated,
        previous_url=previous_url,
        next_url=next_url,
    )


def _epoch(trial: Trial, spec: Spec) -> str:
    return f", repeat {trial.epoch + 1} of {spec.plan.epochs}" if spec.plan.epochs > 1 else ""


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


def _prompt(sample: Sample, spec: Spec, candidate: CandidateSpec) -> tuple[str, str]:
    """Return the prompt as it was rendered, and what to know about it."""
    if candidate.endpoint.kind is EndpointKind.RECORDED:
        return "", "The answer was recorded before; this prompt was not sent."
    try:
        rendered = render(candidate.harness.prompt, sample.input, target=spec.eval_set.target)
    except PromptError as error:
        return "", str(error)
    return rendered, ""


def _output_note(trial: Trial) -> str:
    if trial.output:
        return ""
    if trial.details.get("erased"):
        return "Deleted: the team keeps answers for some time only. The scores are as they were."
    if trial.state == TrialState.NO_ANSWER:
        return "No answer came: it counts as wrong, and apart from wrong answers."
    return "Nothing came back." if trial.output is None else "An empty answer came back."


def _scores(trial: Trial, spec: Spec) -> tuple[ScoreLine, ...]:
    return tuple(_score(trial, scorer.name) for scorer in spec.scorers)


def _score(trial: Trial, name: str) -> ScoreLine:
    value: float | None = trial.scores.get(name)
    said: Mapping[str, str] = trial.details.get(name, {})
    return ScoreLine(
        name=figures.metric_label(name),
        value="not scored" if value is None else f"{value:g}",
        state={1.0: "met", 0.0: "missed"}.get(value, "") if value is not None else "",
        answer=said.get("answer", ""),
        explanation=said.get("explanation", ""),
    )


def _facts(trial: Trial) -> tuple[tuple[str, str], ...]:
    facts = [
        ("State", trial.state.replace("_", " ")),
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
