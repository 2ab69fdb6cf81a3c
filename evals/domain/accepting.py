"""Which answers are accepted, and what one that is not costs."""

from dataclasses import dataclass

from evals.domain.costs import AcceptedRule
from evals.domain.specs import Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """An answer is accepted where `metric` scores 1.

    `failure_usd` is what each other one costs to catch and do again; None: they are thrown away.
    """

    metric: str
    failure_usd: float | None = None

    @property
    def rule(self) -> AcceptedRule:
        """What becomes of an answer that is not accepted."""
        return AcceptedRule.DROPPED if self.failure_usd is None else AcceptedRule.REDONE


def accepting_scorer(spec: Spec) -> str:
    """Return the scorer that says which answers are right: the first that the bar names, if any."""
    scorers = [scorer.name for scorer in spec.scorers]
    named = [line.metric for line in spec.bar if line.metric in scorers]
    return named[0] if named else scorers[0]


def acceptance_of(spec: Spec) -> Acceptance:
    """Return what the task and the bar say about answers that are accepted."""
    failure = spec.task.failure_cost_usd
    return Acceptance(
        metric=accepting_scorer(spec), failure_usd=None if failure is None else float(failure)
    )
