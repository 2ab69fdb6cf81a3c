"""What an evaluation will take and can resolve, as the page and `viability plan` say it."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from evals.domain.evaluationplan import EvaluationPlan, UnknownResolution
from evals.domain.planning import BYTES_PER_TOKEN, Asking, CandidatePlan
from evals.domain.planwarnings import PlanWarning, plan_warnings
from evals.domain.rateresolution import RateResolution
from evals.domain.specs import Comparator
from evals.queries import figures
from evals.queries.plancriteria import (
    PlanCriterion,
    assumed_truth,
    counted,
    criterion_title,
    plan_criterion,
    resolution_words,
)

USUAL_RATE = 0.8  # for the sentence on top where no bar on a score says one
EN_DASH = "\N{EN DASH}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """What one candidate takes, as expected and at worst."""

    name: str
    requests: str
    input_tokens: str
    output_tokens: str
    usd: str
    time: str
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCard:
    """Everything that is known before a cent is spent, in words."""

    headline: str
    rows: str
    notes: tuple[str, ...]
    criteria: tuple[PlanCriterion, ...]
    candidates: tuple[PlanLine, ...]
    total: str
    basis: tuple[str, ...]
    warnings: tuple[str, ...]


def plan_card(plan: EvaluationPlan) -> PlanCard:
    """Return a plan in words."""
    return PlanCard(
        headline=f"{resolution_words(plan.rows.asked, _usual_rate(plan))}.",
        rows=_rows(plan),
        notes=tuple(_notes(plan)),
        criteria=tuple(plan_criterion(each, plan) for each in plan.resolutions),
        candidates=tuple(plan_line(candidate) for candidate in plan.candidates),
        total=_total(plan),
        basis=tuple(_basis(plan)),
        warnings=tuple(_warning(warning) for warning in plan_warnings(plan)),
    )


def _usual_rate(plan: EvaluationPlan) -> float:
    bars = (
        each.share
        for each in plan.resolutions
        if isinstance(each, RateResolution) and each.criterion.comparator is Comparator.AT_LEAST
    )
    return next(bars, USUAL_RATE)


def _rows(plan: EvaluationPlan) -> str:
    """Return "50 of 60 samples, each 2 times"."""
    rows, epochs = plan.rows, plan.terms.epochs
    times = f", each {epochs} times" if epochs > 1 else ""
    samples = figures.plural(rows.total, "sample")
    return f"{figures.count(rows.asked.samples)} of {samples}{times}"


def _notes(plan: EvaluationPlan) -> Iterator[str]:
    terms, group = plan.terms, plan.rows.asked
    if group.clusters is not None:
        yield f"Clusters count, not rows: here {counted(group)}, judged as one figure a cluster."
    if terms.epochs > 1:
        yield "Asking again tells more about a row, but adds no rows: the rows count."
    if terms.challengers > 1:
        yield _shared_risk(plan)
    if terms.stop_early:
        yield "Runs stop as soon as the evidence settles every required line of the bar."
        yield _expectation(plan)
    else:
        yield "The bar is read once, when all samples are in."


def _shared_risk(plan: EvaluationPlan) -> str:
    k, alpha = plan.terms.challengers, plan.terms.alpha
    if plan.terms.stop_early:
        return (
            f"{k} candidates share the risk of a wrong GO: each needs evidence of {k / alpha:,.0f} "
            f"to 1 for GO, and {1 / alpha:,.0f} to 1 for NO-GO."
        )
    return (
        f"{k} candidates share the risk of a wrong GO (Holm's rule): the first has to clear "
        f"{alpha / k:.3g}, which the figures here take for all, and the last {alpha:g}."
    )


def _expectation(plan: EvaluationPlan) -> str:
    settled = plan.settling_samples
    about = figures.UNKNOWN if settled is None else figures.plural(settled, "sample")
    truths = [
        assumed_truth(each)
        for each in plan.resolutions
        if each.criterion.required and not isinstance(each, UnknownResolution)
    ]
    condition = f", if it {' and '.join(truths)}" if truths else ""
    return f"Expected: about {about} a candidate{condition}."


def plan_line(candidate: CandidatePlan) -> PlanLine:
    """Return what one candidate takes, in words."""
    expected, worst = candidate.expected, candidate.worst
    mark = " (simulated)" if candidate.is_simulated else ""
    return PlanLine(
        name=f"{candidate.name}{mark}",
        requests=_range(figures.count(expected.requests), figures.count(worst.requests)),
        input_tokens=_range(
            figures.count(expected.input_tokens), figures.count(worst.input_tokens)
        ),
        output_tokens=_range(
            figures.count(expected.output_tokens), figures.count(worst.output_tokens)
        ),
        usd=_range(_usd(expected.usd), _usd(worst.usd)),
        time=_range(_time(expected), _time(worst)),
        basis=_measured(candidate),
    )


def _measured(candidate: CandidatePlan) -> str:
    measured, seconds = candidate.measured, figures.seconds(candidate.latency_seconds)
    if candidate.is_recorded:
        return "recorded answers: nobody is asked"
    if measured is None:
        return f"not measured yet: {seconds} an answer {_origin(candidate)}"
    trials = figures.plural(measured.trials, "trial")
    return f"measured over {trials} before: {seconds} an answer"


def _origin(candidate: CandidatePlan) -> str:
    return "simulated" if candidate.is_simulated else "assumed"


def _total(plan: EvaluationPlan) -> str:
    """Return requests, dollars and minutes of all candidates in a sentence."""
    expected = [candidate.expected for candidate in plan.candidates]
    worst = [candidate.worst for candidate in plan.candidates]
    requests = _range(_requests(expected), _requests(worst))
    budget = "no cap" if plan.budget_usd is None else f"capped at {figures.usd(plan.budget_usd)}"
    return f"Together {requests} requests; {_cost(plan)} ({budget}); {_together(expected, worst)}."


def _together(expected: list[Asking], worst: list[Asking]) -> str:
    side = max((asking.seconds or 0.0 for asking in expected), default=0.0)
    after = sum(asking.seconds or 0.0 for asking in worst)
    return (
        f"{figures.duration(side)} if they run side by side, {figures.duration(after)} if one "
        "after the other at worst"
    )


def _basis(plan: EvaluationPlan) -> Iterator[str]:
    yield (
        f"Ranges go from expected to worst. Tokens in come from the prompts of {plan.probed:,} "
        f"samples: {BYTES_PER_TOKEN} bytes a token expected, 2 bytes at worst."
    )
    yield (
        "Tokens out are max_tokens where nothing was measured, and always at worst. Requests that "
        "fail and are sent again are not counted."
    )
    if plan.unpriced:
        names = ", ".join(plan.unpriced)
        known = figures.usd(plan.known_worst_usd)
        yield f"Not known beforehand: what {names} costs. The others cost {known} at worst."


def _warning(warning: PlanWarning) -> str:
    about = "" if warning.criterion is None else f"{criterion_title(warning.criterion)}: "
    text = f"{about}{warning.text}."
    return text[0].upper() + text[1:]


def _requests(askings: list[Asking]) -> str:
    return figures.count(sum(asking.requests for asking in askings))


def _time(asking: Asking) -> str:
    return figures.duration(asking.seconds) if asking.requests else "none"


def _cost(plan: EvaluationPlan) -> str:
    if plan.expected_usd is None and plan.worst_usd is None:
        return "cost unknown"
    return _range(_usd(plan.expected_usd), _usd(plan.worst_usd))


def _usd(value: Decimal | None) -> str:
    return "unknown" if value is None else figures.usd(value)


def _range(expected: str, worst: str) -> str:
    """Return both with a dash between them, one where both are the same."""
    return expected if expected == worst else f"{expected} {EN_DASH} {worst}"
