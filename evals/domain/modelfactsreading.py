"""Facts on models from YAML or JSON mappings, and back. Every problem is told with its place."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from evals.domain.modelfacts import (
    Component,
    Host,
    LicenceKind,
    ModelFacts,
    Source,
    TeamEvidence,
)
from evals.domain.rows import JSONValue
from evals.domain.specnodes import Entry, Items, Node, Scalar, ScalarKind, Table, position_of
from evals.domain.specnodes import read_nodes as nodes_in
from evals.domain.specnumbers import positive, whole
from evals.domain.specproblems import Problems, SpecError, one_of_with_hint
from evals.domain.specsections import Section
from evals.domain.specvalues import Value, any_text, flag, list_of, optional, text, text_up_to

T = TypeVar("T")
LONGEST_NAME = 300
LONGEST_LICENCE = 500
PARTS = ("weights", "data", "recipe", "tooling")
_SHA256_DIGITS = 64
_COUNTRY_LETTERS = 2


def read_catalogue(text: str, *, file: str) -> tuple[ModelFacts, ...]:
    """Return the models of a catalogue file, a YAML list of mappings.

    Raises:
        SpecError: With every problem of the file.
    """
    problems = Problems(file)
    root = nodes_in(text, problems)
    facts = list_of(_facts, noun="model", may_be_empty=True)(Value(root.node, (), problems))
    _no_model_twice(facts, problems)
    if told := problems.told(lambda path: position_of(root, path)):
        raise SpecError(told)
    return facts


def facts_from(mapping: JSONValue, *, called: str = "") -> ModelFacts:
    """Return the facts in one mapping, as `facts_mapping` makes it.

    Raises:
        SpecError: With every problem; `called` says in messages what was read.
    """
    problems = Problems(called)
    root = Entry(_node(mapping), (1, 0))
    facts = _facts(Value(root.node, (), problems))
    if told := problems.told(lambda _: (1, 0)):
        raise SpecError(told)
    return facts


def facts_mapping(facts: ModelFacts) -> dict[str, Any]:
    """Return the facts as JSON; what is unknown is left out."""
    known = ((each.name, getattr(facts, each.name)) for each in fields(facts))
    return {
        name: _WRITERS.get(name, _plain)(value)
        for name, value in known
        if value is not None and (value != () or name in {"components", "hosts"})
    }


def day(value: Value) -> date:
    """Read a day, as in 2026-12-31."""
    written = value.written(ScalarKind.TEXT) or ""
    try:
        return date.fromisoformat(written)
    except ValueError:
        value.refuse("a day, as in 2026-12-31")
        return date.min


def country(value: Value) -> str:
    """Read a country's two letters. YAML takes Norway's for `false`, which is mended here."""
    written = value.written(ScalarKind.TEXT, ScalarKind.FLAG) or ""
    code = written.upper()
    if not (len(code) == _COUNTRY_LETTERS and code.isascii() and code.isalpha()):
        value.refuse("a country's two letters, as in US")
    return code


def _facts(value: Value) -> ModelFacts:
    read = Section(value).read(_READERS, required=("identifier", "name"))
    return ModelFacts(**{name: item for name, item in read.items() if item is not None})


def _decimal(value: Value) -> Decimal:
    """Read a number above 0; JSON keeps it as text."""
    written = value.written(ScalarKind.TEXT)
    if written is not None:
        value = Value(_scalar_of_number(written), value.path, value.problems)
    positive(value)
    digits = (value.written(ScalarKind.NUMBER) or "1").replace("_", "")
    try:
        return Decimal(digits)
    except ArithmeticError:
        return Decimal(1)


def _scalar_of_number(written: str) -> Scalar:
    return Scalar(ScalarKind.NUMBER, written)


def _licences(value: Value) -> tuple[tuple[LicenceKind, str], ...]:
    licence = optional(text_up_to(LONGEST_LICENCE))
    read = Section(value).read({kind.value: licence for kind in LicenceKind})
    return tuple((LicenceKind(kind), said) for kind, said in read.items() if said)


def _component(value: Value) -> Component:
    """Read a component. A blank licence says that there is none, no licence nothing."""
    keys = {"name": text_up_to(LONGEST_NAME), "licence": optional(any_text)}
    return Component(**_given(value, keys, "name"))


def _host(value: Value) -> Host:
    keys = {
        "name": text_up_to(LONGEST_NAME),
        "jurisdiction": optional(country),
        "is_gateway": flag,
    }
    return Host(**_given(value, keys, "name"))


def _source(value: Value) -> Source:
    keys = {"url": text, "opened_on": day, "says": any_text}
    return Source(**_given(value, keys, "url", "opened_on"))


def _evidence(value: Value) -> TeamEvidence:
    keys = {
        "part": _part,
        "mirror_sha256": optional(_sha256),
        "tested_on": optional(day),
        "note": any_text,
    }
    return TeamEvidence(**_given(value, keys, "part"))


def _part(value: Value) -> str:
    written = text(value)
    if written not in PARTS:
        value.note(f"found {written!r}, {one_of_with_hint(written, PARTS)}")
    return written


def _sha256(value: Value) -> str:
    written = any_text(value).strip().lower()
    if len(written) != _SHA256_DIGITS or not set(written) <= set("0123456789abcdef"):
        value.refuse("a SHA-256: 64 digits and letters a to f")
    return written


def _given(
    value: Value, keys: Mapping[str, Callable[[Value], Any]], *required: str
) -> dict[str, Any]:
    return Section(value).read(keys, required=required)


_SMALL = optional(whole(minimum=1, maximum=10**6))
_DAYS = optional(whole(maximum=36_500))
_READERS: Mapping[str, Callable[[Value], Any]] = {
    "identifier": text_up_to(LONGEST_NAME),
    "name": text_up_to(LONGEST_NAME),
    "developer": optional(text_up_to(LONGEST_NAME)),
    "jurisdiction": optional(country),
    "is_open": optional(flag),
    "licences": optional(_licences),
    "components": optional(list_of(_component, noun="component", may_be_empty=True)),
    "hosts": optional(list_of(_host, noun="host", may_be_empty=True)),
    "released_on": optional(day),
    "retires_on": optional(day),
    "notice_days": _DAYS,
    "has_version_pin": optional(flag),
    "is_fine_tunable": optional(flag),
    "has_tokenizer": optional(flag),
    "log_retention_days": _DAYS,
    "parameters_billion": optional(_decimal),
    "active_parameters_billion": optional(_decimal),
    "layers": _SMALL,
    "kv_heads": _SMALL,
    "head_dim": _SMALL,
    "evidence": optional(list_of(_evidence, noun="piece of evidence", may_be_empty=True)),
    "sources": optional(list_of(_source, noun="source", may_be_empty=True)),
    "noted_on": optional(day),
}


def _no_model_twice(facts: tuple[ModelFacts, ...], problems: Problems) -> None:
    seen: set[str] = set()
    for index, model in enumerate(facts):
        key = model.identifier.casefold()
        if key and key in seen:
            found = f"found {model.identifier!r} twice, expected each model once"
            problems.note((index, "identifier"), found)
        seen.add(key)


def _node(value: JSONValue) -> Node:
    """Return a JSON value as a node, as if it had been written in YAML."""
    if isinstance(value, Mapping):
        entries = {str(key): Entry(_node(item), (1, 0)) for key, item in value.items()}
        return Table(entries, len(entries))
    if isinstance(value, list | tuple):
        items = tuple(Entry(_node(item), (1, 0)) for item in value)
        return Items(items, len(items))
    if value is None:
        return Scalar(ScalarKind.NOTHING)
    if isinstance(value, bool):
        return Scalar(ScalarKind.FLAG, str(value).lower())
    kind = ScalarKind.NUMBER if isinstance(value, int | float | Decimal) else ScalarKind.TEXT
    return Scalar(kind, str(value))


def _plain(value: Any) -> JSONValue:
    if isinstance(value, date | Decimal | StrEnum):
        return str(value)
    if isinstance(value, str | bool | int):
        return value
    raise TypeError(f"no JSON is known for {type(value).__name__}")


def _mappings(values: tuple[Any, ...]) -> JSONValue:
    return [
        {
            each.name: _plain(getattr(value, each.name))
            for each in fields(value)
            if getattr(value, each.name) not in {None, False} or getattr(value, each.name) == 0
        }
        for value in values
    ]


_WRITERS: Mapping[str, Callable[[Any], JSONValue]] = {
    "licences": lambda pairs: {kind.value: licence for kind, licence in pairs},
    "components": _mappings,
    "hosts": _mappings,
    "evidence": _mappings,
    "sources": _mappings,
}
