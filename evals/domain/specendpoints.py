"""How a candidate of a spec file is served: each kind of endpoint has its own keys."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from evals.domain.specjson import plain_mapping
from evals.domain.specnumbers import not_negative, positive, share, whole
from evals.domain.specproblems import one_of_with_hint
from evals.domain.specs import CandidateSpec, EndpointKind, EndpointSpec
from evals.domain.specsections import Section
from evals.domain.specvalues import Read, Value, flag, optional, text, text_up_to, texts

# A letter, digit or _ first, so that neither ./model nor ../model is one.
HUB_NAME = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?", re.ASCII)
GGUF = ".gguf"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_URL = re.compile(r"[!-~]+")

SIMULATION: Mapping[str, Read] = {
    "accuracy": share,
    "latency_seconds": not_negative,
    "latency_spread": not_negative,
    "error_rate": share,
    "no_answer_rate": share,
    "seed": whole(),
    "input_tokens": optional(whole()),
    "output_tokens": optional(whole()),
    "ttft_seconds": optional(not_negative),
    "labels": lambda value: list(texts(value)),
}


def simulation(value: Value) -> dict[str, Any]:
    """Read a stand-in's settings."""
    return Section(value).read(SIMULATION)


def base_url(value: Value) -> str:
    """Read an endpoint's address. What may hold a password is never shown."""
    url = text(value)
    problem = _url_problem(url) if url else None
    if problem:
        value.note(f"{problem}, expected a URL such as https://api.example.com/v1")
    return url


def variable_name(value: Value) -> str:
    """Read the name of an environment variable; a key put here by mistake is never shown."""
    name = text(value)
    if name and not _VARIABLE.fullmatch(name):
        value.note(
            "found no variable name, expected the name of an environment variable, not a key"
        )
    return name


ENDPOINT: Mapping[str, Read] = {
    "kind": text,
    "base_url": base_url,
    "api_key_env": optional(variable_name),
    "secret": optional(text),
    "file": text,
    "key": text,
    "output": text,
    "input_tokens": optional(text),
    "output_tokens": optional(text),
    "latency_seconds": optional(text),
    "device": text,
    "batch_size": whole(minimum=1),
    "concurrency": whole(minimum=1),
    "requests_per_minute": optional(whole(minimum=1)),
    "tokens_per_minute": optional(whole(minimum=1)),
    "timeout_seconds": positive,
    "stream": flag,
    "extra_body": optional(plain_mapping),
    "backend": text,
    "arguments": optional(plain_mapping),
    "pool": text_up_to(60),
    "simulation": simulation,
}
# Nothing is asked of a recorded file; only what goes over a network is timed out.
_LIMITS = ("concurrency", "requests_per_minute")
_HTTP = (
    *_LIMITS,
    "tokens_per_minute",
    "base_url",
    "api_key_env",
    "secret",
    "timeout_seconds",
    "stream",
    "extra_body",
    "pool",
)
_LOCAL = (*_LIMITS, "batch_size", "pool")
KEYS: Mapping[EndpointKind, tuple[str, ...]] = {
    EndpointKind.OPENAI: _HTTP,
    EndpointKind.ANTHROPIC: _HTTP,
    EndpointKind.OPENVINO: (*_LOCAL, "device"),
    EndpointKind.HF: (*_LOCAL, "device", "arguments"),
    EndpointKind.VLLM: (*_LOCAL, "arguments"),
    EndpointKind.LM_EVAL: (*_LOCAL, "backend", "arguments"),
    EndpointKind.RECORDED: (
        "file",
        "key",
        "output",
        "input_tokens",
        "output_tokens",
        "latency_seconds",
        "pool",
    ),
    EndpointKind.STAND_IN: (*_LIMITS, "simulation", "pool"),
}
_REQUIRED: Mapping[EndpointKind, tuple[str, ...]] = {
    EndpointKind.OPENAI: ("base_url",),
    EndpointKind.LM_EVAL: ("backend",),
    EndpointKind.RECORDED: ("file", "key", "output"),
}
# Written into the spec, so that a person sees where the data goes.
_USUAL: Mapping[EndpointKind, Mapping[str, Any]] = {
    EndpointKind.ANTHROPIC: {"base_url": "https://api.anthropic.com/v1"},
}
_LOADED = frozenset({EndpointKind.OPENVINO, EndpointKind.HF, EndpointKind.VLLM})
IN_WORKER = _LOADED | {EndpointKind.LM_EVAL}
_SERVERS = frozenset({EndpointKind.OPENAI, EndpointKind.ANTHROPIC, EndpointKind.STAND_IN})


def endpoint(value: Value) -> EndpointSpec:
    """Read an endpoint by the keys of its kind."""
    section = Section(value, noun="endpoint")
    kind = _kind(section)
    if kind is None:
        section.read({**ENDPOINT, "kind": _nothing}, required=("kind",))
        return EndpointSpec(kind=EndpointKind.STAND_IN)
    keys = {key: ENDPOINT[key] for key in ENDPOINT if key in KEYS[kind]}
    strange = section.given(*(key for key in ENDPOINT if key not in {"kind", *keys}))
    for key in strange:
        kinds = [other.value for other in KEYS if key in KEYS[other]]
        section.note(f"kind {kind.value} takes no {key!r}, only {', '.join(kinds)} do", key=key)
    read = section.read(
        {"kind": _nothing, **keys}, required=_REQUIRED.get(kind, ()), elsewhere=strange
    )
    return EndpointSpec(**{**_USUAL.get(kind, {}), **read, "kind": kind})


def is_shared(endpoint: EndpointSpec) -> bool:
    """Return whether all workers ask one server, so that its limits hold for them together.

    A model that is loaded in the worker has each worker's own hardware.
    """
    if endpoint.kind is EndpointKind.LM_EVAL:
        return "base_url" in (endpoint.arguments or {})
    return endpoint.kind in _SERVERS


def names_local_model(candidate: CandidateSpec) -> bool:
    """Return whether the model is a file or folder on this machine, not a name on a hub."""
    is_loaded = candidate.endpoint.kind in _LOADED
    return is_loaded and (is_gguf(candidate.model.id) or not HUB_NAME.fullmatch(candidate.model.id))


def is_gguf(model_id: str) -> bool:
    """Return whether a model is one GGUF file."""
    return model_id.lower().endswith(GGUF)


def _nothing(_: Value) -> None:
    """Read nothing: the kind is read first, since it decides on the other keys."""


def _kind(section: Section) -> EndpointKind | None:
    value = section.item("kind")
    name = text(value)
    kinds = [kind.value for kind in EndpointKind]
    if name in kinds:
        return EndpointKind(name)
    if name:
        value.note(f"unknown endpoint kind {name!r}, {one_of_with_hint(name, kinds)}")
    return None


def _url_problem(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return "found a URL with a broken host or port"
    if "@" in url:
        return "found a user name or password in the URL"
    if not _URL.fullmatch(url):
        return "found a URL with spaces or letters that URLs do not have"
    if parts.scheme not in {"http", "https"} or not has_host:
        return "found no http or https URL with a host"
    return "found a URL with #" if "#" in url else None
