"""The candidates of one evaluation judged together: who clears the bar, and at which level.

Of k candidates any one could pass by luck, so their GO claims share alpha by Holm's rule; the
incumbent makes none. Under a stop rule a criterion is settled for GO at alpha / k and for NO-GO at
alpha; when all runs have ended, Holm's rule may still lend a candidate more than alpha / k.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from evals.domain.bars import CriterionResult, CriterionState, evidence_of, judge, not_compared
from evals.domain.claims import Levels
from evals.domain.evidence import Evidence
from evals.domain.multiplicity import candidate_p, holm_levels
from evals.domain.specs import CriterionSpec, PlanSpec
from evals.domain.subjects import RunGrounds


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contender:
    """One run with its grounds."""

    grounds: RunGrounds
    is_incumbent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the plan fixed: its bar, alpha, and whether it stops early.

    `graded` names the metrics whose scorers can give partial credit.
    """

    bar: tuple[CriterionSpec, ...]
    plan: PlanSpec
    graded: frozenset[str] = frozenset()


def judge_all(
    rules: Rules, contenders: Sequence[Contender], *, have_ended: bool
) -> list[tuple[CriterionResult, ...]]:
    """Return each contender's criteria judged, in the order of the bar.

    Args:
        rules: As frozen before the first result.
        contenders: All runs of the evaluation, the incumbent's too.
        have_ended: Whether all have; a stop rule lends nothing by Holm's rule before that.
    """
    evidence = [_evidence(rules, contender) for contender in contenders]
    places = [i for i, contender in enumerate(contenders) if not contender.is_incumbent]
    first = rules.plan.alpha / max(1, len(places))
    shares = [first] * len(contenders)
    if have_ended and places:
        p_values = [_candidate_p(rules, evidence[place], first) for place in places]
        for place, share in zip(places, holm_levels(p_values, alpha=rules.plan.alpha), strict=True):
            shares[place] = share
    return [
        tuple(
            _judged(rules, one, first=first, share=share) if one else not_compared(line)
            for line, one in zip(rules.bar, lines, strict=True)
        )
        for lines, share in zip(evidence, shares, strict=True)
    ]


def settled_after(results: Sequence[CriterionResult]) -> int | None:
    """Return how many places of the order settled the required criteria, None if they are not.

    One that is missed settles a candidate by itself; GO needs them all.
    """
    required = [result for result in results if result.criterion.required]
    missed = [r.places for r in required if r.state is CriterionState.MISSED]
    if missed:
        return min(missed)
    if required and all(r.state is CriterionState.MET for r in required):
        return max(r.places for r in required)
    return None


def _evidence(rules: Rules, contender: Contender) -> list[Evidence | None]:
    """Return the grounds of every line; the incumbent is not compared with itself."""
    return [
        None
        if contender.is_incumbent and line.is_paired
        else evidence_of(
            line,
            contender.grounds,
            stop_early=rules.plan.stop_early,
            is_graded=line.metric in rules.graded,
        )
        for line in rules.bar
    ]


def _candidate_p(rules: Rules, lines: Sequence[Evidence | None], first: float) -> float:
    alpha = rules.plan.alpha
    criteria = [
        (one.p_go(_levels(rules, one, share=first)), one.subject.criterion.alpha or alpha)
        for one in lines
        if one and one.subject.criterion.required
    ]
    return candidate_p(criteria, alpha=alpha)


def _judged(rules: Rules, one: Evidence, *, first: float, share: float) -> CriterionResult:
    """Return the criterion at the level that settles it while asking, else at Holm's."""
    result = judge(one, _levels(rules, one, share=first if rules.plan.stop_early else share))
    is_open = result.state is CriterionState.UNSETTLED
    if rules.plan.stop_early and is_open and share > first:
        return judge(one, _levels(rules, one, share=share))
    return result


def _levels(rules: Rules, one: Evidence, *, share: float) -> Levels:
    """Return the levels of a criterion whose candidate has `share` of alpha for its GO."""
    alpha = rules.plan.alpha
    own = one.subject.criterion.alpha or alpha
    go = own * (share / alpha)
    return Levels(low=go, high=own) if one.subject.go_above else Levels(low=own, high=go)
