"""Models from the Hugging Face hub in this process, through lm-eval's own backend."""

from collections.abc import Sequence
from functools import partial

from evals.domain.specs import CandidateSpec, HarnessSpec
from evals.domain.trials import Question
from evals.engine.endpoints.local import Generated, LocalEndpoint, Model, ModelKey, kept_model
from evals.engine.endpoints.protocol import EndpointError
from evals.engine.localmodel import LocalBackend, LocalModelError


def open_hf(candidate: CandidateSpec) -> LocalEndpoint:
    """Return an endpoint for a model of the hub; it is loaded when first asked."""
    model, endpoint = candidate.model, candidate.endpoint
    key: ModelKey = (
        "hf",
        model.id,
        model.revision or "",
        endpoint.device,
        str(endpoint.batch_size),
    )
    return LocalEndpoint(
        partial(kept_model, key, partial(_load, candidate)),
        harness=candidate.harness,
        batch_size=endpoint.batch_size,
    )


class HarnessModel:
    """One of lm-eval's models, asked in our words."""

    def __init__(self, backend: LocalBackend) -> None:
        self._backend = backend

    def generate(
        self, questions: Sequence[Question], harness: HarnessSpec, /, *, seed: int | None
    ) -> list[Generated]:
        """Return one text per question; a prompt that the model cannot take is a RuntimeError."""
        try:
            made = self._backend.generate(
                [question.prompt for question in questions],
                systems=[question.system for question in questions],
                max_tokens=harness.max_tokens,
                temperature=harness.temperature,
                top_p=harness.top_p,
                stop=harness.stop,
                seed=seed,
            )
        except (ValueError, AssertionError) as error:
            raise RuntimeError(str(error)) from error
        return [Generated(*one) for one in made]


def _load(candidate: CandidateSpec) -> Model:
    # Imported here: lm-eval takes seconds to import, and only this kind of endpoint needs it.
    from evals.engine.harness import local_backend  # noqa: PLC0415

    try:
        backend = local_backend(
            kind="hf",
            model_id=candidate.model.id,
            revision=candidate.model.revision,
            device=candidate.endpoint.device,
            batch_size=candidate.endpoint.batch_size,
        )
    except LocalModelError as error:
        raise EndpointError(f"model.id: {error}") from error
    return HarnessModel(backend)
