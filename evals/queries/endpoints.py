"""The list of endpoints, and the page of one."""

from dataclasses import dataclass

from django.db.models import Prefetch

from evals.domain.specs import EndpointKind
from evals.models import Candidate, Endpoint, Team
from evals.queries import figures
from evals.queries.access import endpoints_for
from evals.queries.candidatefacts import KINDS, Fact, endpoint_facts, endpoint_label, host_of
from evals.queries.endpointlimits import EndpointUse, endpoint_use
from evals.queries.endpointprices import EndpointPrices, endpoint_prices_of
from evals.queries.specs import endpoint_spec

LISTED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class UserLine:
    """A candidate that is served by the endpoint."""

    pk: int
    name: str
    task: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointLine:
    """One endpoint of the list; `key` is the name of its key, never the key."""

    pk: int
    kind: str
    place: str
    pool: str
    key: str
    is_simulated: bool
    users: tuple[UserLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointPage:
    """An endpoint in full. `key` "": it has none. `sharers` use the same key. `use` may be None."""

    pk: int
    name: str
    kind: str
    facts: tuple[Fact, ...]
    is_simulated: bool
    key: str
    key_stored: str
    sharers: int
    users: tuple[UserLine, ...]
    use: EndpointUse | None
    prices: EndpointPrices


def endpoints_page(team: Team) -> tuple[EndpointLine, ...]:
    """Return the endpoints, the newest first, in two queries."""
    found = endpoints_for(team).select_related("secret").prefetch_related(_users())
    return tuple(_line(endpoint) for endpoint in found.order_by("-pk")[:LISTED])


def endpoint_page(endpoint: Endpoint) -> EndpointPage:
    """Return the page of an endpoint, in a few queries; select its secret beforehand."""
    spec, secret = endpoint_spec(endpoint), endpoint.secret
    users = Candidate.objects.filter(endpoint=endpoint, archived_at__isnull=True)
    sharing = Endpoint.objects.filter(secret=secret) if secret else Endpoint.objects.none()
    return EndpointPage(
        pk=endpoint.pk,
        name=endpoint_label(spec),
        kind=KINDS[spec.kind],
        facts=endpoint_facts(spec),
        is_simulated=spec.kind is EndpointKind.STAND_IN,
        key=secret.name if secret else "",
        key_stored=figures.moment(secret.created_at) if secret else "",
        sharers=sharing.exclude(pk=endpoint.pk).count(),
        users=tuple(map(_user, users.select_related("task").order_by("name"))),
        use=endpoint_use(endpoint),
        prices=endpoint_prices_of(endpoint),
    )


def _users() -> "Prefetch[str]":
    active = Candidate.objects.filter(archived_at__isnull=True).select_related("task")
    return Prefetch("candidates", active.order_by("name"), to_attr="active")


def _line(endpoint: Endpoint) -> EndpointLine:
    spec = endpoint_spec(endpoint)
    place = host_of(spec) or (spec.file or "").rpartition("/")[2] or "in the worker"
    return EndpointLine(
        pk=endpoint.pk,
        kind=KINDS[spec.kind],
        place=place,
        pool=endpoint.pool,
        key=endpoint.secret.name if endpoint.secret else figures.UNKNOWN,
        is_simulated=spec.kind is EndpointKind.STAND_IN,
        users=tuple(_user(candidate) for candidate in endpoint.active),  # type: ignore[attr-defined]
    )


def _user(candidate: Candidate) -> UserLine:
    return UserLine(pk=candidate.pk, name=candidate.name, task=candidate.task.name)
