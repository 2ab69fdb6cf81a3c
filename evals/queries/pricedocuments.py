"""Public prices as documents, with their exact figures."""

from datetime import date
from typing import Any

from evals.domain.pricefigures import price_figures
from evals.models import CataloguePrice
from evals.queries.pricelists import PAGE, after_key, found_prices
from evals.queries.todaysprices import public_price

Document = dict[str, Any]


def prices_document(*, search: str, provider: str, after: str, on: date) -> Document:
    """Return one page of the prices of a day, by provider and model, in one query.

    `next` is the key to go on after, None on the last page. Amounts are text: exact dollars.
    """
    rows = found_prices(search=search, provider=provider, on=on)
    found = list(after_key(rows, after)[: PAGE + 1])
    listed = [_price(row) for row in found[:PAGE]]
    return {"prices": listed, "next": listed[-1]["key"] if len(found) > PAGE else None}


def _price(row: CataloguePrice) -> Document:
    public = public_price(row)
    return {
        "key": public.key,
        "provider": row.provider,
        "provider_name": row.provider_name,
        "model": row.model,
        "model_name": row.model_name,
        "starts_on": row.starts_on.isoformat() if row.starts_on else None,
        "figures": price_figures(public.price),
        "is_partial": public.is_partial,
        "source_url": row.source_url,
        "edition": row.edition,
    }
