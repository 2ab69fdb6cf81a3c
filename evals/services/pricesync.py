"""The public prices in the table that pages read. What a price was once stays known.

Only workers and commands import this: pages read the table.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from django.db import transaction

from evals.domain.publicprices import PublicPrice
from evals.engine.priceedition import edition
from evals.models import CataloguePrice, Team
from evals.services.audit import record
from evals.services.staleness import mark_repriced_verdicts

logger = logging.getLogger(__name__)
Key = tuple[str, str]
Rows = dict[date | None, CataloguePrice]
NAMES = ("provider_name", "model_name", "source_url", "edition")


def sync_prices(*, now: datetime) -> int:
    """Store the installed prices unless they are stored; mark verdicts whose price is another now.

    Returns:
        How many rows were added.
    """
    installed = edition()
    added = 0
    if not CataloguePrice.objects.filter(edition=installed).exists():
        from evals.engine.pricing import public_prices  # noqa: PLC0415 - loading it takes a while

        added = store_prices(prices=public_prices(), edition=installed, now=now)
    mark_repriced_verdicts(on=now.date())
    return added


@transaction.atomic
def store_prices(*, prices: Sequence[PublicPrice], edition: str, now: datetime) -> int:
    """Bring the table up to what an edition says, and return how many rows were added.

    A price that was corrected holds from today: what was thought before stays in the history. One
    that is gone stays with the edition that held it last. Days to come are as the edition says.
    """
    today, stored = now.date(), _stored()
    new: list[CataloguePrice] = []
    for key, said in _by_key(prices).items():
        known = stored.get(key, {})
        new += _missing(said, known, edition, today)
        _follow(said, known, edition, today)
        CataloguePrice.objects.filter(pk__in=_not_to_come(said, known, today)).delete()
    CataloguePrice.objects.bulk_create(new, ignore_conflicts=True)
    kept = [row for rows in stored.values() for row in rows.values() if row.edition == edition]
    CataloguePrice.objects.bulk_update(kept, [*NAMES, "figures"], batch_size=500)
    if new:
        _record(edition, added=len(new))
    logger.info("prices stored edition=%s added=%d", edition, len(new))
    return len(new)


def _record(edition: str, *, added: int) -> None:
    """Write into every team's log that the prices which it sees are others now."""
    for team in Team.objects.all():
        record(
            team=team,
            user=None,
            action="public prices updated",
            subject=f"edition {edition}",
            added=added,
        )


def _by_key(prices: Iterable[PublicPrice]) -> dict[Key, dict[date | None, PublicPrice]]:
    found: dict[Key, dict[date | None, PublicPrice]] = defaultdict(dict)
    for price in prices:
        found[price.provider, price.model][price.starts_on] = price
    return found


def _stored() -> dict[Key, Rows]:
    found: dict[Key, Rows] = defaultdict(dict)
    for row in CataloguePrice.objects.all():
        found[row.provider, row.model][row.starts_on] = row
    return found


def _missing(
    said: Mapping[date | None, PublicPrice], known: Rows, edition: str, today: date
) -> list[CataloguePrice]:
    """Return the rows to add, among them one of today where another price holds than was known."""
    new = [_row(price, edition) for day, price in said.items() if day not in known]
    after = {day: row.figures for day, row in known.items()} | {
        row.starts_on: row.figures for row in new
    }
    holds, thought = _in_effect(said, today), _in_effect(after, today)
    if not known or after[thought] == said[holds].figures:
        return new
    if today in known:
        known[today].figures = said[holds].figures
        return new
    row = _row(said[holds], edition)
    row.starts_on = today
    return [*new, row]


def _follow(
    said: Mapping[date | None, PublicPrice], known: Rows, edition: str, today: date
) -> None:
    """Note on each row of a model that the edition has it, and what it says of days ahead."""
    latest = list(said.values())[-1]
    for day, row in known.items():
        row.edition, row.source_url = edition, latest.source_url
        row.provider_name, row.model_name = latest.provider_name, latest.model_name
        if day is not None and day >= today and day in said:
            row.figures = said[day].figures


def _not_to_come(said: Mapping[date | None, PublicPrice], known: Rows, today: date) -> list[int]:
    """Return the rows of days to come that nobody says any more."""
    return [row.pk for day, row in known.items() if day and day > today and day not in said]


def _in_effect(days: Mapping[date | None, object], today: date) -> date | None:
    """Return the start of what holds today, or of what comes first where nothing does yet."""
    begun = [day for day in days if day is None or day <= today]
    ordered = sorted(begun or days, key=lambda day: (day is not None, day or date.min))
    return ordered[-1 if begun else 0]


def _row(price: PublicPrice, edition: str) -> CataloguePrice:
    return CataloguePrice(
        provider=price.provider,
        provider_name=price.provider_name,
        model=price.model,
        model_name=price.model_name,
        starts_on=price.starts_on,
        figures=price.figures,
        source_url=price.source_url,
        edition=edition,
    )
