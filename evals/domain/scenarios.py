"""A shock replayed over a task: what is stored judged again, with no new answer asked for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from evals.domain.positions import Option, TaskPosition, monthly_usd, per_accepted_usd
from evals.domain.reach import is_hit
from evals.domain.shockedlines import Push, pushed_line, verdict_of_lines
from evals.domain.shocks import Affects, Shock
from evals.domain.survival import Reason, Survival, harm_of, survival_of
from evals.domain.verdicts import Verdict

HOURS_A_MONTH = 730  # 8,760 hours a year


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionOutcome:
    """One candidate after the shock; None is unknown.

    `is_gone` says that it cannot be had any more, `still_holds` that its verdict is neither stale
    nor too old; `verdict` is what its stored lines say then, None
    where it had none or where it is not known whether it is hit. The costs are in US dollars.
    """

    option: Option
    is_hit: bool | None
    is_gone: bool | None
    still_holds: bool
    verdict: Verdict | None
    cost_per_task_usd: Decimal | None
    per_accepted_usd: Decimal | None
    monthly_usd: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A task after the shock.

    `fallback` is the best candidate that still has a GO and is surely not hit. `monthly_usd` is the
    month's bill afterwards: the incumbent's where it can still be had, the fallback's where the
    task survives without it, else None. `stands_still` says that the task has neither.
    `failed_tasks` are a month's requests without an answer, `failure_usd` what they cost.
    `clears` says whether the incumbent itself would clear the bar's lines about it alone.
    """

    position: TaskPosition
    shock: Shock
    incumbent: OptionOutcome | None
    others: tuple[OptionOutcome, ...]
    fallback: OptionOutcome | None
    survival: Survival
    reason: Reason
    notice_days: int | None
    monthly_before_usd: Decimal | None
    monthly_usd: Decimal | None
    stands_still: bool
    failed_tasks: Decimal | None
    failure_usd: Decimal | None

    @property
    def changes_something(self) -> bool:
        """Whether anything of the task differs from today, as far as one knows."""
        return self.reason not in {Reason.NO_INCUMBENT, Reason.NOT_HIT} or any(
            other.is_hit is not False or other.verdict != other.option.verdict
            for other in self.others
        )


def replay(position: TaskPosition, shock: Shock, *, today: date) -> Outcome:
    """Return the task after the shock, from stored figures alone.

    A task survives if a tested fallback has a GO afterwards and one can switch within the notice.
    Source: house methods, section 6.
    """
    incumbent = _replayed(position.incumbent, position, shock, today)
    others = tuple(
        outcome
        for option in position.others
        if (outcome := _replayed(option, position, shock, today)) is not None
    )
    fallback = best_go(others)
    notice = _notice(position, shock, today)
    reason = survival_of(
        harm=harm_of(incumbent.option, shock, is_hit=incumbent.is_hit)
        if incumbent
        else Reason.NO_INCUMBENT,
        has_fallback=fallback is not None,
        may_have_fallback=any(_may_stand(other) for other in others),
        switch_days=position.switch_days,
        notice_days=notice,
    )
    after, stands_still = _spend_after(incumbent, fallback, reason)
    failed = _failed_tasks(position, incumbent, shock)
    failure = position.failure_cost_usd
    return Outcome(
        position=position,
        shock=shock,
        incumbent=incumbent,
        others=others,
        fallback=fallback,
        survival=reason.survival,
        reason=reason,
        notice_days=notice,
        monthly_before_usd=monthly_usd(position, incumbent.option.cost_per_task_usd)
        if incumbent
        else None,
        monthly_usd=after,
        stands_still=stands_still,
        failed_tasks=failed,
        failure_usd=None if failed is None or failure is None else failed * failure,
    )


def best_go(others: Iterable[OptionOutcome]) -> OptionOutcome | None:
    """Return the GO that is surely there and not hit, cheapest per accepted answer first.

    A GO whose cost is unknown comes after all whose cost is known.
    """
    standing = [
        other
        for other in others
        if other.verdict is Verdict.GO
        and other.still_holds
        and other.is_hit is False
        and other.is_gone is False
    ]
    return min(standing, key=_price_order, default=None)


def _price_order(outcome: OptionOutcome) -> tuple[bool, Decimal, str]:
    cost = outcome.per_accepted_usd
    return cost is None, cost or Decimal(0), outcome.option.name


def _replayed(
    option: Option | None, position: TaskPosition, shock: Shock, today: date
) -> OptionOutcome | None:
    if option is None:
        return None
    hit = False if shock.is_null else is_hit(option, shock, position.incumbent)
    # What the team uses today answers today, whatever the record of its retirement says.
    is_in_use = option is position.incumbent
    is_retired = not is_in_use and option.retires_on is not None and option.retires_on <= today
    cost = _cost_after(option, shock, hit=hit)
    return OptionOutcome(
        option=option,
        is_hit=hit,
        is_gone=is_retired or (hit if shock.availability else False),
        still_holds=option.still_holds(today),
        verdict=_verdict_after(option, position, shock, hit=hit),
        cost_per_task_usd=cost,
        per_accepted_usd=per_accepted_usd(
            cost, _accepted_after(option, shock, hit=hit), position.failure_cost_usd
        ),
        monthly_usd=monthly_usd(position, cost),
    )


def _multiplier(option: Option, shock: Shock) -> Decimal:
    """Return what a hit option's cost is multiplied by: hardware is a part of it at most."""
    if shock.affects is not Affects.GPU:
        return shock.price_multiplier
    return 1 + option.hourly_share * (shock.price_multiplier - 1)


def _cost_after(option: Option, shock: Shock, *, hit: bool | None) -> Decimal | None:
    if hit is False or shock.price_multiplier == 1:
        return option.cost_per_task_usd
    if hit is None or option.cost_per_task_usd is None:
        return None
    return option.cost_per_task_usd * _multiplier(option, shock)


def _accepted_after(option: Option, shock: Shock, *, hit: bool | None) -> Decimal | None:
    if hit is False or not shock.quality_delta:
        return option.accepted_share
    if hit is None or option.accepted_share is None:
        return None
    return min(Decimal(1), max(Decimal(0), option.accepted_share + shock.quality_delta))


def _verdict_after(
    option: Option, position: TaskPosition, shock: Shock, *, hit: bool | None
) -> Verdict | None:
    """Return what the lines say after the shock, None where that hangs on what is unknown."""
    if option.verdict is None:
        return None
    changes_figures = shock.price_multiplier != 1 or shock.quality_delta
    if hit is None and changes_figures:
        return None
    incumbent = position.incumbent
    incumbent_hit = incumbent is not None and is_hit(incumbent, shock, incumbent)
    push = Push(
        cost_multiplier=float(_multiplier(option, shock)) if hit else 1.0,
        own_quality=float(shock.quality_delta) if hit else 0.0,
        incumbent_quality=float(shock.quality_delta) if incumbent_hit else 0.0,
        cost_usd=_float(option.cost_per_task_usd),
        accepted_share=_float(option.accepted_share),
        failure_usd=_float(position.failure_cost_usd),
    )
    if push.is_null:
        return option.verdict
    return verdict_of_lines([pushed_line(line, push) for line in option.lines])


def _float(figure: Decimal | None) -> float | None:
    return None if figure is None else float(figure)


def _may_stand(other: OptionOutcome) -> bool:
    """Return whether the option may turn out to be a fallback once what is unknown is known."""
    return (
        other.option.verdict is Verdict.GO
        and other.still_holds
        and other.verdict in {Verdict.GO, None}
        and other.is_hit is not True
        and other.is_gone is not True
    )


def _notice(position: TaskPosition, shock: Shock, today: date) -> int | None:
    """Return the days from the news to the shock, by a retirement date where nothing says it."""
    if shock.notice_days is not None:
        return shock.notice_days
    incumbent = position.incumbent
    if shock.availability is None or incumbent is None or incumbent.retires_on is None:
        return None
    return max(0, (incumbent.retires_on - today).days)


def _spend_after(
    incumbent: OptionOutcome | None, fallback: OptionOutcome | None, reason: Reason
) -> tuple[Decimal | None, bool]:
    """Return the month's bill after the shock, and whether nothing answers any more."""
    if incumbent is None or incumbent.is_gone is None:
        return None, False
    if not incumbent.is_gone:
        return incumbent.monthly_usd, False
    if reason.survival is Survival.SURVIVES and fallback is not None:
        return fallback.monthly_usd, False
    return None, reason.survival is Survival.FAILS


def _failed_tasks(
    position: TaskPosition, incumbent: OptionOutcome | None, shock: Shock
) -> Decimal | None:
    """Return the requests a month that an outage leaves without an answer, at an even pace."""
    if incumbent is None or incumbent.is_hit is False or not shock.outage_hours:
        return Decimal(0)
    if incumbent.is_hit is None or position.monthly_volume is None:
        return None
    share = min(Decimal(1), shock.outage_hours / HOURS_A_MONTH)
    return position.monthly_volume * share
