"""What a shock does to all tasks together."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from evals.domain.scenarios import Outcome
from evals.domain.survival import Reason, Survival
from evals.queries import figures
from evals.queries.scenariowords import UNKNOWN

HARMED = (Survival.SURVIVES, Survival.FAILS, Survival.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums over tasks, None for none.

    `today_usd` is what all tasks spend, without those whose spend is `unknown_today`. `before_usd`
    and `after_usd` are over those tasks for which both are known: `unpriced` tasks are left out
    of them, for want of a price or a volume; so are those that stand `still`, which pay for
    nothing. `harmed` tasks are those that need a fallback.
    """

    tasks: int
    today_usd: Decimal | None
    unknown_today: int
    before_usd: Decimal | None
    after_usd: Decimal | None
    unpriced: int
    still: int
    harmed: int
    in_time: int
    unknown: int
    verdicts: int
    failed_tasks: Decimal | None

    @property
    def spend_words(self) -> str:
        """Return "$4,120 → $16,480", after "of $9,000: " where it is a part of the spend."""
        if self.before_usd is None or self.after_usd is None:
            return "stands still" if self.still else UNKNOWN
        before, after = figures.usd(self.before_usd), figures.usd(self.after_usd)
        whole = f"of {_usd(self.today_usd)}: " if self.is_part else ""
        return whole + (before if before == after else f"{before} → {after}")

    @property
    def is_part(self) -> bool:
        """Return whether some of today's spend is in neither of the two sums."""
        return self.before_usd != self.today_usd

    @property
    def in_time_words(self) -> str:
        """Return "3 of 5", "none is harmed"."""
        if not self.harmed:
            return "none is harmed"
        return f"{self.in_time:,} of {self.harmed:,}"


def totals_of(outcomes: Sequence[Outcome]) -> Totals:
    """Return the sums over all tasks."""
    both = [
        (outcome.monthly_before_usd, outcome.monthly_usd)
        for outcome in outcomes
        if outcome.monthly_before_usd is not None and outcome.monthly_usd is not None
    ]
    today = [o.monthly_before_usd for o in outcomes if o.monthly_before_usd is not None]
    harmed = [o for o in outcomes if o.survival in HARMED and o.reason is not Reason.NO_INCUMBENT]
    still = sum(outcome.stands_still for outcome in outcomes)
    failed = [outcome.failed_tasks for outcome in outcomes]
    return Totals(
        tasks=len(outcomes),
        today_usd=sum(today, Decimal(0)) if today else None,
        unknown_today=len(outcomes) - len(today),
        before_usd=sum((before for before, _ in both), Decimal(0)) if both else None,
        after_usd=sum((after for _, after in both), Decimal(0)) if both else None,
        unpriced=len(outcomes) - len(both) - still,
        still=still,
        harmed=len(harmed),
        in_time=sum(outcome.survival is Survival.SURVIVES for outcome in harmed),
        unknown=sum(outcome.survival is Survival.UNKNOWN for outcome in harmed),
        verdicts=sum(
            other.option.verdict is not None
            and (other.verdict != other.option.verdict or bool(other.is_gone))
            for outcome in outcomes
            for other in outcome.others
        ),
        failed_tasks=None if None in failed else sum((f for f in failed if f), Decimal(0)),
    )


def headline(totals: Totals) -> str:
    """Return what a shock does in one sentence."""
    parts = [_spend_sentence(totals)]
    if totals.still:
        verb = "stands" if totals.still == 1 else "stand"
        parts.append(f"{figures.plural(totals.still, 'task')} {verb} still")
    if totals.harmed:
        whom = "task" if totals.harmed == 1 else "tasks"
        has = "has" if totals.in_time == 1 else "have"
        parts.append(
            f"{totals.in_time:,} of {totals.harmed:,} {whom} {has} a tested fallback in time"
        )
    else:
        parts.append("no task is harmed")
    return "; ".join(part for part in parts if part)


def totals_words(totals: Totals) -> tuple[tuple[str, str, str], ...]:
    """Return the sums as labels, figures and notes."""
    said = [
        ("A month today", _usd(totals.today_usd), _without(totals.unknown_today)),
        _then(totals),
        ("Fallback in time", totals.in_time_words, _unknown_note(totals)),
        ("Tasks that stand still", figures.count(totals.still), ""),
        ("Verdicts that change", figures.count(totals.verdicts), ""),
    ]
    if totals.failed_tasks is None or totals.failed_tasks:
        failed = totals.failed_tasks
        silent = UNKNOWN if failed is None else figures.count(round(failed))
        said.append(("Requests without an answer", silent, "a month"))
    return tuple(said)


def _spend_sentence(totals: Totals) -> str:
    before, after = totals.before_usd, totals.after_usd
    if before is None or after is None:
        return "" if totals.still else "Spend is unknown"
    part = f"Of {_usd(totals.today_usd)} spent a month {figures.usd(before)}"
    if before == after:
        return (
            f"{part} stays" if totals.is_part else f"Spend stays at {figures.usd(before)} a month"
        )
    verb = "rises" if after > before else "falls"
    if totals.is_part:
        return f"{part} {verb} to {figures.usd(after)}"
    return f"Spend {verb} from {figures.usd(before)} to {figures.usd(after)} a month"


def _then(totals: Totals) -> tuple[str, str, str]:
    """Return the bill after the shock, beside the part of today's bill that it takes the place of.

    What stands still costs nothing because it does nothing: it is no saving.
    """
    before, after = totals.before_usd, totals.after_usd
    if before is None or after is None:
        if totals.still and totals.still == totals.tasks:
            return "A month then", "stands still", ""
        return "A month then", UNKNOWN, ""
    if totals.is_part:
        return "A month then", figures.usd(after), f"for {figures.usd(before)} of today's"
    return "A month then", figures.usd(after), _change(before, after)


def _without(tasks: int) -> str:
    return f"without {figures.plural(tasks, 'task')}: unknown" if tasks else ""


def _usd(amount: Decimal | None) -> str:
    return UNKNOWN if amount is None else figures.usd(amount)


def _change(before: Decimal, after: Decimal) -> str:
    difference = after - before
    if not difference:
        return "as today"
    sign = figures.MINUS if difference < 0 else "+"
    return f"{sign}{figures.usd(abs(difference))}"


def _unknown_note(totals: Totals) -> str:
    return f"{figures.plural(totals.unknown, 'task')} unknown" if totals.unknown else ""
