"""What is known of models: the catalogue's facts with the team's own over them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from django.db.models import Max
from django.db.models.functions import Lower

from evals.domain.modelfacts import LicenceKind, ModelFacts
from evals.domain.modelfactsreading import facts_from, facts_mapping, read_catalogue
from evals.domain.specs import EndpointKind
from evals.models import Model, ModelFactsRow, Run, Team
from evals.models.evaluations import RunState

OWN_HARDWARE = [EndpointKind.OPENVINO.value, EndpointKind.HF.value, EndpointKind.VLLM.value]
CATALOGUE_FILE = "models.yaml"


@cache
def catalogue() -> Mapping[str, ModelFacts]:
    """Return the models of the catalogue by identifier; read once in a process."""
    file = resources.files("evals.catalogue") / CATALOGUE_FILE
    if not file.is_file():
        return {}
    models = read_catalogue(file.read_text(encoding="utf-8"), file=CATALOGUE_FILE)
    return {model.identifier: model for model in models}


@cache
def _by_plain_identifier() -> Mapping[str, ModelFacts]:
    return {identifier.casefold(): model for identifier, model in catalogue().items()}


def in_catalogue(identifier: str) -> ModelFacts | None:
    """Return the catalogue's facts on a model; its identifier matches in another case too."""
    return catalogue().get(identifier) or _by_plain_identifier().get(identifier.casefold())


def facts_for(team: Team, identifiers: Iterable[str]) -> dict[str, ModelFacts]:
    """Return what is known of each model that anything is known of, in one query.

    Args:
        team: Whose own facts go before the catalogue's.
        identifiers: The models' own; the keys of the result are some of them.
    """
    wanted = list(dict.fromkeys(identifiers))
    rows = rows_for(team, wanted)
    found = {each: merged(each, _row(rows, each)) for each in wanted}
    return {identifier: facts for identifier, facts in found.items() if facts is not None}


def rows_for(team: Team, identifiers: Iterable[str]) -> dict[str, ModelFactsRow]:
    """Return the team's own rows on these models, by their own identifiers."""
    plain = {identifier.lower() for identifier in identifiers}
    rows = ModelFactsRow.objects.filter(team=team).alias(plain=Lower("identifier"))
    found = rows.filter(plain__in=plain).select_related("updated_by").order_by("pk")
    return {row.identifier: row for row in found}


def merged(identifier: str, row: ModelFactsRow | None) -> ModelFacts | None:
    """Return the catalogue's facts with the team's over them; null there means unknown."""
    listed = in_catalogue(identifier)
    if row is None:
        return listed
    below = facts_mapping(listed) if listed else {}
    return facts_from({"name": identifier, "identifier": identifier, **below, **row.facts})


def changes(facts: ModelFacts) -> dict[str, Any]:
    """Return what of the facts differs from the catalogue, as a row keeps it."""
    listed = in_catalogue(facts.identifier)
    below = facts_mapping(listed) if listed else {}
    above = facts_mapping(facts)
    erased = dict.fromkeys(name for name in below if name not in above)
    return {**{name: said for name, said in above.items() if below.get(name) != said}, **erased}


def facts_of(model: Model, known: ModelFacts | None) -> ModelFacts:
    """Return the facts on a model of the team; what they lack is taken from its candidates."""
    facts = known or blank(model.identifier)
    licences = facts.licences
    if not licences and model.licence:
        licences = ((LicenceKind.DISTRIBUTION, model.licence),)
    return replace(
        facts,
        developer=facts.developer or model.lab,
        is_open=model.is_open if facts.is_open is None else facts.is_open,
        licences=licences,
    )


def runs_here(team: Team, identifiers: Iterable[str]) -> dict[str, date]:
    """Return when each model last answered from hardware of the team's own, in one query."""
    runs = Run.objects.filter(
        evaluation__task__team=team,
        candidate__model__identifier__in=list(identifiers),
        candidate__endpoint__kind__in=OWN_HARDWARE,
        state=RunState.COMPLETED,
    )
    last = runs.values_list("candidate__model__identifier").annotate(Max("finished_at"))
    return {identifier: ended.date() for identifier, ended in last.order_by() if ended}


def blank(identifier: str) -> ModelFacts:
    """Return facts on a model of which nothing is known."""
    return ModelFacts(identifier=identifier, name=identifier.rpartition("/")[2] or identifier)


def _row(rows: Mapping[str, ModelFactsRow], identifier: str) -> ModelFactsRow | None:
    """Return the row of that very identifier, else one that differs in case alone."""
    others = {own.casefold(): row for own, row in rows.items()}
    return rows.get(identifier) or others.get(identifier.casefold())
