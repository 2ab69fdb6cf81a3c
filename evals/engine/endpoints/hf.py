"""Models from the Hugging Face hub in this process, through lm-eval's own backend."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from evals.domain.specs import CandidateSpec, HarnessSpec
from evals.domain.trials import Question
from evals.engine.endpoints.local import Generated, LocalEndpoint, Model, ModelKey, kept_model


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

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def generate(
        self, questions: Sequence[Question], harness: HarnessSpec, *, seed: int | None
    ) -> list[Generated]:
        """Return one text per question. System and prompt are joined the way lm-eval joins them."""
        prompts = [
            "\n\n".join(filter(None, (question.system, question.prompt))) for question in questions
        ]
        made = self._backend.generate(
            prompts,
            max_tokens=harness.max_tokens,
            temperature=harness.temperature,
            top_p=harness.top_p,
            stop=harness.stop,
            seed=seed,
        )
        return [Generated(*one) for one in made]


def _load(candidate: CandidateSpec) -> Model:
    # Imported here: lm-eval takes seconds to import, and only this kind of endpoint needs it.
    from evals.engine.harness import local_backend  # noqa: PLC0415

    backend = local_backend(
        kind="hf",
        model_id=candidate.model.id,
        revision=candidate.model.revision,
        device=candidate.endpoint.device,
        batch_size=candidate.endpoint.batch_size,
    )
    return HarnessModel(backend)
