"""The scorers of a spec file: a bare name, or a name with options."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from evals.domain.specjson import plain_list, plain_mapping
from evals.domain.specnodes import ScalarKind
from evals.domain.specnumbers import not_negative
from evals.domain.specproblems import Path, one_of, one_of_with_hint
from evals.domain.specs import ScorerSpec
from evals.domain.specsections import Section
from evals.domain.specunbuilt import is_not_built, not_built
from evals.domain.specvalues import Read, Value, flag, list_of, no_repeats, optional, pattern, text


def _labels(value: Value) -> list[str]:
    labels = list_of(text, noun="label")(value)
    no_repeats(value, [label.strip().casefold() for label in labels])
    return list(labels)


def _expression(value: Value) -> str:
    written = value.written(ScalarKind.TEXT) or ""
    if written.startswith(("$.", "$[")):
        value.note(f"a JSON path, {not_built(written)}; expected a regular expression")
        return written
    return pattern(value)


SCORERS: Mapping[str, Mapping[str, Read]] = {
    "exact_match": {"ignore_case": flag, "ignore_punctuation": flag, "ignore_numbers": flag},
    "contains": {"ignore_case": flag},
    "regex": {"pattern": _expression},
    "last_number": {"tolerance": not_negative},
    "f1": {},
    "choice": {"labels": _labels},
    "lm_eval": {
        "metric": text,
        "filters": plain_list,
        "arguments": plain_mapping,
        "name": text,
    },
}
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "regex": ("pattern",),
    "choice": ("labels",),
    "lm_eval": ("metric",),
}


def scorer(value: Value) -> ScorerSpec:
    """Read `name` or `{name: {option: …, extract: …}}`."""
    if value.written(ScalarKind.TEXT) is not None:
        return _bare(value)
    section = Section(value)
    names = section.keys()
    if len(names) != 1:
        written = ", ".join(map(repr, names)) or "none"
        section.note(f"found the keys {written}; expected one scorer name with its options")
        return ScorerSpec(name="")
    if not _is_known(section.item(names[0]), names[0]):
        return ScorerSpec(name=names[0])
    return _with_options(names[0], section.item(names[0]))


def scorer_problems(scorers: tuple[ScorerSpec, ...]) -> Iterator[tuple[Path, str]]:
    """Yield what is wrong with scorers beside each other: each name makes one metric."""
    names = [scorer.name for scorer in scorers]
    for index, name in enumerate(names):
        if name and name in names[:index]:
            message = f"found a second scorer {name!r}; expected one, since it names the metric"
            yield ("scorers", index), message


def _bare(value: Value) -> ScorerSpec:
    name = text(value)
    missing = _REQUIRED.get(name, ())
    if _is_known(value, name) and missing:
        value.note(f"scorer {name!r} needs {' and '.join(missing)}: write {{{name}: {{…}}}}")
    return ScorerSpec(name=name)


def _is_known(value: Value, name: str) -> bool:
    if is_not_built("scorer", name):
        value.note(f"scorer {not_built(name)}, {one_of(SCORERS)}")
    elif name not in SCORERS:
        value.note(f"unknown scorer {name!r}, {one_of_with_hint(name, SCORERS)}")
    return name in SCORERS


def _with_options(name: str, value: Value) -> ScorerSpec:
    if value.is_nothing and name not in _REQUIRED:
        return ScorerSpec(name=name)
    keys = {**SCORERS[name], "extract": optional(_expression)}
    options = Section(value).read(keys, required=_REQUIRED.get(name, ()))
    extract = options.pop("extract", None)
    return ScorerSpec(name=name, options=MappingProxyType(options), extract=extract)
