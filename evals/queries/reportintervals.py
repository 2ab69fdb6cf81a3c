"""The picture of a report: each candidate's interval beside the bar."""

from evals.domain.reportdocuments import IntervalMark, Picture
from evals.domain.verdicts import Verdict
from evals.queries import figures
from evals.queries.candidaterows import in_order
from evals.queries.outcomes import Results

MOST_ON_FIRST_PAGE = 5


def fits_first_page(results: Results) -> bool:
    """Return whether the picture leaves room for the words of the first page."""
    return len(results.outcomes) <= MOST_ON_FIRST_PAGE


def interval_picture(results: Results) -> Picture:
    """Return the intervals of the first metric, in the order of the table below them."""
    label = figures.metric_label(results.headline)
    marks = []
    for outcome in in_order(results):
        estimate = outcome.estimate(results.headline)
        marks.append(
            IntervalMark(
                name=outcome.spec.name,
                value=estimate.value,
                low=estimate.low,
                high=estimate.high,
                is_open=outcome.spec.model.open,
                is_hollow=outcome.verdict == Verdict.UNDECIDED,
            )
        )
    return Picture(
        title=f"{label.capitalize()} with 95 % intervals; the dashed line is the bar. "
        "Round is open, square is closed, hollow is undecided.",
        description=f"Intervals of {label} for each candidate; a table has the numbers.",
        axis=label,
        bar=results.headline_bar,
        marks=tuple(marks),
    )
