"""The tables read back as the frozen values of a spec."""

from collections.abc import Sequence
from typing import Any

from evals.domain.pricefigures import price_of
from evals.domain.specfile import SpecOrigin, read_spec
from evals.domain.specs import (
    CandidateSpec,
    Comparator,
    CriterionSpec,
    EndpointKind,
    EndpointSpec,
    EvalSetSpec,
    HarnessSpec,
    ModelSpec,
    PriceSpec,
    ScorerSpec,
    Spec,
    TaskSpec,
)
from evals.models import (
    Candidate,
    Endpoint,
    EvalSetVersion,
    Evaluation,
    Harness,
    QualityBar,
    ScorerSet,
    Task,
)
from evals.queries.kept import Kept

MOST_KEPT_LETTERS = 8_000_000
_specs: Kept[tuple[str, Spec]] = Kept(MOST_KEPT_LETTERS, size=lambda kept: len(kept[0]))


def frozen_spec(evaluation: Evaluation) -> Spec:
    """Return the evaluation's spec as it was frozen."""
    return stored_spec(evaluation.spec, file=f"evaluation {evaluation.number}")


def stored_spec(text: str, *, file: str = "") -> Spec:
    """Return a spec that was stored as this text; read once, it is kept in this process.

    Reading takes longer than anything else that a page does.
    """
    return _specs.get(text, lambda: (text, read_spec(text, file=file, origin=SpecOrigin.STORED)))[1]


def task_spec(task: Task) -> TaskSpec:
    """Return the task's facts."""
    return TaskSpec(
        name=task.name,
        description=task.description,
        interactive=task.is_interactive,
        monthly_volume=task.monthly_volume,
        failure_cost_usd=task.failure_cost_usd,
    )


def eval_set_spec(version: EvalSetVersion) -> EvalSetSpec:
    """Return where the version's rows came from and what their columns mean."""
    mapping = version.mapping
    return EvalSetSpec(
        file=version.source_name,
        input=mapping["input"],
        target=mapping["target"],
        slices=tuple(mapping["slices"]),
        cluster=mapping["cluster"],
    )


def scorer_specs(scorer_set: ScorerSet) -> tuple[ScorerSpec, ...]:
    """Return the scorers, in their order."""
    return tuple(ScorerSpec(**definition) for definition in scorer_set.definitions)


def criterion_specs(bar: QualityBar) -> tuple[CriterionSpec, ...]:
    """Return the bar's lines, in their order."""
    return tuple(
        CriterionSpec(
            metric=row.metric,
            comparator=Comparator(row.comparator),
            threshold=row.threshold,
            advisory=row.is_advisory,
            slice=row.slice,
            alpha=row.alpha,
        )
        for row in bar.criteria.all()
    )


def candidate_specs(candidates: Sequence[Candidate]) -> tuple[CandidateSpec, ...]:
    """Return the candidates as specs; select model, endpoint, secret and harness beforehand."""
    return tuple(candidate_spec(candidate) for candidate in candidates)


def candidate_spec(candidate: Candidate) -> CandidateSpec:
    """Return the candidate as a spec; see `candidate_specs` for what to select."""
    model = candidate.model
    return CandidateSpec(
        name=candidate.name,
        model=ModelSpec(
            id=model.identifier,
            open=model.is_open,
            lab=model.lab,
            revision=model.revision,
            licence=model.licence,
        ),
        endpoint=endpoint_spec(candidate.endpoint),
        harness=harness_spec(candidate.harness),
        price=price_spec(candidate.price),
    )


def endpoint_spec(endpoint: Endpoint) -> EndpointSpec:
    """Return how the endpoint is reached."""
    return EndpointSpec(
        kind=EndpointKind(endpoint.kind),
        pool=endpoint.pool,
        secret=endpoint.secret.name if endpoint.secret else None,
        **endpoint.settings,
    )


def harness_spec(harness: Harness) -> HarnessSpec:
    """Return how the model is asked."""
    decoding = {**harness.decoding, "stop": tuple(harness.decoding.get("stop", ()))}
    return HarnessSpec(prompt=harness.prompt, system=harness.system, **decoding)


def price_spec(price: dict[str, Any] | None) -> PriceSpec | None:
    """Return what the endpoint charges; None is unknown."""
    return None if price is None else price_of(price)
