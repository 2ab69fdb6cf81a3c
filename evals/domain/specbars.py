"""The quality bar of a spec file: one criterion a line."""

import math
from collections.abc import Iterator

from evals.domain.specnumbers import number
from evals.domain.specproblems import Path, one_of_with_hint
from evals.domain.specs import Comparator, CriterionSpec, Spec
from evals.domain.specsections import Section
from evals.domain.specunbuilt import is_not_built, not_built
from evals.domain.specvalues import Value, flag, text

# Beside these, every scorer is a metric of its name.
MEASURED = (
    "latency_p50_seconds",
    "latency_p95_seconds",
    "latency_p99_seconds",
    "cost_per_1k_usd",
)
CRITERION = {"metric": text, "at_least": number(), "at_most": number(), "advisory": flag}


def criterion(value: Value) -> CriterionSpec:
    """Read one line of a bar."""
    section = Section(value, noun="criterion")
    read = section.read(CRITERION, required=("metric",))
    given = section.given(*Comparator)
    if len(given) > 1:
        section.note("found both at_least and at_most, which contradict each other; expected one")
    if not given and not section.given("within", "slice"):
        section.note("found no threshold, expected at_least or at_most")
    comparator = Comparator(given[0]) if given else Comparator.AT_LEAST
    threshold = read[comparator] if len(given) == 1 else math.nan
    return CriterionSpec(
        metric=read["metric"],
        comparator=comparator,
        threshold=threshold,
        advisory=read.get("advisory", False),
    )


def bar_problems(spec: Spec) -> Iterator[tuple[Path, str]]:
    """Yield what is wrong with a bar beside the scorers it speaks of."""
    scorers = [scorer.name for scorer in spec.scorers if scorer.name]
    for index, line in enumerate(spec.bar):
        path: Path = ("bar", index, line.comparator.value)
        if line.metric in MEASURED:
            yield from _measured_problems(line, path)
        elif line.metric in scorers:
            yield from _share_problems(line, path)
        elif line.metric and scorers:
            yield ("bar", index, "metric"), _unknown(line.metric, (*scorers, *MEASURED))


def _measured_problems(line: CriterionSpec, path: Path) -> Iterator[tuple[Path, str]]:
    if line.comparator is not Comparator.AT_MOST and not math.isnan(line.threshold):
        yield path, f"found at_least for {line.metric!r}, expected at_most: less is better"
    elif line.threshold < 0:
        yield path, f"found {line.threshold:g}, expected 0 or more"


def _share_problems(line: CriterionSpec, path: Path) -> Iterator[tuple[Path, str]]:
    if line.threshold < 0 or line.threshold > 1:
        message = f"found {line.threshold:g}, expected a share between 0 and 1"
        is_percentage = 1 < line.threshold <= 100  # noqa: PLR2004
        yield path, message + (f": write {line.threshold / 100:g}" if is_percentage else "")


def _unknown(metric: str, known: tuple[str, ...]) -> str:
    if is_not_built("metric", metric):
        return f"metric {not_built(metric)}, {one_of_with_hint('', known)}"
    return f"unknown metric {metric!r}, {one_of_with_hint(metric, known)}"
