"""One line of a bar in a sentence: what it measures, what came out, and how sure that is."""

from evals.domain.slices import slice_text
from evals.domain.specs import Comparator, CriterionSpec
from evals.queries import figures
from evals.queries.barlines import bound_text, value_text
from evals.queries.outcomes import Outcome, Results
from evals.queries.results import Document

POINTS = 100  # of a share


def label_of(criterion: CriterionSpec) -> str:
    """Return "exact match where channel is phone"."""
    where = f" where {slice_text(criterion.slice)}" if criterion.slice else ""
    return figures.metric_label(criterion.metric) + where


def finding(criterion: CriterionSpec, value: float) -> str:
    """Return "0.882 exact match against 0.85 required" and its like."""
    label = label_of(criterion)
    if criterion.is_paired:
        return f"{label} {_beside(value)}, at most {_margin(criterion, value)} allowed"
    limit = figures.threshold(criterion.metric, criterion.threshold)
    needed = f"{limit} required"
    if criterion.comparator is Comparator.AT_MOST:
        needed = f"at most {limit} allowed"
    return f"{figures.metric_value(criterion.metric, value)} {label} against {needed}"


def points(share: float) -> str:
    """Return "2.1 points" for a difference of 0.021 either way."""
    number = f"{abs(share) * POINTS:.1f}".removesuffix(".0")
    return f"{number} {'point' if number == '1' else 'points'}"


def interval_words(outcome: Outcome, criterion: CriterionSpec, line: Document) -> str:
    """Return "95 % interval 0.861 to 0.901", "" where none is known."""
    low, high = line_interval(outcome, criterion, line)
    if low is None or high is None:
        return ""
    start = value_text(criterion, low).removesuffix(" s")
    return f"95 % interval {start} to {value_text(criterion, high)}"


def line_interval(
    outcome: Outcome, criterion: CriterionSpec, line: Document
) -> tuple[float | None, float | None]:
    """Return the line's two-sided interval; results of earlier versions have the metric's alone."""
    if "low" in line:
        return line["low"], line["high"]
    if criterion.is_paired or criterion.slice:
        return None, None
    estimate = outcome.estimate(criterion.metric)
    return estimate.low, estimate.high


def sample_words(results: Results, criterion: CriterionSpec, line: Document) -> str:
    """Return "n = 820 of 1,000", without the whole for a slice, which has one of its own."""
    whole = "" if criterion.slice else f" of {results.planned:,}"
    return f"n = {line['n']:,}{whole}"


def judged_by(results: Results, criterion: CriterionSpec, line: Document) -> str:
    """Return "Judged by the one-sided Clopper-Pearson bound (0.864), alpha 0.05"."""
    method = line["method"].partition(";")[0]
    bound = bound_text(criterion, line).removeprefix("bound ")
    return f"Judged by the {method} ({bound}), {_level(results, criterion, line)}"


def _level(results: Results, criterion: CriterionSpec, line: Document) -> str:
    alpha = criterion.alpha or results.spec.plan.alpha
    said = f"alpha {alpha:g}" + ("" if criterion.alpha is None else " for this line")
    level = line.get("level")
    if level is None or abs(level - alpha) < alpha / 1000:
        return said
    return f"level {level:.3g}, this candidate's share of {said}"


def _beside(difference: float) -> str:
    if not round(abs(difference) * POINTS, 1):
        return "level with the incumbent"
    side = "below" if difference < 0 else "above"
    return f"{points(difference)} {side} the incumbent"


def _margin(criterion: CriterionSpec, difference: float) -> str:
    number = f"{criterion.threshold * POINTS:g}"
    is_below = round(difference * POINTS, 1) < 0
    return number if is_below else f"{number} {'point' if number == '1' else 'points'} below"
