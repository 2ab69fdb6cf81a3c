"""What a bar can say of a run that no scorer says: speed, money and errors, by their names.

`error_rate` is the share of the trials that ended in an error: the endpoint refused the request for
good (model_error), no reply could be had after every retry (infra_error), or no scorer could score
the output (scorer_error). An empty answer (no_answer) is no error, and a request that was answered
at its second attempt is none either. A trial that was never asked is unknown and helps nobody.

`cost_per_accepted_usd` is what an answer that is right costs; see `costs.AcceptedRule`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from evals.domain.metrics import COST_PER_1K, FIRST_TOKEN_QUANTILES, LATENCY_QUANTILES

ERROR_RATE = "error_rate"
COST_PER_ACCEPTED = "cost_per_accepted_usd"
COSTS = frozenset({COST_PER_1K, COST_PER_ACCEPTED})
# Each is judged as the share of trials within a number of seconds.
SPEED_QUANTILES: Mapping[str, float] = MappingProxyType(
    {**LATENCY_QUANTILES, **FIRST_TOKEN_QUANTILES}
)
MEASURED = (*SPEED_QUANTILES, COST_PER_1K, COST_PER_ACCEPTED, ERROR_RATE)
