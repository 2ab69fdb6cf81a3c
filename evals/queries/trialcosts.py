"""What one trial cost, for a page that shows it."""

from dataclasses import dataclass
from decimal import Decimal

from evals.domain.costs import hourly_cost, trial_cost
from evals.domain.specs import CandidateSpec
from evals.domain.trials import Usage
from evals.models import Trial
from evals.queries import figures


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialCost:
    """US dollars; None is unknown. Hardware by the hour is shared out, so it is an estimate."""

    usd: Decimal | None
    is_estimated: bool

    def __str__(self) -> str:
        return figures.usd(self.usd) + (" est." if self.is_estimated and self.usd else "")


def cost_of(trial: Trial, candidate: CandidateSpec) -> TrialCost:
    """Return what production would pay for this trial; a reused answer is asked for there once."""
    price = candidate.price
    if price is not None and price.usd_per_hour is not None:
        at_once = candidate.endpoint.concurrency * candidate.endpoint.batch_size
        seconds = trial.latency_seconds
        busy = None if seconds is None else Decimal(str(seconds)) / at_once
        return TrialCost(usd=hourly_cost(busy, price.usd_per_hour), is_estimated=True)
    usage = Usage(
        input_tokens=trial.input_tokens,
        output_tokens=trial.output_tokens,
        cached_tokens=trial.cached_tokens,
        cache_write_tokens=trial.cache_write_tokens,
    )
    attempts = 1 if trial.is_reused else trial.attempts
    return TrialCost(usd=trial_cost(usage, price, attempts=attempts), is_estimated=False)
