"""What a run may have cost beyond what is stored: said apart, never counted, never hidden."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone

from evals.domain.allowances import ledger_from
from evals.domain.costs import trial_cost
from evals.domain.heldcosts import budget_holds
from evals.domain.specs import CandidateSpec
from evals.domain.tokenrates import worst_price
from evals.domain.trials import Usage
from evals.models import Run
from evals.queries.facts import Counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Unconfirmed:
    """Requests that may have been sent and paid without being stored; `usd` None is unknown."""

    requests: int
    usd: Decimal | None


def unconfirmed(run: Run, candidate: CandidateSpec, counted: Counted) -> Unconfirmed:
    """Return the most that can have been asked and paid in vain; select the evaluation beforehand.

    Where a budget is kept its ledger knows the most that was paid; elsewhere every request counts
    as the longest prompt that is stored with the longest answer that may come.
    """
    requests = run.unconfirmed
    if not requests:
        return Unconfirmed(requests=0, usd=Decimal(0))
    if run.evaluation.ledger and budget_holds(candidate):
        return Unconfirmed(requests=requests, usd=_beyond_stored(run, counted))
    return Unconfirmed(requests=requests, usd=_at_worst(candidate, counted, requests))


def _beyond_stored(run: Run, counted: Counted) -> Decimal | None:
    cost, counts = counted.facts.cost, counted.facts.counts
    stored = cost.total_usd if counts.judged else Decimal(0)
    if stored is None:
        return None
    # While the run is live its workers still spend what they may; later nobody should have any.
    now = timezone.now().timestamp() if run.is_live else None
    ledger = ledger_from(run.evaluation.ledger)
    return max(Decimal(0), ledger.charged(run.pk, now=now) - stored)


def _at_worst(candidate: CandidateSpec, counted: Counted, requests: int) -> Decimal | None:
    price = candidate.price
    if price is not None and price.usd_per_hour is not None:
        return Decimal(0)
    longest = counted.usage.longest_input
    usage = Usage(
        input_tokens=None if longest is None else requests * longest,
        output_tokens=requests * candidate.harness.max_tokens,
    )
    dearest = None if price is None else worst_price(price, longest or 0)
    return trial_cost(usage, dearest, attempts=requests)
