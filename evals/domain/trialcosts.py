"""What one answer of a candidate would cost in production, in exact US dollars."""

from decimal import Decimal

from evals.domain.costs import hourly_cost, trial_cost
from evals.domain.specs import CandidateSpec
from evals.domain.trials import Usage


def answer_cost(
    candidate: CandidateSpec,
    usage: Usage,
    *,
    seconds: float | None,
    requests: int,
    is_refused: bool = False,
) -> Decimal | None:
    """Return the cost of one answer, None if its price or what is priced is unknown.

    Hardware by the hour is shared out among the questions that it works on at once, an estimate. A
    request that was refused for good is not billed for tokens and reports none.
    """
    price = candidate.price
    if price is not None and price.usd_per_hour is not None:
        endpoint = candidate.endpoint
        exact = None if seconds is None else Decimal(str(seconds))
        busy = hourly_cost(exact, price.usd_per_hour)
        return None if busy is None else busy / (endpoint.concurrency * endpoint.batch_size)
    cost = trial_cost(usage, price, attempts=requests)
    if cost is None and is_refused and price is not None:
        return requests * (price.usd_per_request or Decimal(0))
    return cost
