"""What a plan says about how its criteria will be judged."""

from collections.abc import Sequence
from dataclasses import dataclass

from evals.domain.measured import COSTS, ERROR_RATE, SPEED_QUANTILES
from evals.domain.specs import CriterionSpec, Spec

BINARY_SCORERS = frozenset(
    {"choice", "contains", "exact_match", "json_schema", "last_number", "regex"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTerms:
    """How the criteria of one evaluation are judged.

    `challengers` are the candidates other than the incumbent, at least 1: they share the risk of
    a wrong GO. `assumed` are the true rates to work the figures out for; empty: rates near the
    bar. `is_clustered` says that a column of the eval set is a cluster.
    """

    alpha: float
    challengers: int
    stop_early: bool
    epochs: int
    is_clustered: bool
    has_incumbent: bool
    assumed: tuple[float, ...] = ()

    @classmethod
    def of(cls, spec: Spec, *, assumed: Sequence[float] = ()) -> "PlanTerms":
        """Return the terms of a spec."""
        others = [c for c in spec.candidates if c.name != spec.incumbent]
        return cls(
            alpha=spec.plan.alpha,
            challengers=max(1, len(others)),
            stop_early=spec.plan.stop_early,
            epochs=spec.plan.epochs,
            is_clustered=spec.eval_set.cluster is not None,
            has_incumbent=len(others) < len(spec.candidates),
            assumed=tuple(assumed),
        )

    def no_go_alpha(self, criterion: CriterionSpec) -> float:
        """Return the level at which the criterion can be missed."""
        return criterion.alpha or self.alpha

    def go_alpha(self, criterion: CriterionSpec) -> float:
        """Return the level that is sure to be enough to meet the criterion.

        Under a stop rule each of k candidates needs k times the evidence. Holm's rule asks as much
        of the first GO of a fixed plan, and less of those that follow.
        """
        return self.no_go_alpha(criterion) / self.challengers

    def is_exact(self, criterion: CriterionSpec) -> bool:
        """Return whether figures of 0 and 1 are read once; all else is judged by a bet."""
        if self.stop_early or self.epochs > 1:
            return False
        if criterion.metric in SPEED_QUANTILES:
            return True
        is_binary = criterion.metric in BINARY_SCORERS or criterion.metric == ERROR_RATE
        return is_binary and not self.is_clustered


def is_cost(criterion: CriterionSpec) -> bool:
    """Return whether a criterion is about dollars, of which nothing is known beforehand."""
    return criterion.metric in COSTS
