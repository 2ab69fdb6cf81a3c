"""The limits of one endpoint, kept in its row and divided between all workers that ask it."""

from dataclasses import asdict, replace

from django.db import connection, transaction

from evals.engine.limits import Limits
from evals.engine.sharing import Report, Share, Sharing, exchange, left, sharing_from
from evals.models import EndpointLimit
from evals.services.shards import dead_holders


@transaction.atomic
def swap_share(*, endpoint_id: int, allowed: Limits, report: Report) -> Share:
    """Swap what a worker holds and wants for its share; one worker at a time.

    Args:
        endpoint_id: Whose limits are divided.
        allowed: The limits of the candidate's frozen spec; what is set on the row goes before.
        report: From the worker. Times are of the database's clock, since workers' clocks differ.
    """
    row = _locked(endpoint_id)
    kept = _without_dead(sharing_from(row.sharing))
    kept, share = exchange(kept, report, limits=_in_effect(row, allowed), now=_seconds())
    _keep(row, kept)
    return share


@transaction.atomic
def give_share_back(*, endpoint_id: int, holder: str) -> None:
    """Forget a worker whose calls have all come back."""
    row = _locked(endpoint_id)
    _keep(row, left(sharing_from(row.sharing), holder))


def _locked(endpoint_id: int) -> EndpointLimit:
    rows = EndpointLimit.objects.select_for_update()
    return rows.get_or_create(endpoint_id=endpoint_id)[0]


def _keep(row: EndpointLimit, sharing: Sharing) -> None:
    row.sharing = asdict(sharing)
    row.save(update_fields=["sharing"])


def _in_effect(row: EndpointLimit, allowed: Limits) -> Limits:
    return Limits(
        concurrency=row.concurrency or allowed.concurrency,
        requests_per_minute=row.requests_per_minute or allowed.requests_per_minute,
        tokens_per_minute=row.tokens_per_minute or allowed.tokens_per_minute,
    )


def _without_dead(sharing: Sharing) -> Sharing:
    """Forget dead processes of this host at once: their connections died with them."""
    dead = dead_holders(holding.holder for holding in sharing.holdings)
    return replace(sharing, holdings=tuple(h for h in sharing.holdings if h.holder not in dead))


def _seconds() -> float:
    """Return the database's time, read once the lock is held."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        row = cursor.fetchone()
    seconds: float = row[0]
    return seconds
