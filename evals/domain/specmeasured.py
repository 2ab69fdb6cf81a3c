"""Lines of a bar about what is measured: speed, money and errors."""

import math
from collections.abc import Iterator

from evals.domain.accepting import accepting_scorer
from evals.domain.measured import COST_PER_ACCEPTED, COSTS, ERROR_RATE
from evals.domain.metrics import FIRST_TOKEN_QUANTILES
from evals.domain.specproblems import Path
from evals.domain.specs import GRADED, CandidateSpec, Comparator, CriterionSpec, EndpointKind, Spec

# Hardware is paid by the hour, whatever it is asked about.
WHOLE_COST = "what an answer costs is known for all samples together"
STREAMING = frozenset({EndpointKind.OPENAI, EndpointKind.ANTHROPIC})


def measured_problems(line: CriterionSpec, spec: Spec, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield what is wrong with a line about something measured."""
    if line.comparator is not Comparator.AT_MOST and not math.isnan(line.threshold):
        found = line.comparator.value
        yield path, f"found {found} for {line.metric!r}, expected at_most: less is better"
    elif line.metric == ERROR_RATE:
        yield from share_problems(line, path)
    elif line.threshold < 0:
        yield path, f"found {line.threshold:g}, expected 0 or more"
    if line.slice and line.metric in COSTS:
        yield (
            (*path[:2], "slice"),
            f"found a slice for {line.metric!r}, expected none: {WHOLE_COST}",
        )
    if line.metric == COST_PER_ACCEPTED:
        yield from _accepted_problems(line, spec, path)


def share_problems(line: CriterionSpec, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield why a threshold is no share."""
    if line.threshold < 0 or line.threshold > 1:
        message = f"found {line.threshold:g}, expected a share between 0 and 1"
        is_percentage = 1 < line.threshold <= 100  # noqa: PLR2004
        yield path, message + (f": write {line.threshold / 100:g}" if is_percentage else "")


def streaming_problem(line: CriterionSpec, spec: Spec) -> str | None:
    """Return why the time to the first token cannot be known, None where it can be.

    The incumbent makes no claim, so its answers need not be streamed.
    """
    if line.metric not in FIRST_TOKEN_QUANTILES:
        return None
    others = [c for c in spec.candidates if c.name != spec.incumbent]
    whole = [c.name for c in others if not is_streamed(c)]
    if not whole:
        return None
    return (
        f"found {line.metric!r}, and the answers of {', '.join(map(repr, whole))} come in one "
        "piece, so that no first token is seen: expected endpoints with stream: true "
        "(openai, anthropic)"
    )


def is_streamed(candidate: CandidateSpec) -> bool:
    """Return whether the candidate's answers come piece by piece; a stand-in may pretend so."""
    endpoint = candidate.endpoint
    if endpoint.kind is EndpointKind.STAND_IN:
        return endpoint.simulation.get("ttft_seconds") is not None
    return endpoint.kind in STREAMING and (endpoint.stream or candidate.harness.stream)


def _accepted_problems(line: CriterionSpec, spec: Spec, path: Path) -> Iterator[tuple[Path, str]]:
    if line.threshold == 0:
        yield path, "found 0, expected dollars above 0: nothing is answered for nothing"
    if spec.scorers and (scorer := accepting_scorer(spec)) in GRADED:
        message = (
            f"found {line.metric!r} with {scorer!r}, expected a scorer of 0 and 1 in its place"
        )
        yield (*path[:2], "metric"), f"{message}: partial credit is no accepted answer"
