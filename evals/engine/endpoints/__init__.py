"""Where candidates are asked: every kind of endpoint behind one protocol, and the only HTTP.

`open_endpoint` makes an endpoint from a candidate; `try_endpoint` shows one request whole.
"""

from evals.engine.endpoints.addresses import AddressPolicy
from evals.engine.endpoints.opening import open_endpoint
from evals.engine.endpoints.protocol import Distrustful, Endpoint, EndpointError, Gated, Throttled
from evals.engine.endpoints.recorded import AnswerLookup
from evals.engine.endpoints.tryout import EndpointTrial, try_endpoint

__all__ = [
    "AddressPolicy",
    "AnswerLookup",
    "Distrustful",
    "Endpoint",
    "EndpointError",
    "EndpointTrial",
    "Gated",
    "Throttled",
    "open_endpoint",
    "try_endpoint",
]
