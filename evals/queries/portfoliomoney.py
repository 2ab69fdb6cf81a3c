"""What each task costs today, with the best GO, and under a shock; and what they cost together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from evals.domain.positions import Option, TaskPosition, monthly_usd
from evals.domain.scenarios import OptionOutcome, Outcome, best_go, replay
from evals.domain.shocks import Affects, Shock
from evals.queries import figures
from evals.queries.expiries import SOON
from evals.queries.scenariorows import spend_after
from evals.queries.scenariowords import LABELS, STATES, full_reason, money
from evals.queries.shockchoices import ShockChoice

AS_TODAY = Shock(affects=Affects.MODEL)
FAR = date.max


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """One task's bills a month. `best` "": no GO stands. `under` "": no shock is chosen."""

    today: str
    is_estimated: bool
    best: str
    best_usd: str
    is_best_estimated: bool
    is_best_simulated: bool
    saves: str
    under: str
    state: str
    label: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """A row's amounts to the last digit and its days as ISO dates, "" where they are unknown."""

    today_usd: str
    best_usd: str
    under_usd: str
    expires: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """Until when a task's answer holds. `state` says whether to look at it now."""

    words: str
    state: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A task with its figures, in exact dollars: what rows and sums are made of."""

    position: TaskPosition
    today_usd: Decimal | None
    best: OptionOutcome | None
    under: Outcome | None
    expires: date | None
    is_stale: bool

    @property
    def with_best_usd(self) -> Decimal | None:
        """The bill with the best GO; today's where there is none."""
        return self.today_usd if self.best is None else self.best.monthly_usd


def priced(position: TaskPosition, choice: ShockChoice | None, *, today: date) -> Priced:
    """Return a task's figures today, with its best GO, and under the shock."""
    incumbent = position.incumbent
    best = best_go(replay(position, AS_TODAY, today=today).others)
    return Priced(
        position=position,
        today_usd=monthly_usd(position, incumbent.cost_per_task_usd) if incumbent else None,
        best=best,
        under=replay(position, choice.shock, today=today) if choice else None,
        expires=_expires(position, best),
        is_stale=any(option.is_stale for option in position.others),
    )


def urgency(task: Priced, *, today: date) -> tuple[int, date, str]:
    """Return what rows are sorted by: stale, then expiring, then the others, then the untested."""
    name = task.position.name.casefold()
    if task.is_stale:
        return 0, task.expires or FAR, name
    if task.expires is None:
        return 3, FAR, name
    is_soon = task.expires <= today + SOON
    return (1, task.expires, name) if is_soon else (2, FAR, name)


def money_of(task: Priced) -> Money:
    """Return a task's figures in words."""
    under, best = task.under, task.best
    incumbent = task.position.incumbent
    return Money(
        today=money(task.today_usd) if incumbent else "no incumbent",
        is_estimated=incumbent is not None and incumbent.is_estimated,
        best=best.option.name if best else "",
        best_usd=money(best.monthly_usd) if best else "",
        is_best_estimated=best is not None and best.option.is_estimated,
        is_best_simulated=best is not None and best.option.is_simulated,
        saves=_saves(task.today_usd, best.monthly_usd) if best else "",
        under=spend_after(under) if under else "",
        state=STATES[under.survival] if under else "",
        label=LABELS[under.survival] if under else "",
        reason=full_reason(under) if under else "",
    )


def exact_of(task: Priced) -> Exact:
    """Return a task's figures as files have them."""
    return Exact(
        today_usd=_digits(task.today_usd),
        best_usd=_digits(task.best.monthly_usd if task.best else None),
        under_usd=_digits(task.under.monthly_usd if task.under else None),
        expires=task.expires.isoformat() if task.expires else "",
    )


def _digits(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount.normalize():f}"


def expiry_of(task: Priced, *, today: date) -> Expiry:
    """Return until when the answer holds, and whether to look at it now."""
    if task.is_stale:
        return Expiry(words="stale", state="unsettled", note="its grounds have changed")
    if task.expires is None:
        return Expiry(words=figures.UNKNOWN, state="", note="")
    words, left = figures.day(task.expires), task.expires - today
    if left < timedelta(0):
        return Expiry(words=words, state="missed", note="expired")
    if left <= SOON:
        return Expiry(words=words, state="unsettled", note=f"in {figures.plural(left.days, 'day')}")
    return Expiry(words=words, state="", note="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bills:
    """Sums over the tasks whose figure is known; `*_unknown` counts the others.

    `saved_usd` is over those for which both today's bill and the best GO's are known.
    """

    today_usd: Decimal | None
    today_unknown: int
    best_usd: Decimal | None
    best_unknown: int
    under_usd: Decimal | None
    under_unknown: int
    still: int
    saved_usd: Decimal | None


def bills_of(tasks: Sequence[Priced]) -> Bills:
    """Return the sums over all tasks that have an incumbent."""
    running = [task for task in tasks if task.position.incumbent]
    standing = [task for task in running if not (task.under and task.under.stands_still)]
    today = [task.today_usd for task in running]
    best = [task.with_best_usd for task in running]
    under = [task.under.monthly_usd if task.under else None for task in standing]
    return Bills(
        today_usd=_sum(today),
        today_unknown=today.count(None),
        best_usd=_sum(best),
        best_unknown=best.count(None),
        under_usd=_sum(under),
        under_unknown=under.count(None),
        still=len(running) - len(standing),
        saved_usd=_sum(
            [
                task.today_usd - task.with_best_usd
                for task in running
                if task.today_usd is not None and task.with_best_usd is not None
            ]
        ),
    )


def _sum(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None


def _expires(position: TaskPosition, best: OptionOutcome | None) -> date | None:
    """Return when the answer is too old: that of the best GO, else of the first that is."""
    options: tuple[Option, ...] = (best.option,) if best else position.others
    return min(filter(None, (option.expires_on for option in options)), default=None)


def _saves(today: Decimal | None, best: Decimal | None) -> str:
    if today is None or best is None:
        return ""
    word = "saves" if best <= today else "costs more:"
    return f"{word} {figures.usd(abs(today - best))}"
