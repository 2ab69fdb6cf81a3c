"""What a team says an endpoint charges: every word of it is kept, the newest counts."""

from datetime import date, datetime

from django.db import transaction

from evals.domain.pricefigures import price_figures, price_of, same_figures
from evals.domain.specs import PriceSpec
from evals.models import Endpoint, EndpointPrice, Model, User
from evals.services.audit import record
from evals.services.staleness import mark_repriced_verdicts


@transaction.atomic
def set_endpoint_price(
    *, endpoint: Endpoint, model: Model, price: PriceSpec, user: User, now: datetime
) -> EndpointPrice:
    """Say what the endpoint charges for a model from now on; `price` has a source and a date.

    Verdicts that rest on another figure become stale. The same said twice is stored once.
    """
    latest = _latest(endpoint, model)
    if latest and _says(latest, price):
        return latest
    figures = price_figures(price)
    source, dated_on = figures.pop("source", ""), figures.pop("dated_on", None)
    row = EndpointPrice.objects.create(
        endpoint=endpoint,
        model=model,
        figures=figures,
        source=source,
        dated_on=date.fromisoformat(dated_on) if dated_on else now.date(),
        created_by=user,
    )
    _note(row, action="endpoint price set", user=user, now=now)
    return row


@transaction.atomic
def end_endpoint_price(*, endpoint: Endpoint, model: Model, user: User, now: datetime) -> bool:
    """Let candidates' own prices count again; return whether there was anything to end."""
    latest = _latest(endpoint, model)
    if latest is None or latest.figures is None:
        return False
    row = EndpointPrice.objects.create(
        endpoint=endpoint, model=model, figures=None, dated_on=now.date(), created_by=user
    )
    _note(row, action="endpoint price ended", user=user, now=now)
    return True


def _latest(endpoint: Endpoint, model: Model) -> EndpointPrice | None:
    Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)  # one change at a time
    return EndpointPrice.objects.filter(endpoint=endpoint, model=model).first()


def _says(row: EndpointPrice, price: PriceSpec) -> bool:
    if row.figures is None or not same_figures(price_of(row.figures), price):
        return False
    return (row.source, row.dated_on) == (price.source or "", price.dated_on or row.dated_on)


def _note(row: EndpointPrice, *, action: str, user: User, now: datetime) -> None:
    stale = mark_repriced_verdicts(on=now.date(), price=row)
    record(
        team=row.endpoint.team,
        user=user,
        action=action,
        subject=row.endpoint.name,
        model=row.model.identifier,
        figures=row.figures,
        source=row.source,
        stale_verdicts=stale,
    )
