"""Trial tables for tests of what is judged on them."""

from typing import Any

import numpy as np

from evals.domain.accepting import Acceptance
from evals.domain.bars import CriterionResult, evidence_of, judge
from evals.domain.claims import Levels
from evals.domain.specs import Comparator, CriterionSpec
from evals.domain.subjects import RunGrounds
from evals.domain.trialtables import Layout, TrialTable

ALPHA = 0.05
EACH = Levels(low=ALPHA, high=ALPHA)


def at_least(threshold: float, metric: str = "exact_match", **others: Any) -> CriterionSpec:
    return CriterionSpec(
        metric=metric, comparator=Comparator.AT_LEAST, threshold=threshold, **others
    )


def at_most(threshold: float, metric: str = "exact_match", **others: Any) -> CriterionSpec:
    return CriterionSpec(
        metric=metric, comparator=Comparator.AT_MOST, threshold=threshold, **others
    )


def within(margin: float, metric: str = "exact_match", **others: Any) -> CriterionSpec:
    return CriterionSpec(metric=metric, comparator=Comparator.WITHIN, threshold=margin, **others)


def scores_of(passed: int, n: int) -> list[float]:
    return [1.0] * passed + [0.0] * (n - passed)


def table(
    scores: Any,
    *,
    unscored: int = 0,
    missing: int = 0,
    epochs: int = 1,
    **figures: Any,
) -> TrialTable:
    """Return a table of judged trials, then unscored ones, then places that were never asked.

    Args:
        scores: Of the judged trials, epoch by epoch of place after place; nan has no score.
        unscored: Trials that failed on the way.
        missing: Trials that were never asked for.
        epochs: How often each place is asked.
        figures: `seconds`, `first_token`, `usd` and `refused`, for the judged trials; `most_usd`;
            `metric` names the score.
    """
    asked = len(scores)
    total = asked + unscored + missing
    assert total % epochs == 0

    def spread(values: Any) -> Any:
        return np.concatenate([values, np.full(total - len(values), np.nan)]).reshape(-1, epochs)

    judged = (np.arange(total) < asked).reshape(-1, epochs)
    refused = np.zeros(total, dtype=np.bool_)
    refused[:asked] = figures.get("refused", np.zeros(asked, dtype=np.bool_))
    return TrialTable(
        stored=(np.arange(total) < asked + unscored).reshape(-1, epochs),
        judged=judged,
        refused=refused.reshape(-1, epochs),
        scores={figures.get("metric", "exact_match"): spread(np.asarray(scores, dtype=float))},
        seconds=spread(figures.get("seconds", np.full(asked, np.nan))),
        usd=spread(figures.get("usd", np.full(asked, np.nan))),
        is_estimated=figures.get("is_estimated", False),
        most_usd=figures.get("most_usd"),
        first_token=spread(figures["first_token"]) if "first_token" in figures else None,
    )


def run(passed: int, n: int, **others: Any) -> TrialTable:
    return table(scores_of(passed, n), **others)


def grounds(
    own: TrialTable,
    *,
    clusters: Any = None,
    incumbent: TrialTable | None = None,
    acceptance: Acceptance | None = None,
    **slices: Any,
) -> RunGrounds:
    layout = Layout(
        size=own.places,
        slices={name: np.array(values, dtype=object) for name, values in slices.items()},
        clusters=None if clusters is None else np.array(clusters),
    )
    return RunGrounds(table=own, layout=layout, incumbent=incumbent, acceptance=acceptance)


def judged(
    criterion: CriterionSpec,
    on: TrialTable | RunGrounds,
    *,
    stop_early: bool = False,
    is_graded: bool = False,
    levels: Levels = EACH,
) -> CriterionResult:
    """Judge one criterion on a table or on grounds."""
    found = on if isinstance(on, RunGrounds) else grounds(on)
    return judge(evidence_of(criterion, found, stop_early=stop_early, is_graded=is_graded), levels)
