"""From the description of an endpoint to one that answers."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypedDict
from urllib.parse import SplitResult, urlsplit

from evals.domain.specs import CandidateSpec, EndpointKind, EndpointSpec
from evals.engine.endpoints import anthropic, openai
from evals.engine.endpoints.addresses import AddressPolicy
from evals.engine.endpoints.anthropic import Messages
from evals.engine.endpoints.dialect import Dialect, merged
from evals.engine.endpoints.http_endpoint import HttpEndpoint
from evals.engine.endpoints.lmeval import open_lm_eval
from evals.engine.endpoints.openai import ChatCompletions
from evals.engine.endpoints.openvino import open_openvino
from evals.engine.endpoints.protocol import Endpoint, EndpointError
from evals.engine.endpoints.recorded import AnswerLookup, RecordedEndpoint
from evals.engine.endpoints.refusals import Caller
from evals.engine.endpoints.stand_in import StandIn, parse_simulation
from evals.engine.endpoints.transport import Transport


class _Asked(TypedDict):
    is_streamed: bool
    extra: Mapping[str, Any]


def open_endpoint(
    candidate: CandidateSpec,
    *,
    api_key: str | None = None,
    answers: AnswerLookup | None = None,
    allow: AddressPolicy = AddressPolicy.ANYWHERE,
) -> Endpoint:
    """Return the candidate's endpoint; nothing is connected or loaded before the first question.

    `answers` is what a recorded endpoint looks its answers up in.

    Raises:
        EndpointError: If the description lacks something or holds something odd.
    """
    match candidate.endpoint.kind:
        case EndpointKind.OPENAI:
            return _open_openai(candidate, api_key=api_key, allow=allow)
        case EndpointKind.ANTHROPIC:
            return _open_anthropic(candidate, api_key=api_key, allow=allow)
        case EndpointKind.OPENVINO:
            return open_openvino(candidate)
        case EndpointKind.HF | EndpointKind.VLLM | EndpointKind.LM_EVAL:
            return open_lm_eval(candidate)
        case EndpointKind.RECORDED:
            if answers is None:
                raise EndpointError("endpoint.kind recorded: expected recorded answers, found none")
            return RecordedEndpoint(answers)
        case EndpointKind.STAND_IN:
            simulation = parse_simulation(candidate.endpoint.simulation)
            return StandIn(simulation, concurrency=candidate.endpoint.concurrency)


def _open_openai(
    candidate: CandidateSpec, *, api_key: str | None, allow: AddressPolicy
) -> HttpEndpoint:
    key = _checked_key(api_key)
    url = _url(candidate.endpoint)
    return _open_http(
        candidate,
        dialect=ChatCompletions(candidate.model.id, candidate.harness, **_asked(candidate)),
        caller=_caller(candidate, _with_path(url, openai.PATH), key=key),
        headers={} if key is None else {"Authorization": f"Bearer {key}"},
        allow=allow,
    )


def _open_anthropic(
    candidate: CandidateSpec, *, api_key: str | None, allow: AddressPolicy
) -> HttpEndpoint:
    key = _checked_key(api_key)
    url = _url(candidate.endpoint)
    path = anthropic.PATH if _ends(url, "/v1", anthropic.PATH) else f"/v1{anthropic.PATH}"
    caller = _caller(candidate, _with_path(url, path), key=key)
    version = {"anthropic-version": anthropic.VERSION}
    return _open_http(
        candidate,
        dialect=Messages(candidate.model.id, candidate.harness, **_asked(candidate)),
        caller=replace(caller, api="an Anthropic-compatible API"),
        headers=version if key is None else {**version, "x-api-key": key},
        allow=allow,
    )


def _open_http(
    candidate: CandidateSpec,
    *,
    dialect: Dialect,
    caller: Caller,
    headers: Mapping[str, str],
    allow: AddressPolicy,
) -> HttpEndpoint:
    endpoint = candidate.endpoint
    transport = Transport(
        caller.url,
        headers={"Content-Type": "application/json", **headers},
        connections=endpoint.concurrency,
        allow=allow,
    )
    return HttpEndpoint(
        dialect=dialect,
        transport=transport,
        caller=caller,
        concurrency=endpoint.concurrency,
        timeout_seconds=endpoint.timeout_seconds,
        max_tokens=candidate.harness.max_tokens,
    )


def _asked(candidate: CandidateSpec) -> _Asked:
    """Return how to ask beyond the harness; its own extras go over the endpoint's."""
    endpoint, harness = candidate.endpoint, candidate.harness
    return {
        "is_streamed": endpoint.stream or harness.stream,
        "extra": merged(endpoint.extra_body, harness.extra_body),
    }


def _caller(candidate: CandidateSpec, url: SplitResult, *, key: str | None) -> Caller:
    return Caller(
        url=url.geturl(),
        host=url.netloc,
        model=candidate.model.id,
        key=key,
        key_source=None if key is None else _key_source(candidate.endpoint),
    )


def _url(endpoint: EndpointSpec) -> SplitResult:
    """Return the address that was given; a query in it stays behind the path."""
    found = endpoint.base_url
    url = urlsplit(found or "") if _is_address(found) else None
    if url is None:
        raise EndpointError(
            f"endpoint.base_url: found {found!r}, expected something like http://host:8000/v1"
        )
    if url.username or url.password:
        raise EndpointError(
            "endpoint.base_url: holds a user name or password, expected none; "
            "name a key with api_key_env or a stored secret"
        )
    return url._replace(path=url.path.rstrip("/"), fragment="")


def _with_path(url: SplitResult, path: str) -> SplitResult:
    """Return where to post: the address may or may not hold the last part already."""
    return url if _ends(url, path) else url._replace(path=url.path + path)


def _ends(url: SplitResult, *endings: str) -> bool:
    return url.path.endswith(endings)


def _is_address(text: str | None) -> bool:
    try:
        url = urlsplit(text or "")
        return url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        return False


def _checked_key(api_key: str | None) -> str | None:
    key = (api_key or "").strip()
    if not key.isprintable():
        raise EndpointError("the API key holds a line break or control character")
    return key or None


def _key_source(endpoint: EndpointSpec) -> str:
    if endpoint.api_key_env:
        return f"the environment variable {endpoint.api_key_env}"
    return f"the stored secret {endpoint.secret!r}" if endpoint.secret else "use"
