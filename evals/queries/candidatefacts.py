"""What a candidate is made of, as labels and words."""

from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlsplit

from evals.domain.specendpoints import names_local_model
from evals.domain.specs import (
    CandidateSpec,
    EndpointKind,
    EndpointSpec,
    HarnessSpec,
    PriceSpec,
)
from evals.queries import figures

KINDS = {
    EndpointKind.OPENAI: "OpenAI-compatible server",
    EndpointKind.ANTHROPIC: "Anthropic's Messages API",
    EndpointKind.OPENVINO: "OpenVINO, in the worker",
    EndpointKind.HF: "transformers, in the worker",
    EndpointKind.VLLM: "vLLM, in the worker",
    EndpointKind.LM_EVAL: "a backend of lm-eval, in the worker",
    EndpointKind.RECORDED: "recorded answers",
    EndpointKind.STAND_IN: "stand-in (simulated)",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known, in words."""

    label: str
    value: str


def host_of(endpoint: EndpointSpec) -> str:
    """Return the host that questions are sent to, "" where they stay with the workers."""
    return urlsplit(endpoint.base_url).netloc if endpoint.base_url else ""


def endpoint_label(endpoint: EndpointSpec) -> str:
    """Return "OpenAI-compatible server · api.example.com"."""
    accuracy = endpoint.simulation.get("accuracy")
    simulated = "" if accuracy is None else f"{accuracy:g} right"
    place = host_of(endpoint) or (endpoint.file or "").rpartition("/")[2] or simulated
    return f"{KINDS[endpoint.kind]} · {place}" if place else KINDS[endpoint.kind]


def model_facts(spec: CandidateSpec) -> tuple[Fact, ...]:
    """Return what is known of the model. The folder of a local file is nobody's business."""
    model = spec.model
    identifier = model.id.rpartition("/")[2] if names_local_model(spec) else model.id
    return _facts(
        ("Model", identifier),
        ("Openness", "open" if model.open else "closed"),
        ("Lab", model.lab),
        ("Revision", model.revision),
        ("Licence", model.licence),
    )


def endpoint_facts(endpoint: EndpointSpec) -> tuple[Fact, ...]:
    """Return how a model is served; of a key its name alone."""
    match endpoint.kind:
        case EndpointKind.OPENAI:
            facts = _server_facts(endpoint)
        case EndpointKind.RECORDED:
            facts = _recorded_facts(endpoint)
        case EndpointKind.STAND_IN:
            facts = _simulation_facts(endpoint)
        case _:
            facts = [("Device", endpoint.device), ("Batch size", str(endpoint.batch_size))]
    return _facts(("Kind", KINDS[endpoint.kind]), *facts, ("Worker pool", endpoint.pool))


def harness_facts(harness: HarnessSpec) -> tuple[Fact, ...]:
    """Return how a model is asked, but for the prompts."""
    return _facts(
        ("Most output tokens", figures.count(harness.max_tokens)),
        ("Temperature", f"{harness.temperature:g}"),
        ("Top p", None if harness.top_p is None else f"{harness.top_p:g}"),
        ("Seed", None if harness.seed is None else str(harness.seed)),
        ("Stop texts", ", ".join(map(repr, harness.stop)) or None),
    )


def price_text(price: PriceSpec | None) -> str:
    """Return "$2.50 in, $10.00 out / Mtok", "$0.08 / h on 2 vCPU", or that it is unknown."""
    if price is None:
        return "price unknown"
    if price.usd_per_hour is not None:
        return f"{figures.usd(price.usd_per_hour)} / h" + (f" on {price.gpu}" if price.gpu else "")
    if price.usd_per_request is not None:
        return f"{figures.usd(price.usd_per_request)} / request"
    return f"{_usd(price.input_usd_per_mtok)} in, {_usd(price.output_usd_per_mtok)} out / Mtok"


def _usd(amount: Decimal | None) -> str:
    return "unknown" if amount is None else figures.usd(amount)


def _server_facts(endpoint: EndpointSpec) -> list[tuple[str, str | None]]:
    limit = endpoint.requests_per_minute
    key = f"stored as “{endpoint.secret}”" if endpoint.secret else None
    if endpoint.api_key_env:
        key = f"environment variable {endpoint.api_key_env}, for the command line alone"
    return [
        ("Base URL", endpoint.base_url),
        ("Key", key or "none"),
        ("Requests at once", figures.count(endpoint.concurrency)),
        ("Requests a minute", "no limit" if limit is None else figures.count(limit)),
        ("Time-out", figures.seconds(endpoint.timeout_seconds)),
        ("Streamed", "yes" if endpoint.stream else "no"),
    ]


def _recorded_facts(endpoint: EndpointSpec) -> list[tuple[str, str | None]]:
    return [
        ("File", (endpoint.file or "").rpartition("/")[2]),
        ("Found by column", endpoint.key),
        ("Answer column", endpoint.output),
        ("Seconds column", endpoint.latency_seconds),
        ("Input-token column", endpoint.input_tokens),
        ("Output-token column", endpoint.output_tokens),
    ]


def _simulation_facts(endpoint: EndpointSpec) -> list[tuple[str, str | None]]:
    settings = [
        (name.replace("_", " ").capitalize(), _setting(value))
        for name, value in endpoint.simulation.items()
    ]
    return [*settings, ("Requests at once", figures.count(endpoint.concurrency))]


def _setting(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _facts(*pairs: tuple[str, str | None]) -> tuple[Fact, ...]:
    return tuple(Fact(label, value) for label, value in pairs if value is not None)
