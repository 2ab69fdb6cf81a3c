"""Who else serves a model, from where, and until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from evals.domain.modelfacts import Host, ModelFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """The day from which a model is no longer served, and how far off it is."""

    on: date
    days: int

    @property
    def is_past(self) -> bool:
        """Whether the day has come."""
        return self.days <= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """How a model is supplied; None is unknown.

    `hhi` is the concentration over `independent` hosts with equal shares, 10,000 for one of them;
    None where there is none. `jurisdictions` are those of developer and hosts that are known.
    """

    independent: tuple[Host, ...] | None
    gateways: tuple[Host, ...]
    hhi: int | None
    jurisdictions: tuple[str, ...]
    is_self_hostable: bool | None
    retirement: Retirement | None


def supply_of(facts: ModelFacts, *, today: date) -> Supply:
    """Return how a model is supplied on a day."""
    hosts = facts.hosts
    independent = None if hosts is None else tuple(h for h in hosts if not h.is_gateway)
    places = {facts.jurisdiction, *(host.jurisdiction for host in independent or ())}
    return Supply(
        independent=independent,
        gateways=tuple(host for host in hosts or () if host.is_gateway),
        hhi=herfindahl([Fraction(1)] * len(independent)) if independent else None,
        jurisdictions=tuple(sorted(place for place in places if place)),
        is_self_hostable=facts.is_open,
        retirement=retirement_of(facts, today=today),
    )


def herfindahl(shares: Sequence[Fraction]) -> int:
    """Return the Herfindahl-Hirschman index of shares, which need not add up to 1.

    Returns:
        10,000 for a single supplier, 10,000 / n for n equal ones, rounded.

    Raises:
        ValueError: If there is no share above 0, or one below it.
    """
    total = sum(shares)
    if not total or any(share < 0 for share in shares):
        raise ValueError(f"need shares of 0 or more and one above 0, got {list(shares)}")
    return round(10_000 * sum((share / total) ** 2 for share in shares))


def retirement_of(facts: ModelFacts, *, today: date) -> Retirement | None:
    """Return when the model retires; None where no day is known."""
    if facts.retires_on is None:
        return None
    return Retirement(on=facts.retires_on, days=(facts.retires_on - today).days)


def others_than_developer(facts: ModelFacts) -> tuple[Host, ...]:
    """Return the independent hosts known that are not the model's own developer."""
    developer = (facts.developer or "").casefold()
    hosts = (host for host in facts.hosts or () if not host.is_gateway)
    return tuple(host for host in hosts if host.name.casefold() != developer)
