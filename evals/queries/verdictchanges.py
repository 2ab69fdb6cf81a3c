"""What would change a verdict: more samples, another bar, trials that failed."""

from evals.domain.bars import CriterionState
from evals.domain.metrics import COST_PER_1K, LATENCY_QUANTILES
from evals.domain.specs import Comparator, CriterionSpec
from evals.queries import figures
from evals.queries.outcomes import Outcome, Results, lines_of
from evals.queries.results import Document


def changes_of(results: Results, outcome: Outcome) -> list[str]:
    """Return what would change the verdict, one sentence each."""
    changes = [
        said
        for criterion, line in lines_of(results, outcome)
        if criterion.required and (said := _change(criterion, line))
    ]
    if outcome.unscored:
        failed = figures.plural(outcome.unscored, "trial")
        changes.append(f"{failed} could not be scored and count against it: ask them again.")
    if missing := results.planned - outcome.done:
        changes.append(f"{figures.plural(missing, 'planned trial')} were never asked.")
    return changes


def _change(criterion: CriterionSpec, line: Document) -> str:
    label = figures.metric_label(criterion.metric)
    if line["state"] == CriterionState.UNSETTLED:
        return _more_samples(label, line)
    if line["bound"] is None or criterion.metric in LATENCY_QUANTILES:
        return ""
    bound = figures.metric_value(criterion.metric, line["bound"])
    is_at_least = criterion.comparator is Comparator.AT_LEAST
    noun = "limit" if criterion.metric == COST_PER_1K else "bar"
    if line["state"] == CriterionState.MET:
        side = "above" if is_at_least else "below"
        return f"A {noun} {side} {bound} for {label} would no longer be met by this evidence."
    side = "no higher than" if is_at_least else "no lower than"
    return f"A {noun} {side} {bound} for {label} would no longer be missed."


def _more_samples(label: str, line: Document) -> str:
    if line["value"] is None:
        return f"The {label} would have to be known."
    if line["samples_needed"] is None:
        return f"No number of further samples alone would settle {label}."
    more = figures.plural(line["samples_needed"], "more sample")
    return f"About {more} would settle {label}, if they go as these did."
