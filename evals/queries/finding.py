"""What of a team is called so: tasks, evaluations, candidates and all else that has a name.

A name has to hold every word. Each kind costs one query, however much the team has.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Case, Q, Value, When
from django.urls import reverse

from evals.models import Team
from evals.queries import figures
from evals.queries.foundkinds import KINDS, Found, Kind
from evals.queries.glossary import terms_like
from evals.queries.models import models_called
from evals.queries.places import places_like

LONGEST, MOST_WORDS = 200, 8
LARGEST = 2**31
Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FoundGroup:
    """What was found of one kind; `is_cut` where there is more of it than is shown."""

    title: str
    rows: tuple[Found, ...]
    is_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FindPage:
    """What was looked for and what was found; `said` is its count in words."""

    query: str
    groups: tuple[FoundGroup, ...]
    said: str


def find_page(team: Team, query: str, *, may_write: bool, limit: int) -> FindPage:
    """Return what is called so, in six queries; without a word the pages alone, in none.

    Args:
        team: Whose things are looked through.
        query: Words in any order, each of them in the name.
        may_write: Whether pages that make something are among the pages.
        limit: How many of each kind are listed.
    """
    query = query.replace("\x00", "")[:LONGEST].strip()
    words = tuple(query.lower().split()[:MOST_WORDS])
    places = tuple(
        Found(place.name, "", reverse(place.address))
        for place in places_like(words, may_write=may_write)
    )
    named = tuple(_named(team, words, limit)) if words else ()
    groups = (*named, FoundGroup("Pages", places))
    kept = tuple(group for group in groups if group.rows)
    return FindPage(query=query, groups=kept, said=_said(query, kept))


def _named(team: Team, words: Words, limit: int) -> Iterator[FoundGroup]:
    for kind in KINDS:
        yield _cut(kind.title, _rows(kind, team, words, limit), limit)
    models = [
        Found(name, "", reverse("evals:model", args=[key]))
        for key, name in models_called(team, words, limit=limit + 1)
    ]
    yield _cut("Models", models, limit)
    yield _cut("Words", [_word(*each) for each in _terms(words)], limit)


def _rows(kind: Kind, team: Team, words: Words, limit: int) -> list[Found]:
    """Return what holds the words, the newest first: such an order ends at the first few."""
    rows = kind.rows(team).filter(_holds(kind, words)).order_by("-pk")
    if kind.is_few:
        begins = Q(**{f"{kind.fields[0]}__istartswith": words[0]})
        rows = rows.order_by(Case(When(begins, then=Value(0)), default=Value(1)), "-pk")
    return [kind.found(row) for row in rows[: limit + 1]]


def _holds(kind: Kind, words: Words) -> Q:
    """Return that a name holds all words; what the kind itself is called may stand beside them."""
    held = Q()
    for word in words:
        one = Q()
        for field in kind.fields:
            one |= Q(**{f"{field}__icontains": word})
        if kind.number and _is_number(word):
            one |= Q(**{kind.number: int(word)})
        if not kind.word.startswith(word.removesuffix("s")):
            held &= one
    return held


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and int(word[:LONGEST]) < LARGEST


def _terms(words: Words) -> list[tuple[str, str]]:
    return [(term.key, term.name) for term in terms_like(words)]


def _word(key: str, name: str) -> Found:
    return Found(name, "what it means", f"{reverse('evals:glossary')}#{key}")


def _cut(title: str, rows: Sequence[Found], limit: int) -> FoundGroup:
    return FoundGroup(title, tuple(rows[:limit]), is_cut=len(rows) > limit)


def _said(query: str, groups: Sequence[FoundGroup]) -> str:
    if not query:
        return "Type a name, or choose a page."
    if not groups:
        return f"Nothing of the team is called “{query}”."
    total = sum(len(group.rows) for group in groups)
    is_cut = any(group.is_cut for group in groups)
    return f"{'The first ' if is_cut else ''}{figures.plural(total, 'match', 'matches')}."
