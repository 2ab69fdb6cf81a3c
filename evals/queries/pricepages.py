"""The page of one public price: today's figures, its history, and who uses it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import F

from evals.domain.specs import PriceSpec
from evals.models import Candidate, CataloguePrice, Team
from evals.queries.candidatefacts import Fact
from evals.queries.pricelists import shown_figures, since_words
from evals.queries.pricewords import price_change, price_facts
from evals.queries.todaysprices import public_price


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


def _history(
    rows: Sequence[CataloguePrice], current: CataloguePrice, on: date
) -> list[HistoryLine]:
    """Return the rows from the newest, each with what it changed."""
    prices = [public_price(row).price for row in rows]
    return [
        HistoryLine(
            since=since_words(row.starts_on),
            change=price_change(before, price) if before else "",
            edition=row.edition,
            is_current=row is current,
            is_to_come=row.starts_on is not None and row.starts_on > on,
            **shown_figures(price),
        )
        for row, price, before in zip(rows, prices, [*prices[1:], None], strict=True)
    ]
