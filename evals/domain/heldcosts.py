"""What a budget in dollars can hold, and what it cannot: said, never counted as nothing."""

from collections.abc import Sequence

from evals.domain.specs import CandidateSpec, EndpointKind, PlanSpec


def budget_holds(candidate: CandidateSpec) -> bool:
    """Return whether each request to the candidate has a price that a budget can be kept by.

    Hardware by the hour is paid whether it is asked or not, and its cost is an estimate; so it is
    shown and not held. Answers that exist already are not paid for again.
    """
    price = candidate.price
    if price is None or candidate.endpoint.kind is EndpointKind.RECORDED:
        return False
    if not price.charges_tokens:
        return price.usd_per_request is not None
    return None not in (price.input_usd_per_mtok, price.output_usd_per_mtok)


def budget_warnings(plan: PlanSpec, candidates: Sequence[CandidateSpec]) -> tuple[str, ...]:
    """Return one sentence for each candidate that the plan's budget cannot hold."""
    budget = plan.budget_usd
    if budget is None:
        return ()
    return tuple(
        f"The budget of ${budget} cannot hold {candidate.name}: {reason}."
        for candidate in candidates
        if (reason := _reason(candidate))
    )


def _reason(candidate: CandidateSpec) -> str:
    if candidate.endpoint.kind is EndpointKind.RECORDED or budget_holds(candidate):
        return ""
    if candidate.price is None:
        return "its price is unknown, so what it costs is not counted"
    if candidate.price.usd_per_hour is not None:
        return "its hardware is paid by the hour, whether it is asked or not"
    return "its price is known in part only, so what it costs is not counted"
