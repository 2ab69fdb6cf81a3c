"""What a sweep may cost before it starts."""

from collections.abc import Sequence
from decimal import Decimal

from evals.domain.budget import worst_case_usd
from evals.domain.specs import CandidateSpec
from evals.domain.throughput import SweepPlan
from evals.domain.trials import Question


def worst_sweep_usd(
    candidate: CandidateSpec, questions: Sequence[Question], plan: SweepPlan
) -> Decimal | None:
    """Return the most that a sweep can cost in US dollars, None where a price is unknown.

    Questions are asked again from the first where they run out. Hardware by the hour costs nothing
    more for a request.
    """
    worst = [
        worst_case_usd(question, price=candidate.price, harness=candidate.harness)
        for question in questions
    ]
    known = [usd for usd in worst if usd is not None]
    if not known or len(known) < len(worst):
        return None
    rounds, rest = divmod(plan.most_requests, len(known))
    return rounds * sum(known, Decimal(0)) + sum(known[:rest], Decimal(0))
