"""What an endpoint's workers may ask at this moment, and who holds how much of it."""

from dataclasses import dataclass
from typing import Any

from django.db.models.functions import Extract, Now

from evals.domain.specendpoints import is_shared
from evals.models import Endpoint, EndpointLimit
from evals.queries import figures
from evals.queries.specs import endpoint_spec

LIMITS = {
    "concurrency": "Requests at once",
    "requests_per_minute": "Requests a minute",
    "tokens_per_minute": "Tokens a minute",
}
NOBODY: dict[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitLine:
    """A limit as it is in effect; `note` says where it was set here."""

    label: str
    value: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderLine:
    """A worker that asks: the process, its calls under way, and what it may have."""

    worker: str
    in_flight: str
    share: str
    requests_per_minute: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointUse:
    """The limits that all workers of an endpoint share, and how they do.

    `set_here` is what the form begins with; `paused` is how long a storm still holds them all.
    """

    limits: tuple[LimitLine, ...]
    holders: tuple[HolderLine, ...]
    in_flight: str
    paused: str
    set_here: dict[str, int | None]


def endpoint_use(endpoint: Endpoint) -> EndpointUse | None:
    """Return how the endpoint is asked, in one query; None where nobody shares it."""
    spec = endpoint_spec(endpoint)
    if not is_shared(spec):
        return None
    rows = EndpointLimit.objects.annotate(now=Extract(Now(), "epoch"))
    row = rows.filter(endpoint=endpoint).first()
    sharing, now = (row.sharing, float(row.now)) if row else (NOBODY, 0.0)
    live = [holding for holding in sharing.get("holdings", ()) if holding["until"] > now]
    blocked = sharing.get("blocked_until", 0.0) - now
    return EndpointUse(
        limits=tuple(
            _limit(label, usual=getattr(spec, name), given=getattr(row, name, None))
            for name, label in LIMITS.items()
        ),
        holders=tuple(map(_holder, sorted(live, key=lambda holding: holding["holder"]))),
        in_flight=figures.count(sum(holding.get("in_flight", 0) for holding in live)),
        paused=figures.seconds(blocked) if live and blocked > 0 else "",
        set_here={name: getattr(row, name, None) for name in LIMITS},
    )


def _limit(label: str, *, usual: int | None, given: int | None) -> LimitLine:
    before = "" if given is None else f"set here, {_limit_words(usual)} before"
    return LimitLine(
        label=label, value=_limit_words(usual if given is None else given), note=before
    )


def _limit_words(limit: int | None) -> str:
    return "no limit" if limit is None else figures.count(limit)


def _holder(holding: dict[str, Any]) -> HolderLine:
    host, pid, _, _ = holding["holder"].rsplit(":", 3)
    requests = holding["requests_per_minute"]
    return HolderLine(
        worker=f"{host.partition('/')[0]}, process {pid}",
        in_flight=figures.count(holding.get("in_flight", 0)),
        share=figures.count(holding["told"]),
        requests_per_minute=figures.count(round(requests)) if requests else figures.UNKNOWN,
    )
