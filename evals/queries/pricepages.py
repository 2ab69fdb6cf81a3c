"""The pages of the public prices: the list, a model with its history, and who uses it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

from django.db.models import F, Q, QuerySet
from django.urls import reverse

from evals.domain.specs import PriceSpec
from evals.models import Candidate, CataloguePrice, Team
from evals.queries import figures
from evals.queries.candidatefacts import Fact
from evals.queries.evaluationlists import Pager
from evals.queries.pricewords import exact_usd, price_change, price_facts
from evals.queries.publicprices import current_prices, searched
from evals.queries.todaysprices import public_price

PAGE = 50
MOST_WORDS = 8
ONE = Decimal(1)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """What a model cost from a day on, and what was different from before."""

    since: str
    input: str
    output: str
    cached: str
    written: str
    change: str
    edition: str
    is_current: bool
    is_to_come: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UserLine:
    """A candidate of the team whose price was taken from here."""

    pk: int
    name: str
    task: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePage:
    """A model at a provider. `also` names what is charged beside text tokens."""

    key: str
    model: str
    provider: str
    facts: tuple[Fact, ...]
    also: str
    is_partial: bool
    is_gone: bool
    source_url: str
    history: tuple[HistoryLine, ...]
    users: tuple[UserLine, ...]


def prices_page(*, search: str, provider: str, after: str, on: date) -> PricesPage:
    """Return one page of prices, by provider and model, in four queries."""
    providers = tuple(
        CataloguePrice.objects.order_by("provider_name", "provider")
        .values_list("provider", "provider_name")
        .distinct()
    )
    rows = searched(current_prices(on=on), search.split()[:MOST_WORDS])
    rows = rows.filter(provider=provider) if provider else rows
    found = list(_after(rows, after)[: PAGE + 1])
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


def price_page(*, provider: str, model: str, team: Team, on: date) -> PricePage | None:
    """Return the page of a model, None where no price of it was ever known; in three queries."""
    rows = list(
        CataloguePrice.objects.filter(provider=provider, model=model).order_by(
            F("starts_on").desc(nulls_last=True)
        )
    )
    if not rows:
        return None
    begun = [row for row in rows if row.starts_on is None or row.starts_on <= on]
    current = begun[0] if begun else rows[-1]
    public = public_price(current)
    charged = public.charged(on=on, edition=current.edition)
    newest = CataloguePrice.objects.order_by("-pk").values_list("edition", flat=True).first()
    return PricePage(
        key=public.key,
        model=public.model_name,
        provider=public.provider_name,
        facts=_facts(charged, public.batch_offered),
        also=", ".join(public.also),
        is_partial=public.is_partial,
        is_gone=current.edition != newest,
        source_url=current.source_url,
        history=tuple(_history(rows, current, on)),
        users=_users(team, public.key),
    )


def price_url(key: str) -> str:
    """Return the address of the page of a public price."""
    provider, _, model = key.partition(":")
    return reverse("evals:price", args=[provider, model])


def _facts(charged: PriceSpec, batch: Decimal | None) -> tuple[Fact, ...]:
    own = tuple(fact for fact in price_facts(charged) if fact.label not in {"Catalogue", "Dated"})
    if batch is None:
        return own
    return (*own, Fact("In batches", f"{batch:f} of the token prices"))


def _users(team: Team, key: str) -> tuple[UserLine, ...]:
    users = Candidate.objects.filter(
        task__team=team, archived_at__isnull=True, price__catalogue=key
    ).select_related("task")
    return tuple(
        UserLine(pk=user.pk, name=user.name, task=user.task.name)
        for user in users.order_by("task__name", "name")
    )


def _line(row: CataloguePrice, *, latest: str) -> PriceLine:
    public = public_price(row)
    shown = _shown(public.price)
    notes = [*(["dearer for long prompts"] if public.price.tiers else [])]
    notes += ["and each request"] if public.is_partial else []
    notes += [f"no longer in {latest}"] if row.edition != latest else []
    return PriceLine(
        key=public.key,
        url=price_url(public.key),
        model=public.model,
        provider=public.provider_name,
        since=_since(row.starts_on),
        notes=tuple(notes),
        source_url=row.source_url,
        edition=row.edition,
        **shown,
    )


def _history(
    rows: Sequence[CataloguePrice], current: CataloguePrice, on: date
) -> list[HistoryLine]:
    """Return the rows from the newest, each with what it changed."""
    prices = [public_price(row).price for row in rows]
    return [
        HistoryLine(
            since=_since(row.starts_on),
            change=price_change(before, price) if before else "",
            edition=row.edition,
            is_current=row is current,
            is_to_come=row.starts_on is not None and row.starts_on > on,
            **_shown(price),
        )
        for row, price, before in zip(rows, prices, [*prices[1:], None], strict=True)
    ]


def _shown(price: PriceSpec) -> dict[str, str]:
    amounts = {
        "input": price.input_usd_per_mtok,
        "output": price.output_usd_per_mtok,
        "cached": price.cached_input_usd_per_mtok,
        "written": price.cache_write_usd_per_mtok,
    }
    return {
        name: figures.UNKNOWN if usd is None else exact_usd(usd) for name, usd in amounts.items()
    }


def _since(day: date | None) -> str:
    return f"{day.day} {day:%b %Y}" if day else "first known"


def _after(rows: QuerySet[CataloguePrice], after: str) -> QuerySet[CataloguePrice]:
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
