"""The list of public prices, searched and by provider."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse

from evals.domain.specs import PriceSpec
from evals.models import CataloguePrice
from evals.queries import figures
from evals.queries.evaluationlists import Pager
from evals.queries.pricewords import exact_usd
from evals.queries.publicprices import current_prices, searched
from evals.queries.todaysprices import public_price

PAGE = 50
MOST_WORDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceLine:
    """One model of the list, at the price of today. "" is not said."""

    key: str
    url: str
    model: str
    provider: str
    input: str
    output: str
    cached: str
    written: str
    since: str
    notes: tuple[str, ...]
    source_url: str
    edition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PricesPage:
    """The list, perhaps of one provider or of what was searched. `total` 0: nothing is stored."""

    search: str
    provider: str
    provider_name: str
    providers: tuple[tuple[str, str], ...]
    rows: tuple[PriceLine, ...]
    pager: Pager
    total: str
    edition: str


def prices_page(*, search: str, provider: str, after: str, on: date) -> PricesPage:
    """Return one page of prices, by provider and model, in four queries."""
    providers = tuple(
        CataloguePrice.objects.order_by("provider_name", "provider")
        .values_list("provider", "provider_name")
        .distinct()
    )
    rows = found_prices(search=search, provider=provider, on=on)
    found = list(after_key(rows, after)[: PAGE + 1])
    edition = CataloguePrice.objects.order_by("-pk").values_list("edition", flat=True).first() or ""
    kept = {"q": search, "provider": provider}
    return PricesPage(
        search=search,
        provider=provider,
        provider_name=dict(providers).get(provider, provider) or "any",
        providers=providers,
        rows=tuple(_line(row, latest=edition) for row in found[:PAGE]),
        pager=_pager(found, after=after, kept={k: v for k, v in kept.items() if v}),
        total=figures.count(current_prices(on=on).count()) if providers else "",
        edition=edition,
    )


def found_prices(*, search: str, provider: str, on: date) -> QuerySet[CataloguePrice]:
    """Return the prices of a day that were searched for, by provider and model."""
    rows = searched(current_prices(on=on), search.split()[:MOST_WORDS])
    return rows.filter(provider=provider) if provider else rows


def price_url(key: str) -> str:
    """Return the address of the page of a public price."""
    provider, _, model = key.partition(":")
    return reverse("evals:price", args=[provider, model])


def _line(row: CataloguePrice, *, latest: str) -> PriceLine:
    public = public_price(row)
    shown = shown_figures(public.price)
    notes = [*(["dearer for long prompts"] if public.price.tiers else [])]
    notes += ["and each request"] if public.is_partial else []
    notes += [f"no longer in {latest}"] if row.edition != latest else []
    return PriceLine(
        key=public.key,
        url=price_url(public.key),
        model=public.model,
        provider=public.provider_name,
        since=since_words(row.starts_on),
        notes=tuple(notes),
        source_url=row.source_url,
        edition=row.edition,
        **shown,
    )


def shown_figures(price: PriceSpec) -> dict[str, str]:
    """Return the figures of a table's columns, a dash where one is not said."""
    amounts = {
        "input": price.input_usd_per_mtok,
        "output": price.output_usd_per_mtok,
        "cached": price.cached_input_usd_per_mtok,
        "written": price.cache_write_usd_per_mtok,
    }
    return {
        name: figures.UNKNOWN if usd is None else exact_usd(usd) for name, usd in amounts.items()
    }


def since_words(day: date | None) -> str:
    """Return "2026-11-03", or that no older price is known."""
    return figures.day(day) if day else "first known"


def after_key(rows: QuerySet[CataloguePrice], after: str) -> QuerySet[CataloguePrice]:
    """Return the rows that follow a key, all of them for what is no key."""
    provider, colon, model = after.partition(":")
    if not colon:
        return rows
    return rows.filter(Q(provider__gt=provider) | Q(provider=provider, model__gt=model))


def _pager(found: Sequence[CataloguePrice], *, after: str, kept: dict[str, str]) -> Pager:
    last = found[PAGE - 1] if len(found) > PAGE else None
    following = {**kept, "after": f"{last.provider}:{last.model}"} if last else {}
    shown = figures.plural(min(len(found), PAGE), "price")
    return Pager(
        summary=shown + (" on this page" if last or after else ""),
        previous_url=f"?{urlencode(kept)}" if after else "",
        next_url=f"?{urlencode(following)}" if following else "",
    )
