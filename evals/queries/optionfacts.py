"""Who stands behind a candidate: its developer, who serves it, and where those sit."""

from dataclasses import dataclass
from datetime import date
from ipaddress import ip_address
from urllib.parse import urlsplit

from evals.domain.modelfacts import Host, ModelFacts
from evals.domain.positions import OWN_HARDWARE
from evals.domain.specs import EndpointKind
from evals.models import Model

IN_THE_WORKER = {
    EndpointKind.OPENVINO,
    EndpointKind.HF,
    EndpointKind.VLLM,
    EndpointKind.LM_EVAL,
}
# Answers that were recorded came from the developer, and a stand-in plays one.
THE_DEVELOPERS = {EndpointKind.RECORDED, EndpointKind.STAND_IN}
VENDORS_OWN = {EndpointKind.ANTHROPIC: "api.anthropic.com", EndpointKind.OPENAI: "api.openai.com"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Backers:
    """Who an option hangs on; None is unknown. See `domain.positions.Option`."""

    developer: str | None
    host: str | None
    jurisdictions: frozenset[str]
    is_country_unknown: bool
    retires_on: date | None


def backers_of(
    model: Model, kind: EndpointKind, base_url: str | None, facts: ModelFacts | None
) -> Backers:
    """Return who stands behind a model as it is served."""
    developer = (facts.developer if facts else None) or model.lab
    host = _host(kind, base_url, developer)
    countries = [facts.jurisdiction if facts else None]
    if host not in (OWN_HARDWARE, developer):
        countries.append(_country_of(host, facts))
    return Backers(
        developer=developer,
        host=host,
        jurisdictions=frozenset(country for country in countries if country),
        is_country_unknown=None in countries,
        retires_on=facts.retires_on if facts else None,
    )


def _host(kind: EndpointKind, base_url: str | None, developer: str | None) -> str | None:
    if kind in IN_THE_WORKER:
        return OWN_HARDWARE
    if kind in THE_DEVELOPERS:
        return developer
    name = urlsplit(base_url).hostname if base_url else VENDORS_OWN.get(kind)
    return OWN_HARDWARE if name and _is_at_home(name) else name


def _is_at_home(name: str) -> bool:
    """Return whether a host's name is one that only the team itself can reach."""
    try:
        return ip_address(name).is_private
    except ValueError:
        return "." not in name or name.endswith((".local", ".internal", ".localhost"))


def _country_of(host: str | None, facts: ModelFacts | None) -> str | None:
    """Return the country of who serves the model, where the facts name somebody like it."""
    known: tuple[Host, ...] = (facts.hosts or ()) if facts else ()
    words = (host or "").casefold()
    return next((h.jurisdiction for h in known if _plain(h.name) in words), None)


def _plain(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())
