"""Claims about money: the mean of something that lies between two amounts of dollars.

    cost per 1,000 at_most c       the cost of a trial as a share of a ceiling, c / 1,000 of it
    cost per accepted at_most c    wrong answers dropped: cost - c x accepted, in -c..ceiling, at
                                   most 0 on average; done again at f each: cost + f x wrong, in
                                   0..ceiling + f, at most c on average

The mean cost over the mean of accepted answers is at most c exactly where the mean of
cost - c x accepted is at most 0. A trial without a cost or a score counts at the worst.
"""

from math import ceil, log2

import numpy as np

from evals.domain.sequential import Floats
from evals.domain.specs import CriterionSpec
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
from evals.domain.trialtables import Flags
from evals.domain.units import Bounded, sample_units

TASKS = 1000  # that a cost criterion prices
ROOM = 10  # times the limit, up to which a trial's cost is told apart


def cost_subject(criterion: CriterionSpec, grounds: RunGrounds, upto: int) -> Subject:
    """Return what a thousand tasks cost, as a claim about the cost of a trial."""
    check_at_most(criterion)
    table, where = grounds.table, where_of(criterion, grounds)
    usd = np.where(table.judged, table.usd, np.nan)
    limit = criterion.threshold / TASKS
    ceiling = ceiling_of(known_in(usd, where, upto), table.most_usd or ROOM * limit or 1.0)
    figures = Bounded.of(np.minimum(usd / ceiling, 1.0)).mean_epochs()
    return Subject(
        criterion=criterion,
        units=sample_units(figures, where=where, upto=upto, is_binary=False),
        bar=min(1.0, limit / ceiling),
        go_above=False,
        shown=lambda places: mean_of(usd * TASKS, where, places),
        ceiling=ceiling * TASKS,
        gaps=gaps_in(usd, where, upto),
        missing=missing_in(table, where, upto),
        words="estimated costs: " if table.is_estimated else "",
        unknown="the price or the usage is unknown",
    )


def accepted_subject(criterion: CriterionSpec, grounds: RunGrounds, upto: int) -> Subject:
    """Return what an accepted answer costs, as a claim about each trial's cost and its score.

    Raises:
        ValueError: If nothing says which answers are accepted.
    """
    check_at_most(criterion)
    if grounds.acceptance is None:
        raise ValueError(f"{criterion.metric}: nothing says which answers are accepted")
    table, where, limit = grounds.table, where_of(criterion, grounds), criterion.threshold
    usd = np.where(table.judged, table.usd, np.nan)
    right = scores_of(table, grounds.acceptance.metric)
    dearest = ceiling_of(known_in(usd, where, upto), table.most_usd or ROOM * limit or 1.0)
    failure = grounds.acceptance.failure_usd
    if failure is None:
        dollars, low, high, claimed = usd - limit * right, -limit, dearest, 0.0
        words = f"cost less {limit:g} for each accepted answer at most 0: "
    else:
        dollars, low, high, claimed = usd + failure * (1 - right), 0.0, dearest + failure, limit
        words = f"cost and {failure:g} for each wrong answer at most {limit:g}: "
    shares = np.clip((dollars - low) / (high - low), 0.0, 1.0)
    return Subject(
        criterion=criterion,
        units=score_units(Bounded.of(shares), grounds, where, upto, is_graded=True),
        bar=min(1.0, (claimed - low) / (high - low)),
        go_above=False,
        shown=lambda places: accepted_cost(usd, right, where, places, failure=failure),
        floor=low,
        ceiling=high,
        gaps=gaps_in(dollars, where, upto),
        missing=missing_in(table, where, upto),
        words=f"estimated costs, {words}" if table.is_estimated else words,
        unknown="the price, the usage or the score is unknown",
        noun=noun_of(grounds),
    )


def accepted_cost(
    usd: Floats, right: Floats, where: Flags, places: int, *, failure: float | None
) -> Shown:
    """Return the cost of an accepted answer over the trials that have both cost and score.

    It is unknown where none is accepted and wrong answers are thrown away.
    """
    both = known_in(np.where(np.isnan(right), np.nan, usd), where, places)
    scores = known_in(np.where(np.isnan(usd), np.nan, right), where, places)
    if not len(both):
        return Shown(None, 0)
    if failure is not None:
        return Shown(float((both + failure * (1 - scores)).mean()), len(both))
    accepted = float(scores.sum())
    return Shown(float(both.sum()) / accepted if accepted else None, len(both))


def ceiling_of(found: Floats, room: float) -> float:
    """Return a cost that no trial read has passed: `room`, doubled where needed.

    A bet that a cost is low needs a largest cost; that it is high needs none. Where the price and
    max_tokens do not say what it is, room is ROOM times the limit: a GO then assumes that no trial
    costs more, and holds for those that were drawn as long as no more than a fifth of the money
    goes into dearer ones (`make simulate`).
    """
    dearest = float(found.max()) if len(found) else 0.0
    return room * 2.0 ** max(0, ceil(log2(dearest / room))) if dearest > room else room
