"""What an evaluation will take, before a cent is spent: counts and price."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from evals.domain.costs import trial_cost
from evals.domain.specs import CandidateSpec
from evals.domain.trials import Usage

CHARACTERS_PER_TOKEN = 4  # of English text in the usual tokenisers, roughly


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidatePlan:
    """What one candidate will be asked at most; tokens and dollars are estimates, None unknown."""

    name: str
    requests: int
    input_tokens: int
    output_tokens_at_most: int
    usd_at_most: Decimal | None
    is_simulated: bool


def plan_candidate(
    candidate: CandidateSpec, *, prompts: Sequence[str], samples: int, epochs: int
) -> CandidatePlan:
    """Return the counts and the highest cost, judged by some rendered prompts.

    Input tokens are estimated from characters, output is taken at `max_tokens` in full.

    Args:
        candidate: Whose harness and price hold.
        prompts: Rendered for a few samples, at least one.
        samples: How many will be asked.
        epochs: How often each.
    """
    harness = candidate.harness
    requests = samples * epochs
    characters = sum(map(len, prompts)) / len(prompts) + len(harness.system or "")
    each = max(1, round(characters / CHARACTERS_PER_TOKEN))
    usage = Usage(input_tokens=each * requests, output_tokens=harness.max_tokens * requests)
    return CandidatePlan(
        name=candidate.name,
        requests=requests,
        input_tokens=each * requests,
        output_tokens_at_most=harness.max_tokens * requests,
        usd_at_most=trial_cost(usage, candidate.price, attempts=requests),
        is_simulated=candidate.is_simulated,
    )
