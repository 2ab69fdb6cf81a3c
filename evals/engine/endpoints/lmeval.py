"""Models in this process through lm-eval's own backends: `hf`, `vllm`, or any other by name."""

import json
from collections.abc import Sequence
from functools import partial

from evals.domain.specs import CandidateSpec, EndpointKind, EndpointSpec, HarnessSpec
from evals.domain.trials import Question
from evals.engine.endpoints.keptmodels import Generated, Loan, Model, ModelKey, kept_models
from evals.engine.endpoints.local import LocalEndpoint
from evals.engine.endpoints.protocol import EndpointError
from evals.engine.localmodel import LocalBackend, LocalModelError


def open_lm_eval(candidate: CandidateSpec) -> LocalEndpoint:
    """Return an endpoint for a model of the hub; it is loaded when first asked."""
    model, endpoint = candidate.model, candidate.endpoint
    key: ModelKey = (
        _backend(endpoint),
        model.id,
        model.revision or "",
        endpoint.device,
        str(endpoint.batch_size),
        json.dumps(dict(endpoint.arguments or {}), sort_keys=True, default=str),
    )
    loan = Loan(kept_models, key, partial(_load, candidate))
    return LocalEndpoint(
        loan.model,
        harness=candidate.harness,
        batch_size=endpoint.batch_size,
        let_go=loan.end,
    )


class HarnessModel:
    """One of lm-eval's models, asked in our words."""

    def __init__(self, backend: LocalBackend) -> None:
        self._backend = backend

    def generate(
        self, questions: Sequence[Question], harness: HarnessSpec, /, *, seed: int | None
    ) -> list[Generated]:
        """Return one text per question.

        Raises:
            RuntimeError: If the model cannot take a prompt.
            OSError: If a backend that asks over a network cannot reach its server.
        """
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
        except OSError:
            raise
        except Exception as error:
            raise RuntimeError(str(error) or type(error).__name__) from error
        return [Generated(*one) for one in made]


def _backend(endpoint: EndpointSpec) -> str:
    if endpoint.kind is not EndpointKind.LM_EVAL:
        return endpoint.kind.value
    if endpoint.backend is None:
        raise EndpointError("endpoint.backend: expected the name of one of lm-eval's, found none")
    return endpoint.backend


def _load(candidate: CandidateSpec) -> Model:
    # Imported here: lm-eval takes seconds to import, and only these kinds of endpoint need it.
    from evals.engine.harness import local_backend  # noqa: PLC0415

    endpoint = candidate.endpoint
    try:
        backend = local_backend(
            kind=_backend(endpoint),
            model_id=candidate.model.id,
            revision=candidate.model.revision,
            device=endpoint.device,
            batch_size=endpoint.batch_size,
            arguments=endpoint.arguments,
        )
    except LocalModelError as error:
        raise EndpointError(f"model.id: {error}") from error
    return HarnessModel(backend)
