"""The candidates of a spec file."""

from collections.abc import Iterator, Mapping, Sequence

from evals.domain.specendpoints import HUB_NAME, IN_WORKER, endpoint, is_gguf
from evals.domain.specharnesses import BLANK, harness
from evals.domain.specprices import price
from evals.domain.specproblems import Path, one_of_with_hint
from evals.domain.specs import CandidateSpec, EndpointKind, ModelSpec, Spec
from evals.domain.specsections import Section
from evals.domain.specvalues import Read, Value, flag, optional, text_up_to

MODEL: Mapping[str, Read] = {
    "id": text_up_to(300),
    "lab": optional(text_up_to(200)),
    "revision": optional(text_up_to(200)),
    "licence": optional(text_up_to(200)),
    "open": flag,
}


def model(value: Value) -> ModelSpec:
    """Read a model."""
    return ModelSpec(**Section(value).read(MODEL, required=("id", "open")))


CANDIDATE: Mapping[str, Read] = {
    "name": text_up_to(200),
    "model": model,
    "endpoint": endpoint,
    "price": optional(price),
    "harness": harness,
}


def candidate(value: Value) -> CandidateSpec:
    """Read a candidate."""
    read = Section(value).read(CANDIDATE, required=("name", "model", "endpoint"))
    return CandidateSpec(**{"harness": BLANK, **read})


def candidate_problems(spec: Spec) -> Iterator[tuple[Path, str]]:
    """Yield what is wrong with candidates beside each other, and with the incumbent's name."""
    names = [candidate.name for candidate in spec.candidates if candidate.name]
    yield from _repeated(spec.candidates)
    yield from _unloadable(spec.candidates)
    yield from _unsendable(spec.candidates)
    if spec.incumbent and names and spec.incumbent not in names:
        found = f"found {spec.incumbent!r}, which is no candidate"
        yield ("incumbent",), f"{found}, {one_of_with_hint(spec.incumbent, names)}"


def _repeated(candidates: Sequence[CandidateSpec]) -> Iterator[tuple[Path, str]]:
    names = [candidate.name for candidate in candidates]
    for index, name in enumerate(names):
        if name and name in names[:index]:
            message = f"found {name!r} twice, expected a name of its own"
            yield ("candidates", index, "name"), message


def _unloadable(candidates: Sequence[CandidateSpec]) -> Iterator[tuple[Path, str]]:
    for index, candidate in enumerate(candidates):
        model_id = candidate.model.id
        is_openvino = candidate.endpoint.kind is EndpointKind.OPENVINO
        if is_openvino and model_id and not (is_gguf(model_id) or HUB_NAME.fullmatch(model_id)):
            message = f"found {model_id!r}, expected a GGUF file or a name such as org/name"
            yield ("candidates", index, "model", "id"), message


def _unsendable(candidates: Sequence[CandidateSpec]) -> Iterator[tuple[Path, str]]:
    """Yield what can only be said in a request, where a model in the worker is sent none."""
    for index, candidate in enumerate(candidates):
        kind, harness = candidate.endpoint.kind, candidate.harness
        said = {
            "reasoning": harness.reasoning,
            "stream": harness.stream or None,
            "extra_body": harness.extra_body,
        }
        for key in (key for key, value in said.items() if value is not None and kind in IN_WORKER):
            message = f"kind {kind.value} takes no {key!r}, only openai, anthropic do"
            yield ("candidates", index, "harness", key), message
