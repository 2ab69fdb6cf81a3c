"""What would change a verdict: more samples, another bar, trials that failed."""

from evals.domain.bars import CriterionState
from evals.domain.costs import AcceptedRule
from evals.domain.measured import COSTS, ERROR_RATE, SPEED_QUANTILES
from evals.domain.specs import Comparator, CriterionSpec
from evals.domain.verdicts import Verdict
from evals.queries import figures
from evals.queries.barlines import needed_words
from evals.queries.linewords import label_of, points
from evals.queries.outcomes import Outcome, Results, lines_of
from evals.queries.results import Document

DECIDED_BY = {
    Verdict.GO.value: CriterionState.MET.value,
    Verdict.NO_GO.value: CriterionState.MISSED.value,
}


def changes_of(results: Results, outcome: Outcome) -> list[str]:
    """Return what would change the verdict, one sentence each: of the lines that made it."""
    made_it = DECIDED_BY.get(outcome.verdict, CriterionState.UNSETTLED.value)
    changes = [
        said
        for criterion, line in lines_of(results, outcome)
        if criterion.required
        and line["state"] == made_it
        and (said := _change(results, criterion, line))
    ]
    if not outcome.verdict or outcome.verdict == Verdict.UNDECIDED:
        changes += _gaps(results, outcome)
    return list(dict.fromkeys(changes))  # two lines of one metric may say the same


def _gaps(results: Results, outcome: Outcome) -> list[str]:
    """Return the planned trials that say nothing; for a verdict they counted against it already."""
    found = []
    if outcome.unscored:
        failed = figures.plural(outcome.unscored, "trial")
        found.append(f"{failed} could not be scored and count against it: ask them again.")
    stopping = outcome.document.get("stopping")
    missing = stopping["not_asked"] if stopping else results.planned - outcome.done
    if missing:
        verb = "was" if missing == 1 else "were"
        found.append(f"{figures.plural(missing, 'planned trial')} {verb} never asked.")
    return found


def _change(results: Results, criterion: CriterionSpec, line: Document) -> str:
    if line["state"] == CriterionState.UNSETTLED:
        return _more_samples(results, criterion, line)
    if line["bound"] is None:
        return ""
    is_met = line["state"] == CriterionState.MET
    if criterion.metric in SPEED_QUANTILES:
        return _latency(criterion, line["bound"], is_met=is_met)
    if criterion.is_paired:
        return _margin(criterion, line["bound"], is_met=is_met)
    if line.get("rule") == AcceptedRule.DROPPED:
        return _balance(line["bound"], is_met=is_met)
    return _limit(criterion, line["bound"], is_met=is_met)


def _limit(criterion: CriterionSpec, bound: float, *, is_met: bool) -> str:
    label, limit = label_of(criterion), figures.metric_value(criterion.metric, bound)
    is_at_least = criterion.comparator is Comparator.AT_LEAST
    noun = "limit" if criterion.metric in {*COSTS, ERROR_RATE} else "bar"
    if is_met:
        side = "above" if is_at_least else "below"
        return f"A {noun} {side} {limit} for {label} would no longer be met by this evidence."
    side = "no higher than" if is_at_least else "no lower than"
    return f"A {noun} {side} {limit} for {label} would no longer be missed."


def _balance(bound: float, *, is_met: bool) -> str:
    each = figures.usd(abs(bound))
    if is_met:
        return f"Tasks that cost {each} more each would no longer keep the limit by this evidence."
    return f"Tasks that cost {each} less each would no longer miss the limit."


def _margin(criterion: CriterionSpec, bound: float, *, is_met: bool) -> str:
    label = label_of(criterion)
    if is_met and bound >= 0:
        return f"No margin would: by this evidence its {label} is no worse than the incumbent's."
    if is_met:
        return (
            f"A margin under {points(bound)} for {label} would no longer be met by this evidence."
        )
    return f"A margin of {points(bound)} or more for {label} would no longer be missed."


def _latency(criterion: CriterionSpec, bound: float, *, is_met: bool) -> str:
    """Return what would change a latency's line, whose bound is on the share within the limit."""
    share = SPEED_QUANTILES[criterion.metric]
    limit = figures.threshold(criterion.metric, criterion.threshold)
    where = label_of(criterion).removeprefix(figures.metric_label(criterion.metric))
    wanted = f"{share:.0%}".replace("%", " %")
    found = f"{bound:.1%}".replace("%", " %")
    if is_met:
        return f"Slower answers{where}: at least {found} come within {limit}, {wanted} have to."
    return (
        f"Faster answers{where}, or a longer limit: "
        f"at most {found} come within {limit}, {wanted} have to."
    )


def _more_samples(results: Results, criterion: CriterionSpec, line: Document) -> str:
    label = label_of(criterion)
    if criterion.is_paired:
        label = f"{label} against the incumbent"
    if line["value"] is None:
        return f"The {label} would have to be known."
    needed = needed_words(results, criterion, line)
    if not needed:
        return f"No number of further samples alone would settle {label}."
    these = "these" if results.spec.plan.stop_early else f"these {line['n']:,}"
    said = needed[0].upper() + needed[1:]
    return f"{said} would settle {label}, if they go as {these} did."
