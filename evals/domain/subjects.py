"""What a criterion speaks of: a mean of unit figures in [0, 1], and the bar it is held against.

    score at_least / at_most t     the mean score against t
    score within m of incumbent    (d + 1) / 2 of the paired difference d against (1 - m) / 2
    latency at_most L              the share of trials within L seconds against .50, .95 or .99
    first token at_most L          the same of the seconds to the first token, as streamed
    error rate at_most t           the share of trials that ended in an error; see `measured`
    cost at_most c                 the cost of a trial as a share of a ceiling, c / 1,000 of it
    cost per accepted at_most c    see `costsubjects`

Trials without a figure count against the claim and for its opposite. A model_error is never within
a latency, however fast its refusal came. Samples are independent of each other and trials of one
are not, so epochs are averaged; scores of a set with clusters are averaged over clusters, which
claims the average cluster. Latencies and costs do not hang on what is asked about.
"""

import numpy as np

from evals.domain.costsubjects import accepted_subject, cost_subject
from evals.domain.measured import COST_PER_ACCEPTED, SPEED_QUANTILES
from evals.domain.metrics import COST_PER_1K, FIRST_TOKEN_QUANTILES
from evals.domain.sequential import Floats
from evals.domain.specs import Comparator, CriterionSpec
from evals.domain.subjectparts import (
    RunGrounds,
    Shown,
    Subject,
    check_at_most,
    gaps_in,
    known_in,
    mean_of,
    missing_in,
    noun_of,
    score_units,
    scores_of,
    where_of,
)
from evals.domain.trialtables import Flags, TrialTable
from evals.domain.units import Bounded, sample_units

__all__ = ["NOTHING_TIMED", "RunGrounds", "Shown", "Subject", "seconds_of", "subject_of"]

WIDEST_MARGIN = 1 - 1e-9  # a margin of 1 allows every difference
NOTHING_TIMED = ("no latency is known", "no time to the first token is known")


def subject_of(
    criterion: CriterionSpec, grounds: RunGrounds, *, upto: int, is_graded: bool
) -> Subject:
    """Return what a criterion speaks of, over the first `upto` places.

    Args:
        criterion: A line of the bar.
        grounds: Of the run.
        upto: All places for a fixed n; the complete prefix under a stop rule.
        is_graded: Whether the metric's scorer can give partial credit.

    Raises:
        ValueError: If the metric or the slice is unknown, a latency or a cost is to be "at least",
            or there is no incumbent to compare with.
    """
    if criterion.metric in SPEED_QUANTILES:
        return _latency(criterion, grounds, upto)
    if criterion.metric == COST_PER_1K:
        return cost_subject(criterion, grounds, upto)
    if criterion.metric == COST_PER_ACCEPTED:
        return accepted_subject(criterion, grounds, upto)
    if criterion.comparator is Comparator.WITHIN:
        return _difference(criterion, grounds, upto, is_graded=is_graded)
    return _score(criterion, grounds, upto, is_graded=is_graded)


def _score(criterion: CriterionSpec, grounds: RunGrounds, upto: int, *, is_graded: bool) -> Subject:
    scores, where = scores_of(grounds.table, criterion.metric), where_of(criterion, grounds)
    return Subject(
        criterion=criterion,
        units=score_units(Bounded.of(scores), grounds, where, upto, is_graded=is_graded),
        bar=criterion.threshold,
        go_above=criterion.comparator is Comparator.AT_LEAST,
        shown=lambda places: mean_of(scores, where, places),
        gaps=gaps_in(scores, where, upto),
        missing=missing_in(grounds.table, where, upto),
        noun=noun_of(grounds),
    )


def _difference(
    criterion: CriterionSpec, grounds: RunGrounds, upto: int, *, is_graded: bool
) -> Subject:
    if grounds.incumbent is None:
        raise ValueError(f"{criterion.metric} within {criterion.threshold:g}: no incumbent")
    own = scores_of(grounds.table, criterion.metric)
    other = scores_of(grounds.incumbent, criterion.metric)
    where, differences = where_of(criterion, grounds), own - other
    ours, theirs = Bounded.of(own), Bounded.of(other)
    figures = Bounded(
        (1 + ours.least - theirs.most) / 2,
        (1 + ours.most - theirs.least) / 2,
    )
    return Subject(
        criterion=criterion,
        units=score_units(figures, grounds, where, upto, is_graded=is_graded),
        bar=(1 - min(criterion.threshold, WIDEST_MARGIN)) / 2,
        go_above=True,
        shown=lambda places: mean_of(differences, where, places),
        floor=-1.0,
        is_paired=True,
        gaps=gaps_in(differences, where, upto),
        missing=missing_in(grounds.table, where, upto),
        words="paired difference from the incumbent: ",
        noun=noun_of(grounds),
    )


def _latency(criterion: CriterionSpec, grounds: RunGrounds, upto: int) -> Subject:
    check_at_most(criterion)
    table, where = grounds.table, where_of(criterion, grounds)
    share, limit = SPEED_QUANTILES[criterion.metric], criterion.threshold
    measured = seconds_of(table, criterion.metric)
    is_known = table.judged & ~np.isnan(measured)
    is_fast = is_known & ~table.refused & (np.nan_to_num(measured, nan=np.inf) <= limit)
    fast = np.where(is_known, is_fast.astype(np.float64), np.nan)
    seconds = np.where(is_known, measured, np.nan)
    is_binary = table.epochs == 1
    figures = Bounded.of(fast).mean_epochs()
    return Subject(
        criterion=criterion,
        units=sample_units(figures, where=where, upto=upto, is_binary=is_binary),
        bar=share,
        go_above=True,
        shown=lambda places: _quantile(seconds, where, places, share),
        gaps=gaps_in(fast, where, upto),
        missing=missing_in(table, where, upto),
        words=f"share within {limit:g} s at least {share:g}: ",
        unknown=NOTHING_TIMED[criterion.metric in FIRST_TOKEN_QUANTILES],
    )


def seconds_of(table: TrialTable, metric: str) -> Floats:
    """Return the seconds that a metric of speed is about, nan where unknown."""
    if metric not in FIRST_TOKEN_QUANTILES:
        return table.seconds
    return np.full_like(table.seconds, np.nan) if table.first_token is None else table.first_token


def _quantile(seconds: Floats, where: Flags, places: int, share: float) -> Shown:
    """Return the smallest latency that a share of the trials does not exceed."""
    known = np.sort(known_in(seconds, where, places))
    if not len(known):
        return Shown(None, 0)
    rank = max(1, -(-round(share * 100) * len(known) // 100))
    return Shown(float(known[rank - 1]), len(known))
