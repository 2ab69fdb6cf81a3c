"""From the description of an endpoint to one that answers."""

from urllib.parse import SplitResult, urlsplit

from evals.domain.specs import CandidateSpec, EndpointKind, EndpointSpec
from evals.engine.endpoints.addresses import AddressPolicy
from evals.engine.endpoints.hf import open_hf
from evals.engine.endpoints.http_endpoint import HttpEndpoint
from evals.engine.endpoints.openai import PATH, ChatCompletions
from evals.engine.endpoints.openvino import open_openvino
from evals.engine.endpoints.protocol import Endpoint, EndpointError
from evals.engine.endpoints.recorded import AnswerLookup, RecordedEndpoint
from evals.engine.endpoints.refusals import Caller
from evals.engine.endpoints.stand_in import StandIn, parse_simulation
from evals.engine.endpoints.transport import Transport


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
        case EndpointKind.OPENVINO:
            return open_openvino(candidate)
        case EndpointKind.HF:
            return open_hf(candidate)
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
    endpoint, model = candidate.endpoint, candidate.model.id
    url = _url(endpoint)
    key = _checked_key(api_key)
    headers = {"Content-Type": "application/json"}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    caller = Caller(
        url=url.geturl(),
        host=url.netloc,
        model=model,
        key=key,
        key_source=None if key is None else _key_source(endpoint),
    )
    transport = Transport(
        caller.url, headers=headers, connections=endpoint.concurrency, allow=allow
    )
    return HttpEndpoint(
        dialect=ChatCompletions(model, candidate.harness),
        transport=transport,
        caller=caller,
        concurrency=endpoint.concurrency,
        timeout_seconds=endpoint.timeout_seconds,
    )


def _url(endpoint: EndpointSpec) -> SplitResult:
    """Return where to post; a query in `base_url` stays behind the path."""
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
    path = url.path.rstrip("/")
    return url._replace(path=path if path.endswith(PATH) else path + PATH, fragment="")


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
