"""What a team knows of models, as far as shocks hang on it."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from evals.domain.modelfacts import Host, ModelFacts
from evals.models import ModelFactsRow, Team


def facts_for(team: Team, identifiers: Iterable[str]) -> dict[str, ModelFacts]:
    """Return what is known of each model that anything is known of, in one query."""
    rows = ModelFactsRow.objects.filter(team=team, identifier__in=list(identifiers))
    return {row.identifier: _read(row.identifier, row.facts) for row in rows}


def _read(identifier: str, facts: dict[str, Any]) -> ModelFacts:
    retires, hosts = facts.get("retires_on"), facts.get("hosts")
    return ModelFacts(
        identifier=identifier,
        name=facts.get("name") or identifier,
        developer=facts.get("developer"),
        jurisdiction=facts.get("jurisdiction"),
        hosts=None if hosts is None else tuple(Host(**host) for host in hosts),
        retires_on=date.fromisoformat(retires) if retires else None,
    )
