"""What is known of a model beyond how well it answers: where it comes from and what came with it.

None is unknown. Every figure is as of `noted_on` and comes from one of the `sources`.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class LicenceKind(StrEnum):
    """What a global licence of a release speaks of."""

    DISTRIBUTION = "distribution"
    CODE = "code"
    DATA = "data"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A page that was opened on a day, and what it was opened for."""

    url: str
    opened_on: date
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Somebody who serves the model. A gateway passes requests on and is no independent host."""

    name: str
    jurisdiction: str | None = None  # ISO 3166-1 alpha-2
    is_gateway: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One of the 17 components that came with a release.

    `licence` is as written; None: the component names none of its own.
    """

    name: str
    licence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamEvidence:
    """What the team itself holds of a part of the ladder, which outranks what is published.

    `part` is weights, data, recipe or tooling. `mirror_sha256`: a copy that the team keeps.
    """

    part: str
    mirror_sha256: str | None = None
    tested_on: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """A release as the catalogue, an import or a team describes it; None is unknown.

    `is_open` says whether the weights are published. `hosts` are those known to serve it, with
    their developer among them. `jurisdiction` is the developer's, ISO 3166-1 alpha-2.
    `notice_days` is what the vendor promises before a retirement; `has_version_pin` whether a
    version that never changes can be asked for. The last ones are what memory is reckoned from.
    """

    identifier: str
    name: str
    developer: str | None = None
    jurisdiction: str | None = None
    is_open: bool | None = None
    licences: tuple[tuple[LicenceKind, str], ...] = ()
    components: tuple[Component, ...] | None = None
    hosts: tuple[Host, ...] | None = None
    released_on: date | None = None
    retires_on: date | None = None
    notice_days: int | None = None
    has_version_pin: bool | None = None
    is_fine_tunable: bool | None = None
    has_tokenizer: bool | None = None
    log_retention_days: int | None = None
    parameters_billion: Decimal | None = None
    active_parameters_billion: Decimal | None = None
    layers: int | None = None
    kv_heads: int | None = None
    head_dim: int | None = None
    evidence: tuple[TeamEvidence, ...] = ()
    sources: tuple[Source, ...] = ()
    noted_on: date | None = None
