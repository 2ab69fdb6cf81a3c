"""Parts of a spec that a form filled in, judged by the very rules of the spec file."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from evals.domain.specfile import SpecOrigin, read_spec, write_spec
from evals.domain.specparts import MOST_EPOCHS
from evals.domain.specs import (
    CandidateSpec,
    Comparator,
    CriterionSpec,
    EndpointKind,
    EndpointSpec,
    EvalSetSpec,
    HarnessSpec,
    ModelSpec,
    PlanSpec,
    PriceSpec,
    ScorerSpec,
    Spec,
    TaskSpec,
)

_REST = Spec(
    task=TaskSpec(name="task"),
    eval_set=EvalSetSpec(file="rows.csv", input="input", target="target"),
    scorers=(ScorerSpec(name="exact_match"),),
    bar=(
        CriterionSpec(metric="latency_p95_seconds", comparator=Comparator.AT_MOST, threshold=1.0),
    ),
    candidates=(
        CandidateSpec(
            name="candidate",
            model=ModelSpec(id="model", open=True),
            endpoint=EndpointSpec(kind=EndpointKind.STAND_IN),
            harness=HarnessSpec(prompt="{{ input }}"),
        ),
    ),
    plan=PlanSpec(epochs=MOST_EPOCHS),  # how often samples are asked is not settled yet
)


def read_draft(
    *, origin: SpecOrigin = SpecOrigin.BROWSER, uploads: Collection[str] = (), **parts: Any
) -> Spec:
    """Return `parts` of a `Spec` as a spec file would have them, the other parts made up.

    Args:
        origin: As for `read_spec`.
        uploads: Names of the files that came with the form.
        parts: Fields of `Spec`. Without `candidates` there is an incumbent, for a bar that is
            written before anybody says who is compared.

    Raises:
        SpecError: With every problem of the parts; `path` says where, the lines are of no text
            that anybody saw.
    """
    incumbent = None if "candidates" in parts else _REST.candidates[0].name
    draft = replace(_REST, **{"incumbent": incumbent, **parts})
    files = (*uploads, draft.eval_set.file or "")
    return read_spec(write_spec(draft), file="", origin=origin, uploads=files)


def read_price(price: PriceSpec) -> PriceSpec:
    """Return a price that a form filled in, judged as a spec file's.

    Raises:
        SpecError: As `read_draft`; `path` begins at the candidate.
    """
    candidate = replace(_REST.candidates[0], price=price)
    found = read_draft(candidates=(candidate,)).candidates[0].price
    return found or PriceSpec()
