"""Where a task stands: what it runs on today and what else was tested, in stored figures.

None is unknown throughout. Money is in US dollars.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from evals.domain.bars import CriterionState
from evals.domain.costs import AcceptedRule
from evals.domain.expiry import expiry_of
from evals.domain.specs import Comparator
from evals.domain.verdicts import Verdict

OWN_HARDWARE = "own hardware"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLine:
    """A required line of a bar as it was judged: its figures, and the bound that it hung on.

    `bound` is the lower one where the line is met and at least, or missed and at most; the upper
    one the other way round; where nothing is settled the one on which a GO hangs. `low` and `high`
    are two-sided 95 %. `rule` is that of the cost of an accepted answer: where wrong ones are
    dropped, `bound` is on what a task costs beyond the limit for accepted answers.
    """

    metric: str
    comparator: Comparator
    threshold: float
    state: CriterionState
    value: float | None = None
    low: float | None = None
    high: float | None = None
    bound: float | None = None
    rule: AcceptedRule | None = None

    @property
    def is_paired(self) -> bool:
        """Whether the line compares with the incumbent."""
        return self.comparator is Comparator.WITHIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A candidate of a task with what was found of it.

    `verdict` None: it has none, as an incumbent. `cost_per_task_usd` is the mean of what was
    judged, `accepted_share` of its answers were right. `hourly_share` of the cost is hardware by
    the hour. `jurisdictions` are those known of developer and host, ISO 3166-1; one of them may be
    missing (`is_country_unknown`). `run_id` is kept for the page alone.
    """

    name: str
    is_open: bool
    verdict: Verdict | None = None
    is_stale: bool = False
    is_simulated: bool = False
    is_estimated: bool = False
    lines: tuple[StoredLine, ...] = ()
    cost_per_task_usd: Decimal | None = None
    accepted_share: Decimal | None = None
    hourly_share: Decimal = Decimal(0)
    model: str = ""
    developer: str | None = None
    host: str | None = None
    jurisdictions: frozenset[str] = field(default_factory=frozenset)
    is_country_unknown: bool = True
    gpu: str | None = None
    retires_on: date | None = None
    judged_on: date | None = None
    priced_on: date | None = None
    run_id: int | None = None

    @property
    def is_own(self) -> bool:
        """Whether the team serves it itself, so that nobody can take the weights back."""
        return self.host == OWN_HARDWARE

    @property
    def expires_on(self) -> date | None:
        """The last day on which the verdict holds, None where it has no day."""
        if self.judged_on is None:
            return None
        return expiry_of(
            computed_on=self.judged_on, priced_on=self.priced_on, retires_on=self.retires_on
        ).on

    def still_holds(self, today: date) -> bool:
        """Return whether the verdict still answers the question: neither stale nor too old."""
        return not self.is_stale and (self.expires_on is None or today <= self.expires_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPosition:
    """A task with its incumbent and the other candidates of the evaluation that speaks for it."""

    task_id: int
    name: str
    monthly_volume: int | None = None
    failure_cost_usd: Decimal | None = None
    switch_days: int | None = None
    incumbent: Option | None = None
    others: tuple[Option, ...] = ()


def monthly_usd(position: TaskPosition, cost_per_task_usd: Decimal | None) -> Decimal | None:
    """Return a month's bill at the task's volume, None where either is unknown."""
    if cost_per_task_usd is None or position.monthly_volume is None:
        return None
    return cost_per_task_usd * position.monthly_volume


def per_accepted_usd(
    cost_usd: Decimal | None, accepted_share: Decimal | None, failure_cost_usd: Decimal | None
) -> Decimal | None:
    """Return what an accepted answer costs, by the rule of `costs.AcceptedRule`.

    Source: house methods, section 2: c / a, or c + (1 - a) f where a failure's cost is known.
    """
    if cost_usd is None or accepted_share is None:
        return None
    if failure_cost_usd is not None:
        return cost_usd + (1 - accepted_share) * failure_cost_usd
    return cost_usd / accepted_share if accepted_share else None
