"""Bars that no evidence could keep, and prices that say two things: refused beforehand.

What was stored before it could be refused still stands in old evaluations, which must stay
readable; so these are judged when a spec is handed in, and not when a stored one is read back.
"""

from collections.abc import Iterator
from itertools import combinations

from evals.domain.measured import ERROR_RATE, MEASURED
from evals.domain.specmeasured import streaming_problem
from evals.domain.specproblems import Path, SpecProblem
from evals.domain.specs import Comparator, CriterionSpec, PlanSpec, PriceSpec, Spec

MANY = 1000  # samples, for an example


def check_promises(spec: Spec) -> tuple[SpecProblem, ...]:
    """Return what is wrong with the promises of a stored bar that is to be used anew."""
    found = promise_problems(spec)
    return tuple(SpecProblem(path=path, message=message) for path, message in found)


def promise_problems(spec: Spec) -> Iterator[tuple[Path, str]]:
    """Yield the lines of a bar that nothing can meet, and those that are there twice."""
    for index, line in enumerate(spec.bar):
        path: Path = ("bar", index, line.comparator.value)
        is_share = line.metric == ERROR_RATE or line.metric not in MEASURED
        if is_share and (message := _unprovable(line, spec.plan)):
            yield path, message
        if message := streaming_problem(line, spec):
            yield ("bar", index, "metric"), message
        if line.required and line.alpha is not None and line.alpha > spec.plan.alpha:
            yield ("bar", index, "alpha"), _loose_alpha(line.alpha, spec.plan)
    yield from _mixed_prices(spec)
    for (first, line), (second, other) in combinations(enumerate(spec.bar), 2):
        if _same_samples(line, other) and (message := _at_odds(line, other, spec.plan)):
            yield ("bar", second, other.comparator.value), f"{message} bar[{first}]"


def _mixed_prices(spec: Spec) -> Iterator[tuple[Path, str]]:
    for index, candidate in enumerate(spec.candidates):
        if candidate.price and (message := _mixed_price(candidate.price)):
            yield ("candidates", index, "price"), message


def _mixed_price(price: PriceSpec) -> str | None:
    """Return why nobody could tell which of two prices was meant."""
    if price.catalogue is None or not price.has_figures or price.dated_on is not None:
        return None
    return (
        f"found catalogue {price.catalogue!r} and figures beside it, expected one of them, or with "
        "dated_on the day on which the figures were taken from the catalogue"
    )


def _unprovable(line: CriterionSpec, plan: PlanSpec) -> str | None:
    """Return why no number of samples settles a rate that has no room for doubt."""
    most = float((line.alpha or plan.alpha) ** (1 / MANY))
    if line.comparator is Comparator.AT_LEAST and line.threshold == 1:
        return (
            "found 1, which no number of samples can prove, expected less: n samples that all "
            f"pass prove alpha ** (1 / n), {MANY:,} prove {most:.3f}"
        )
    if line.comparator is Comparator.AT_MOST and line.threshold == 0:
        return (
            "found 0, which no number of samples can prove, expected more: n samples that all "
            f"score 0 prove 1 - alpha ** (1 / n), {MANY:,} prove {1 - most:.3f}"
        )
    return None


def _loose_alpha(alpha: float, plan: PlanSpec) -> str:
    return (
        f"found {alpha:g}, expected at most the plan's alpha, {plan.alpha:g}, which is the risk "
        "of a wrong GO as a whole; an advisory line may have more"
    )


def _same_samples(line: CriterionSpec, other: CriterionSpec) -> bool:
    return line.metric == other.metric and dict(line.slice or {}) == dict(other.slice or {})


def _at_odds(line: CriterionSpec, other: CriterionSpec, plan: PlanSpec) -> str | None:
    """Return why two lines about the same samples cannot stand beside each other."""
    if line.comparator is other.comparator:
        alphas = {line.alpha or plan.alpha, other.alpha or plan.alpha}
        is_same = line.threshold == other.threshold and len(alphas) == 1
        return "found the same twice, expected each once: it is" if is_same else None
    bounds = {line.comparator: line.threshold, other.comparator: other.threshold}
    if Comparator.WITHIN in bounds or line.advisory or other.advisory:
        return None
    least, most = bounds[Comparator.AT_LEAST], bounds[Comparator.AT_MOST]
    if least < most:
        return None
    return f"found at_least {least:g} and at_most {most:g}, which nothing can meet, beside"
