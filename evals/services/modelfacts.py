"""Writing what a team knows of models: by hand, from an openness file, or undone."""

from dataclasses import dataclass
from datetime import date

from django.db import transaction

from evals.domain.modelfacts import ModelFacts
from evals.domain.motfiles import MotRelease
from evals.models import Model, ModelFactsRow, Team, User
from evals.queries.modelfacts import blank, catalogue, changes, facts_for, rows_for
from evals.services.audit import record


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A release that was read into the facts on a model."""

    release: MotRelease
    identifier: str


@transaction.atomic
def save_facts(*, team: Team, facts: ModelFacts, source: str, user: User | None) -> bool:
    """Keep what of the facts differs from the catalogue.

    Returns:
        Whether that is anything new.
    """
    before = _row_of(team, facts.identifier)
    kept = changes(facts)
    if kept == (before.facts if before else {}):
        return False
    row = before or ModelFactsRow(team=team, identifier=facts.identifier)
    row.facts, row.source, row.updated_by = kept, source[:300], user
    row.save()
    record(
        team=team,
        user=user,
        action="model facts changed",
        subject=facts.identifier,
        source=source,
        fields=sorted(kept),
    )
    return True


@transaction.atomic
def restore_facts(*, team: Team, identifier: str, user: User | None) -> bool:
    """Forget the team's own facts on a model, so that the catalogue's stand again.

    Returns:
        Whether there were any.
    """
    row = _row_of(team, identifier)
    if row is None:
        return False
    record(
        team=team,
        user=user,
        action="model facts restored",
        subject=identifier,
        forgotten=row.facts,
    )
    row.delete()
    return True


@transaction.atomic
def import_release(
    *,
    team: Team,
    release: MotRelease,
    today: date,
    user: User | None,
    identifier: str | None = None,
) -> Imported:
    """Read a release into the facts on a model; what the file does not speak of stays.

    Args:
        team: Whose facts they become.
        release: What the file says.
        today: The day of the import.
        user: Who imports it; None: the command line.
        identifier: The model; None: the one that is meant, or a new one.
    """
    chosen = identifier or identifier_of(team, release)
    before = facts_for(team, [chosen]).get(chosen) or blank(chosen)
    facts = release.into(before, today=today)
    source = f"Model Openness Tool, {release.file_name}"
    save_facts(team=team, facts=facts, source=source, user=user)
    return Imported(release=release, identifier=chosen)


def identifier_of(team: Team, release: MotRelease) -> str:
    """Return the model that a release is: by its repository at Hugging Face, else by its name.

    The team's models go before the catalogue's. A name also finds the one model whose identifier
    ends with it or that is called so; where there is none, or several, it is a model of its own.
    """
    names = _names(team)
    for wanted in filter(None, (release.repository, release.name)):
        if same := [each for each in names if each.casefold() == wanted.casefold()]:
            return same[0]
    if release.repository is not None:
        return release.repository
    called = [each for each, known_as in names.items() if _plain(release.name) in known_as]
    return called[0] if len(called) == 1 else release.name[:300]


def _names(team: Team) -> dict[str, set[str]]:
    """Return what each known model is called, the team's own first."""
    models = Model.objects.filter(team=team).order_by("pk").values_list("identifier", flat=True)
    rows = ModelFactsRow.objects.filter(team=team).order_by("pk")
    own = {row.identifier: str(row.facts.get("name", "")) for row in rows}
    listed = {identifier: facts.name for identifier, facts in catalogue().items()}
    named = {**dict.fromkeys(models, ""), **own}
    named.update({each: name for each, name in listed.items() if each not in named})
    return {each: {_plain(each.rpartition("/")[2]), _plain(name)} for each, name in named.items()}


def _plain(name: str) -> str:
    """Return "Llama 3 8B" and "llama-3-8b" as the same."""
    return "".join(sign for sign in name.casefold() if sign.isalnum())


def _row_of(team: Team, identifier: str) -> ModelFactsRow | None:
    rows = rows_for(team, [identifier])
    return rows.get(identifier) or next(iter(rows.values()), None)
