"""A candidate's speed as a document: every quantile with its interval, and how it was asked."""

from collections.abc import Mapping
from typing import Any

from evals.domain.metrics import (
    FIRST_TOKEN_QUANTILES,
    LATENCY_QUANTILES,
    PER_TOKEN_QUANTILES,
    Quantile,
    RunFacts,
)
from evals.domain.specs import CandidateSpec, EndpointKind

Document = dict[str, Any]


def latency_document(candidate: CandidateSpec, facts: RunFacts) -> Document:
    """Return the seconds of whole answers, of first tokens, and of each token after it.

    `concurrency` is how many questions the endpoint takes at once by its settings, `in_flight` how
    many were under way on average from the first question to the last answer.
    """
    latency, endpoint = facts.latency, candidate.endpoint
    is_asked = endpoint.kind is not EndpointKind.RECORDED
    return {
        **_quantiles(LATENCY_QUANTILES, latency.quantiles),
        **_quantiles(FIRST_TOKEN_QUANTILES, latency.first_token),
        **_quantiles(PER_TOKEN_QUANTILES, latency.per_token),
        "n": latency.n,
        "ttft_n": latency.first_token_n,
        "tpot_n": latency.per_token_n,
        "concurrency": endpoint.concurrency * endpoint.batch_size if is_asked else None,
        "in_flight": None if latency.in_flight is None else round(latency.in_flight, 2),
    }


def _quantiles(names: Mapping[str, float], found: Mapping[float, Quantile]) -> Document:
    document: Document = {}
    for name, share in names.items():
        quantile, short = found.get(share, Quantile()), name.removeprefix("latency_")
        document[short] = quantile.value
        document[short.replace("_seconds", "_low_seconds")] = quantile.low
        document[short.replace("_seconds", "_high_seconds")] = quantile.high
    return document
