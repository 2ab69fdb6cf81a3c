"""What is wrong with scorers, found without lm-eval wherever that need not be asked."""

from collections.abc import Sequence

from evals.domain.problems import Problem
from evals.domain.scoring import ScorerError, is_in_house, output_scorer
from evals.domain.specs import ScorerSpec
from evals.engine.stock import stock_form


def check_scorers(scorers: Sequence[ScorerSpec]) -> list[Problem]:
    """Return what is wrong with the scorers, in their order; nothing is fetched to find out."""
    problems = [] if scorers else [Problem(message="scorers is empty, expected at least one")]
    names = [spec.name for spec in scorers]
    for place, spec in enumerate(scorers):
        fault = _fault(spec)
        if spec.name in names[:place]:
            fault = "the name stands twice, expected each scorer once"
        if fault:
            problems.append(Problem(message=f"scorer {spec.name}: {fault}"))
    return problems


def _fault(spec: ScorerSpec) -> str | None:
    try:
        _check(spec)
    except ScorerError as error:
        return str(error)
    return None


def _check(spec: ScorerSpec) -> None:
    if is_in_house(spec):
        output_scorer(spec)
        return
    stock_form(spec)
    if spec.name == "lm_eval" or spec.extract is not None:
        # Only lm-eval knows what it has, and whether it takes a pattern; loading it takes seconds.
        from evals.engine.harness import SampleScorer  # noqa: PLC0415

        SampleScorer([spec])
