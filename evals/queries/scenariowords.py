"""What a shock does to one task, in plain words."""

from collections.abc import Iterable
from decimal import Decimal

from evals.domain.scenarios import OptionOutcome, Outcome
from evals.domain.survival import Reason, Survival
from evals.domain.verdicts import WORDS
from evals.queries import figures
from evals.queries.shockwords import TIMES, days, multiplier, quality

UNKNOWN = "unknown"
LEAST_FACTOR = Decimal("0.01")
STATES = {
    Survival.SURVIVES: "met",
    Survival.FAILS: "missed",
    Survival.UNKNOWN: "unsettled",
    Survival.UNHARMED: "",
}
LABELS = {
    Survival.SURVIVES: "survives",
    Survival.FAILS: "does not survive",
    Survival.UNKNOWN: "unknown",
    Survival.UNHARMED: "not harmed",
}


def money(amount: Decimal | None) -> str:
    """Return an amount, or that it is unknown."""
    return UNKNOWN if amount is None else figures.usd(amount)


def reason_words(outcome: Outcome) -> str:
    """Return why a task survives, does not, or why nobody knows."""
    fallback = outcome.fallback.option.name if outcome.fallback else ""
    words = {
        Reason.NO_INCUMBENT: "say what the task runs on today",
        Reason.NOT_HIT: _not_hit(outcome),
        Reason.NOT_HARMED: "the incumbent is hit, and nothing gets worse",
        Reason.IN_TIME: f"{fallback} takes over",
        Reason.NO_FALLBACK: "no other candidate has a GO that stands",
        Reason.TOO_LATE: f"{fallback} would come too late",
        Reason.HIT_UNKNOWN: "it is not known whether the incumbent is hit",
        Reason.FALLBACK_UNKNOWN: "it is not known whether its fallback is hit",
        Reason.SWITCH_UNKNOWN: "say how long a switch takes",
        Reason.NOTICE_UNKNOWN: "the notice is not known",
    }
    return words[outcome.reason]


def full_reason(outcome: Outcome) -> str:
    """Return the reason with the days that it rests on."""
    rests = outcome.reason in {Reason.IN_TIME, Reason.TOO_LATE}
    days_behind = f": {switch_words(outcome)}" if rests else ""
    return f"{reason_words(outcome)}{days_behind}"


def _not_hit(outcome: Outcome) -> str:
    hit = [other.option.name for other in outcome.others if other.is_hit]
    if not hit:
        return "the incumbent is not hit"
    more = f" and {len(hit) - 1} more" if len(hit) > 1 else ""
    return f"the incumbent is not hit; {hit[0]}{more} is"


def break_even_words(outcome: Outcome) -> str:
    """Return down to which price of the incumbent its fallback is the cheaper one, "" if unknown.

    Per request, wrong answers not counted.
    """
    if outcome.fallback is None or outcome.incumbent is None:
        return ""
    own, today = outcome.fallback.cost_per_task_usd, outcome.incumbent.option.cost_per_task_usd
    if own is None or not today:
        return ""
    factor = own / today
    if factor >= 1:
        return f"cheaper if the incumbent cost over {multiplier(_rounded(factor))}"
    shown = multiplier(_rounded(factor)) if factor >= LEAST_FACTOR else f"under {TIMES}0.01"
    return f"cheaper down to {shown} of today's price"


def _rounded(factor: Decimal) -> Decimal:
    return factor.quantize(LEAST_FACTOR)


def switch_words(outcome: Outcome) -> str:
    """Return "5 days to switch, 14 days' notice"."""
    switch, notice = outcome.position.switch_days, outcome.notice_days
    needed = "unknown time to switch" if switch is None else f"{days(switch)} to switch"
    if notice is None:
        return f"{needed}, notice unknown"
    return f"{needed}, {days(notice)}' notice" if notice else f"{needed}, no notice"


def incumbent_words(outcome: Outcome) -> str:
    """Return what becomes of the incumbent."""
    incumbent, shock = outcome.incumbent, outcome.shock
    if incumbent is None:
        return "none"
    if incumbent.is_hit is None:
        return "may be hit"
    if incumbent.is_gone:
        return "is cut off"
    if not incumbent.is_hit:
        return "is not hit"
    parts = [
        f"costs {multiplier(shock.price_multiplier)}" if shock.price_multiplier != 1 else "",
        f"answers {quality(shock.quality_delta)}" if shock.quality_delta else "",
        f"is silent for {shock.outage_hours:g} h" if shock.outage_hours else "",
    ]
    return ", ".join(part for part in parts if part) or "is hit"


def outage_words(outcome: Outcome) -> str:
    """Return "20,548 requests fail, $1,027", "" where none does."""
    failed = outcome.failed_tasks
    if failed is None:
        return "an unknown number of requests fails"
    if not failed:
        return ""
    cost = (
        "" if outcome.failure_usd is None else f", which costs {figures.usd(outcome.failure_usd)}"
    )
    return f"{figures.plural(round(failed), 'request')} without an answer{cost}"


def verdict_changes(outcomes: Iterable[OptionOutcome]) -> tuple[str, ...]:
    """Return "olmo: GO → NO-GO" for each candidate whose verdict or presence changes."""
    return tuple(
        f"{each.option.name}: {_verdict(each, is_after=False)} → {_verdict(each, is_after=True)}"
        for each in outcomes
        if each.option.verdict is not None
        and (each.verdict != each.option.verdict or each.is_gone is not False)
    )


def _verdict(outcome: OptionOutcome, *, is_after: bool) -> str:
    if is_after and outcome.is_gone:
        return "cut off"
    verdict = outcome.verdict if is_after else outcome.option.verdict
    if verdict is None or (is_after and outcome.is_gone is None):
        return UNKNOWN
    return WORDS[verdict]
