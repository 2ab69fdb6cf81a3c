"""The quality bar of a spec file: one criterion a line."""

import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from evals.domain.attempts import AttemptMetric
from evals.domain.measured import MEASURED
from evals.domain.specmeasured import measured_problems, share_problems
from evals.domain.specnodes import ScalarKind, Table
from evals.domain.specnumbers import alpha, number
from evals.domain.specproblems import Path, one_of_with_hint
from evals.domain.specs import GRADED, Comparator, CriterionSpec, Spec
from evals.domain.specsections import Section
from evals.domain.specunbuilt import is_not_built, not_built
from evals.domain.specvalues import Read, Value, flag, optional, text

INCUMBENT = "incumbent"
# Within 0 would be met by proof of being better alone, never by being as good.
MARGIN = "a margin above 0 and below 1: 0.03 is three points, 0 would ask for proof of being better"


def _of(value: Value) -> str:
    if (written := text(value)) and written != INCUMBENT:
        value.refuse(INCUMBENT)
    return written


def _slice(value: Value) -> Mapping[str, str]:
    section = Section(value)
    if isinstance(value.node, Table) and not section.keys():
        value.note("found no column, expected at least one; without slice it is about all samples")
    columns = section.keys()
    return MappingProxyType({column: _slice_value(section.item(column)) for column in columns})


def _slice_value(value: Value) -> str:
    """Read a number or a flag as it is written, which is how a file of texts has it."""
    written = value.written(ScalarKind.FLAG)
    return text(value) if written is None else written


CRITERION: Mapping[str, Read] = {
    "metric": text,
    "slice": optional(_slice),
    "at_least": number(),
    "at_most": number(),
    "within": number(MARGIN, lambda margin: 0 < margin < 1),
    "of": _of,
    "alpha": optional(alpha),
    "advisory": flag,
}


def criterion(value: Value) -> CriterionSpec:
    """Read one line of a bar."""
    section = Section(value, noun="criterion")
    read = section.read(CRITERION, required=("metric",))
    given = section.given(*Comparator)
    _note_comparators(section, given)
    comparator = Comparator(given[0]) if given else Comparator.AT_LEAST
    return CriterionSpec(
        metric=read["metric"],
        comparator=comparator,
        threshold=read[comparator] if len(given) == 1 else math.nan,
        advisory=read.get("advisory", False),
        slice=read.get("slice"),
        alpha=read.get("alpha"),
    )


def _note_comparators(section: Section, given: list[str]) -> None:
    if given == [Comparator.AT_LEAST, Comparator.AT_MOST]:
        section.note("found both at_least and at_most, which contradict each other; expected one")
    elif len(given) > 1:
        section.note(f"found {', '.join(given)}; expected one: write each as a line of its own")
    elif not given:
        section.note("found no threshold, expected at_least, at_most or within")
    if section.has("of") and Comparator.WITHIN not in given:
        section.note("found of without within, expected within: a margin", key="of")


def bar_problems(spec: Spec) -> Iterator[tuple[Path, str]]:
    """Yield what is wrong with a bar beside the scorers, the eval set and the incumbent."""
    scorers = [scorer.name for scorer in spec.scorers if scorer.name]
    for index, line in enumerate(spec.bar):
        path: Path = ("bar", index, line.comparator.value)
        if line.metric in MEASURED:
            yield from measured_problems(line, spec, path)
        elif line.metric in scorers:
            yield from share_problems(line, path)
        elif attempts := AttemptMetric.of(line.metric):
            yield from share_problems(line, path)
            yield from _attempt_problems(line, attempts, spec, ("bar", index, "metric"))
        elif line.metric and scorers:
            yield ("bar", index, "metric"), _unknown(line.metric, (*scorers, *MEASURED))
        yield from _slice_problems(line, spec, ("bar", index, "slice"))
        if line.comparator is Comparator.WITHIN and spec.incumbent is None:
            yield path, _no_incumbent(line)


def _attempt_problems(
    line: CriterionSpec, attempts: AttemptMetric, spec: Spec, path: Path
) -> Iterator[tuple[Path, str]]:
    """Yield why the plan or the first scorer cannot say how often k attempts pass."""
    if attempts.k > (epochs := spec.plan.epochs):
        asked = f"found {line.metric!r} in a plan that asks each sample {epochs} times"
        yield path, f"{asked}, expected plan.epochs of {attempts.k} at least"
    if spec.scorers and spec.scorers[0].name in GRADED:
        first = spec.scorers[0].name
        yield path, f"found {line.metric!r} of {first!r}, expected a first scorer of 0 and 1"


def _slice_problems(line: CriterionSpec, spec: Spec, path: Path) -> Iterator[tuple[Path, str]]:
    known = spec.eval_set.slices
    for column in line.slice or {}:
        if spec.eval_set.input and column not in known:
            expected = (
                one_of_with_hint(column, known) if known else "expected a name in eval_set.slices"
            )
            message = f"found {column!r}, which is no slice of the eval set, {expected}"
            yield (*path, column), message


def _no_incumbent(line: CriterionSpec) -> str:
    return (
        f"found a margin for {line.metric!r} against an incumbent and no incumbent, "
        "expected the name of a candidate in incumbent"
    )


def _unknown(metric: str, known: tuple[str, ...]) -> str:
    if is_not_built("metric", metric):
        return f"metric {not_built(metric)}, {one_of_with_hint('', known)}"
    return f"unknown metric {metric!r}, {one_of_with_hint(metric, known)}"
