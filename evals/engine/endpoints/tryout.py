"""One request to an endpoint, shown whole: what "test this endpoint" does."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from evals.domain.specs import CandidateSpec, EndpointKind
from evals.domain.trials import Question, Reply
from evals.engine.endpoints.addresses import AddressPolicy
from evals.engine.endpoints.http_endpoint import Exchange, HttpEndpoint
from evals.engine.endpoints.opening import open_endpoint
from evals.engine.endpoints.protocol import EndpointError
from evals.engine.endpoints.text import redacted, storable
from evals.engine.endpoints.transport import Lost, Response

GREETING = Question(sample=0, epoch=0, prompt="Answer with one word: ready?", target="ready")

_SHOWN = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointTrial:
    """One request as it was sent (JSON, without the key) and everything that came back.

    `status` is None where no HTTP response came, or none was to come.
    """

    request_shown: str
    status: int | None
    response_shown: str
    reply: Reply


async def try_endpoint(
    candidate: CandidateSpec,
    *,
    api_key: str | None = None,
    allow: AddressPolicy = AddressPolicy.ANYWHERE,
    question: Question = GREETING,
) -> EndpointTrial:
    """Return what one request to the candidate's endpoint brings, without retries.

    Raises:
        EndpointError: If the endpoint cannot be asked as it is described.
    """
    if candidate.endpoint.kind is EndpointKind.RECORDED:
        raise EndpointError("endpoint.kind recorded: there is nothing to ask, only rows to read")
    endpoint = open_endpoint(candidate, api_key=api_key, allow=allow)
    try:
        if isinstance(endpoint, HttpEndpoint):
            return _shown(endpoint, await endpoint.try_once(question))
        reply = (await endpoint.answer([question]))[0]
    finally:
        await endpoint.close()
    return EndpointTrial(
        request_shown=_json(_local_request(candidate, question)),
        status=None,
        response_shown=reply.output or reply.error,
        reply=reply,
    )


def _shown(endpoint: HttpEndpoint, exchange: Exchange) -> EndpointTrial:
    key = endpoint.caller.key
    request = {
        "method": "POST",
        "url": endpoint.transport.url,
        "headers": endpoint.transport.headers,
        "body": exchange.request,
    }
    outcome, verdict = exchange.outcome, exchange.verdict
    response = outcome if isinstance(outcome, Response) else None
    shown = outcome.error if isinstance(outcome, Lost) else _response(outcome)
    return EndpointTrial(
        request_shown=redacted(_json(request), key),
        status=None if response is None else response.status,
        response_shown=storable(redacted(shown, key))[:_SHOWN],
        reply=verdict if isinstance(verdict, Reply) else verdict.given_up(1),
    )


def _response(response: Response) -> str:
    """Return headers and body as they came; JSON is set out in lines."""
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    text = response.body.decode(errors="replace")
    with suppress(ValueError):
        text = _json(json.loads(text))
    return f"HTTP {response.status}\n{headers}\n\n{text}"


def _local_request(candidate: CandidateSpec, question: Question) -> Mapping[str, Any]:
    harness = candidate.harness
    return {
        "kind": candidate.endpoint.kind.value,
        "model": candidate.model.id,
        "system": question.system,
        "prompt": question.prompt,
        "max_tokens": harness.max_tokens,
        "temperature": harness.temperature,
        "top_p": harness.top_p,
        "stop": list(harness.stop),
        "seed": harness.seed,
    }


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
