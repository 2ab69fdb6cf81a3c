"""Until when a verdict holds, as pages say it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from evals.domain.expiry import Expiry, expiry_of
from evals.models import Team
from evals.queries.modelfacts import facts_for
from evals.queries.outcomes import Outcome

# Retirement dates by the models' own identifiers.
Retirements = Mapping[str, date]
NONE_KNOWN: Retirements = MappingProxyType({})
SOON = timedelta(days=21)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiryNote:
    """Until when a verdict holds and why; `unknown` names the dates that had no part in it."""

    on: date
    words: str
    unknown: str
    badge: str
    is_past: bool


def expiry_note(
    outcome: Outcome, *, today: date, retirements: Retirements = NONE_KNOWN
) -> ExpiryNote | None:
    """Return the note; None where there is no verdict, or a stale one, which holds no longer."""
    if not outcome.verdict or outcome.stale_reason:
        return None
    expiry = expiry_of(
        computed_on=outcome.run.verdict.computed_at.date(),
        priced_on=day(priced_on(outcome)),
        retires_on=retirements.get(outcome.spec.model.id),
    )
    is_past = expiry.is_past(today)
    return ExpiryNote(
        on=expiry.on,
        words=_words(expiry, is_past=is_past),
        unknown=" and ".join(expiry.unknown),
        badge=f"expired {expiry.on.isoformat()}" if is_past else "",
        is_past=is_past,
    )


def has_expired(
    *, computed_on: date, priced: str | None, retires_on: date | None, today: date
) -> bool:
    """Return whether a verdict no longer answers anything; `priced` is a day as results hold it."""
    found = expiry_of(computed_on=computed_on, priced_on=day(priced), retires_on=retires_on)
    return found.is_past(today)


def retirements_for(team: Team, identifiers: Iterable[str]) -> dict[str, date]:
    """Return the days on which models are retired, as far as they are known, in one query."""
    facts = facts_for(team, identifiers)
    return {name: known.retires_on for name, known in facts.items() if known.retires_on}


def priced_on(outcome: Outcome) -> str | None:
    """Return the day as of which the price is known, as the result holds it."""
    price = outcome.document["cost"]["price"]
    known: str | None = price.get("dated_on") if price else None
    return known


def day(text: str | None) -> date | None:
    """Return the day that a result holds as text."""
    return date.fromisoformat(text) if text else None


def _words(expiry: Expiry, *, is_past: bool) -> str:
    if is_past:
        return f"Expired: it held until {expiry.on.isoformat()}, {expiry.reason}."
    return f"It holds until {expiry.on.isoformat()}: {expiry.reason}."
