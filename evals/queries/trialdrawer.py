"""One trial in full, beside what the other candidates made of the same sample."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.domain.prompts import PromptError, render
from evals.domain.specs import CandidateSpec, EndpointKind, Spec
from evals.models import HumanScore, Run, Sample, Trial
from evals.queries.humanscores import HumanCard, human_card
from evals.queries.trialcolumns import Beside, TrialColumn, trial_column


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffChoice:
    """What outputs may be compared with."""

    label: str
    query: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawer:
    """Everything that is known of one trial; `columns` begin with the baseline."""

    trial_id: int
    run_id: int
    title: str
    slices: tuple[str, ...]
    input: str
    others: tuple[tuple[str, str], ...]
    target: str
    system: str
    prompt: str
    prompt_note: str
    columns: tuple[TrialColumn, ...]
    missing: str
    diffs: tuple[DiffChoice, ...]
    human: HumanCard
    previous_url: str
    next_url: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Opened:
    """The trial that is open and what the address says of how; `queries` are one for each diff."""

    trial: Trial
    run: Run
    spec: Spec
    diff: str
    diff_queries: Mapping[str, str]
    query: str


def trial_drawer(opened: Opened, *, previous_url: str, next_url: str) -> Drawer:
    """Return the drawer's content, in two queries once the trial's sample is selected."""
    trial, spec = opened.trial, opened.spec
    sample, column = trial.sample, spec.eval_set.input
    candidate = spec.candidates[opened.run.position]
    prompt, note = _prompt(sample, spec, candidate)
    trials = _beside(opened)
    humans = list(
        HumanScore.objects.filter(trial__in=trials).select_related("created_by").order_by("-pk")
    )
    beside = Beside(spec=spec, opened=trial, humans=humans, query=opened.query)
    baseline = _baseline(trials, opened)
    diff = opened.diff or ("baseline" if baseline is not None and len(trials) > 1 else "target")
    against = {"target": sample.target, "baseline": (baseline and baseline.output) or None}
    columns = _columns(beside, trials, baseline, against.get(diff) if diff != "none" else None)
    return Drawer(
        trial_id=trial.pk,
        run_id=opened.run.pk,
        title=f"Row {sample.row:,}" + _epoch(trial, spec),
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
        columns=columns,
        missing=_missing(spec, columns),
        diffs=_diff_choices(opened, diff, baseline),
        human=human_card(spec, [h for h in humans if h.trial_id == trial.pk]),
        previous_url=previous_url,
        next_url=next_url,
    )


def _beside(opened: Opened) -> list[Trial]:
    """Return every candidate's trials of the sample, all repeats, the incumbent's first."""
    found = Trial.objects.filter(
        run__evaluation=opened.run.evaluation_id, sample=opened.trial.sample_id
    ).select_related("run")
    return sorted(found, key=lambda t: (not t.run.is_incumbent, t.run.position, t.epoch))


def _baseline(trials: Sequence[Trial], opened: Opened) -> Trial | None:
    """Return the incumbent's trial, else the first candidate's."""
    same = [trial for trial in trials if trial.epoch == opened.trial.epoch]
    return same[0] if same else None


def _columns(
    beside: Beside, trials: Sequence[Trial], baseline: Trial | None, against: str | None
) -> tuple[TrialColumn, ...]:
    columns = []
    is_from_baseline = baseline is not None and against is not None and against == baseline.output
    for trial in trials:
        if trial.epoch != beside.opened.epoch:
            continue
        repeats = [other for other in trials if other.run_id == trial.run_id]
        is_baseline = baseline is not None and trial.pk == baseline.pk and is_from_baseline
        columns.append(trial_column(beside, trial, repeats, None if is_baseline else against))
    return tuple(columns)


def _diff_choices(opened: Opened, diff: str, baseline: Trial | None) -> tuple[DiffChoice, ...]:
    name = opened.spec.candidates[baseline.run.position].name if baseline else ""
    labels = {"baseline": name, "target": "the target", "none": "nothing"}
    return tuple(
        DiffChoice(label=label, query=opened.diff_queries[choice], is_current=choice == diff)
        for choice, label in labels.items()
        if label
    )


def _missing(spec: Spec, columns: Sequence[TrialColumn]) -> str:
    there = {column.candidate.name for column in columns}
    names = [c.name for c in spec.candidates if c.name not in there]
    return f"Not asked about this sample: {', '.join(names)}." if names else ""


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
