"""The parts of a spec file: task, eval set, plan, and the whole that holds them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from evals.domain.prompts import column_template
from evals.domain.specbars import bar_problems, criterion
from evals.domain.speccandidates import candidate, candidate_problems
from evals.domain.specendpoints import HUB_NAME
from evals.domain.specnumbers import alpha, money, whole
from evals.domain.specproblems import Path
from evals.domain.specs import CandidateSpec, EvalSetSpec, PlanSpec, Spec, TaskSpec
from evals.domain.specscorers import scorer, scorer_problems
from evals.domain.specsections import Section
from evals.domain.specvalues import (
    Read,
    Value,
    any_text,
    flag,
    list_of,
    optional,
    text,
    text_up_to,
    texts,
)

DEFAULT_SPLIT = "test"
MOST_EPOCHS = 100


def _hub_name(value: Value) -> str:
    name = text(value)
    if name and not HUB_NAME.fullmatch(name):
        value.refuse("the name of a data set on the hub, such as org/name")
    return name


TASK: Mapping[str, Read] = {
    "name": text_up_to(200),
    "description": any_text,
    "interactive": optional(flag),
    "monthly_volume": optional(whole()),
    "failure_cost_usd": optional(money),
}
EVAL_SET: Mapping[str, Read] = {
    "file": optional(text),
    "hf": optional(_hub_name),
    "split": optional(text),
    "input": text,
    "target": text,
    "slices": texts,
    "cluster": optional(text),
}
PLAN: Mapping[str, Read] = {
    "alpha": alpha,
    "seed": whole(),
    "epochs": whole(minimum=1, maximum=MOST_EPOCHS),
    "stop_early": flag,
    "max_samples": optional(whole(minimum=1)),
    "skip_samples": whole(),
    "budget_usd": optional(money),
}


def task(value: Value) -> TaskSpec:
    """Read a task."""
    return TaskSpec(**Section(value).read(TASK, required=("name",)))


def eval_set(value: Value) -> EvalSetSpec:
    """Read where the rows come from and what their columns mean."""
    section = Section(value)
    read = section.read(EVAL_SET, required=("input", "target"))
    sources = [key for key in ("file", "hf") if section.has(key) and read[key] is not None]
    if len(sources) != 1:
        written = " and ".join(sources) or "neither file nor hf"
        section.note(f"found {written}, expected exactly one of file and hf")
    if sources == ["file"] and read.get("split") is not None:
        section.note("a file has no splits, expected it with hf only", key="split")
    if sources == ["hf"] and read.get("split") is None:
        read["split"] = DEFAULT_SPLIT
    return EvalSetSpec(**read)


def plan(value: Value) -> PlanSpec:
    """Read what is fixed before the first result."""
    return PlanSpec(**Section(value).read(PLAN))


SPEC: Mapping[str, Read] = {
    "task": task,
    "eval_set": eval_set,
    "scorers": list_of(scorer, noun="scorer"),
    "bar": list_of(criterion, noun="criterion"),
    "candidates": list_of(candidate, noun="candidate"),
    "incumbent": optional(text),
    "plan": plan,
}


def whole_spec(value: Value) -> Spec:
    """Read a whole spec; what its parts say about each other is checked afterwards."""
    required = ("task", "eval_set", "scorers", "bar", "candidates")
    spec = Spec(**Section(value).read(SPEC, required=required))
    prompt = column_template(spec.eval_set.input)
    return replace(
        spec, candidates=tuple(_with_prompt(candidate, prompt) for candidate in spec.candidates)
    )


def cross_problems(spec: Spec) -> Iterator[tuple[Path, str]]:
    """Yield what the parts of a spec say about each other and should not."""
    yield from scorer_problems(spec.scorers)
    yield from bar_problems(spec)
    yield from candidate_problems(spec)


def _with_prompt(candidate: CandidateSpec, prompt: str) -> CandidateSpec:
    if candidate.harness.prompt:
        return candidate
    return replace(candidate, harness=replace(candidate.harness, prompt=prompt))
