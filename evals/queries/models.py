"""The list of models: the team's own first, then the catalogue's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from evals.domain.autonomy import rung_of
from evals.domain.modelfacts import ModelFacts
from evals.domain.openness import assess
from evals.domain.supply import supply_of
from evals.models import Model, ModelFactsRow, Team
from evals.queries import opennesswords as words
from evals.queries.modelfacts import blank, catalogue, facts_of, in_catalogue, merged, runs_here

LISTED = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLine:
    """One model of the list. `key` is its place in an address."""

    key: str
    name: str
    developer: str
    openness: str
    licence: words.LicenceWords
    mof_class: str
    rung: str
    retires: str
    retires_state: str
    hosts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelsPage:
    """The list as searched for; `count` is without the search."""

    own: tuple[ModelLine, ...]
    others: tuple[ModelLine, ...]
    query: str
    openness: str
    count: int
    is_cut: bool


def models_page(team: Team, *, query: str, openness: str, today: date) -> ModelsPage:
    """Return the list, in three queries.

    Args:
        team: Whose models go first.
        query: Words that a model's name, developer or licence has to hold, all of them.
        openness: "open" or "closed"; "" for both.
        today: What retirements are counted from.
    """
    own = _own_facts(team)
    ran = runs_here(team, [facts.identifier for _, facts in own])
    taken = {facts.identifier.casefold() for _, facts in own}
    listed = [facts for facts in catalogue().values() if facts.identifier.casefold() not in taken]
    own_lines = [
        _line(facts, key=key, today=today, ran_on=ran.get(facts.identifier)) for key, facts in own
    ]
    others = [_line(facts, key=facts.identifier, today=today) for facts in listed]
    found = [line for line in others if _fits(line, query, openness)]
    return ModelsPage(
        own=tuple(line for line in own_lines if _fits(line, query, openness)),
        others=tuple(found[:LISTED]),
        query=query,
        openness=openness,
        count=len(own_lines) + len(others),
        is_cut=len(found) > LISTED,
    )


def models_called(team: Team, words: Sequence[str], *, limit: int) -> list[tuple[str, str]]:
    """Return places and names of models whose shown name holds every word, in one query.

    The team's own go before the catalogue's.
    """
    rows = Model.objects.filter(team=team)
    for word in words:
        rows = rows.filter(identifier__icontains=word)
    own = {
        model.identifier.casefold(): (model_key(model), shown_name(blank(model.identifier)))
        for model in rows.order_by("identifier", "-pk")[: 2 * limit]
    }
    listed = {
        plain: (facts.identifier, facts.identifier)
        for facts in catalogue().values()
        if (plain := facts.identifier.casefold()) not in own
    }
    found = [*own.values(), *listed.values()]
    return [each for each in found if all(word in each[1].casefold() for word in words)][:limit]


def model_key(model: Model) -> str:
    """Return a model's place in an address: never the folder of a local file."""
    return str(model.pk)


def _own_facts(team: Team) -> list[tuple[str, ModelFacts]]:
    """Return keys and facts of the team's models, then of those it only knows of."""
    rows = {
        row.identifier.casefold(): row
        for row in ModelFactsRow.objects.filter(team=team).order_by("identifier")
    }
    own: dict[str, tuple[str, ModelFacts]] = {}
    for model in Model.objects.filter(team=team).order_by("identifier", "-pk"):
        plain = model.identifier.casefold()
        known = merged(model.identifier, rows.get(plain))
        own.setdefault(plain, (model_key(model), facts_of(model, known)))
    for plain, row in rows.items():
        known = merged(row.identifier, row)
        own.setdefault(plain, (row.identifier, known or blank(row.identifier)))
    return list(own.values())


def _line(facts: ModelFacts, *, key: str, today: date, ran_on: date | None = None) -> ModelLine:
    supply = supply_of(facts, today=today)
    known = None if facts.components is None else assess(facts.components, facts.licences)
    return ModelLine(
        key=key,
        name=shown_name(facts),
        developer=facts.developer or words.UNKNOWN,
        openness=words.openness_word(facts),
        licence=words.licence_words(facts),
        mof_class=words.class_words(known),
        rung=words.rung_words(rung_of(facts, ran_on=ran_on)),
        retires=words.retirement_words(supply.retirement),
        retires_state=words.retirement_state(supply.retirement),
        hosts=words.hosts_words(supply),
    )


def shown_name(facts: ModelFacts) -> str:
    """Return what a model is called on a page; the folder of a local file is nobody's business."""
    identifier = facts.identifier
    is_path = identifier.startswith(("/", "~", ".")) or "\\" in identifier
    if is_path and in_catalogue(identifier) is None:
        return facts.name
    return identifier


def _fits(line: ModelLine, query: str, openness: str) -> bool:
    text = f"{line.name} {line.developer} {line.licence.name} {line.mof_class}".casefold()
    is_wanted = openness in {"", line.openness}
    return is_wanted and all(word in text for word in query.casefold().split())
