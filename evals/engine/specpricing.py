"""The public prices that a spec file names, looked up on the day its evaluation is made."""

from dataclasses import replace
from datetime import date

from evals.domain.specfile import SpecError, SpecProblem, line_of
from evals.domain.specproblems import Path
from evals.domain.specs import CandidateSpec, PriceSpec
from evals.engine.inputs import SpecInputs


def with_prices(inputs: SpecInputs, *, on: date) -> SpecInputs:
    """Return the inputs with the figures, source and date of each price that is named by its key.

    A price that has figures of its own keeps them. What the evaluation is known by does not change.

    Raises:
        SpecError: For each key that names no price, with near ones.
    """
    priced, problems = [], []
    for place, candidate in enumerate(inputs.spec.candidates):
        found = _priced(candidate, on)
        if isinstance(found, CandidateSpec):
            priced.append(found)
        else:
            problems.append((("candidates", place, "price", "catalogue"), found))
    if problems:
        raise SpecError([_placed(inputs, path, message) for path, message in problems])
    spec = replace(inputs.spec, candidates=tuple(priced))
    return replace(inputs, spec=spec, written=inputs.written or inputs.spec)


def _priced(candidate: CandidateSpec, on: date) -> CandidateSpec | str:
    """Return the candidate with its price, or why there is none."""
    price = candidate.price
    if price is None or price.catalogue is None or price.has_figures:
        return candidate
    from evals.engine.pricing import UnknownPriceError, price_on  # noqa: PLC0415 - slow

    try:
        found = price_on(price.catalogue, on=on)
    except UnknownPriceError as error:
        return str(error)
    return replace(candidate, price=_as_written(price, found))


def _as_written(price: PriceSpec, found: PriceSpec) -> PriceSpec:
    """Return the price that was found, with what the spec says beside its key."""
    return replace(
        found,
        batch_multiplier=price.batch_multiplier,
        source=price.source or found.source,
        dated_on=price.dated_on or found.dated_on,
    )


def _placed(inputs: SpecInputs, path: Path, message: str) -> SpecProblem:
    text = inputs.file.read_text(encoding="utf-8-sig")
    return SpecProblem(file=str(inputs.file), line=line_of(text, path), path=path, message=message)
