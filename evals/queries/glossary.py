"""What the words on the pages mean, read once from the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

FILE = "glossary.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One word, its anchor on the glossary's page, and one paragraph in plain words."""

    key: str
    name: str
    meaning: str
    also: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TermGroup:
    """The terms that belong together, in the order in which they are best read."""

    title: str
    terms: tuple[Term, ...]


@cache
def glossary() -> tuple[TermGroup, ...]:
    """Return every term, by what it is about."""
    text = (files("evals.catalogue") / FILE).read_text(encoding="utf-8")
    return tuple(_group(title, rows) for title, rows in yaml.safe_load(text).items())


@cache
def terms() -> Mapping[str, Term]:
    """Return the terms by their keys."""
    return {term.key: term for group in glossary() for term in group.terms}


@cache
def terms_by_label() -> Mapping[str, Term]:
    """Return the terms by every way in which a label says them, in small letters."""
    return {label.lower(): term for term in terms().values() for label in (term.name, *term.also)}


def terms_like(words: tuple[str, ...]) -> tuple[Term, ...]:
    """Return the terms whose names hold every word, those that begin with the first one first."""
    found = [term for term in terms().values() if _says(term, words)]
    return tuple(sorted(found, key=lambda term: not term.name.lower().startswith(words[0])))


def _says(term: Term, words: tuple[str, ...]) -> bool:
    label = " ".join((term.name, *term.also)).lower()
    return bool(words) and all(word in label for word in words)


def _group(title: str, rows: Mapping[str, Mapping[str, object]]) -> TermGroup:
    return TermGroup(title, tuple(_term(key, row) for key, row in rows.items()))


def _term(key: str, row: Mapping[str, object]) -> Term:
    also = row.get("also")
    return Term(
        key=key,
        name=str(row["name"]),
        meaning=str(row["says"]),
        also=tuple(str(each) for each in also) if isinstance(also, list) else (),
    )
