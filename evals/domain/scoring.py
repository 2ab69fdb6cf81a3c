"""The scorers that are ours: one output and one target in, one score out."""

import re
import string
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from evals.domain.patterns import Pattern, PatternError
from evals.domain.specs import ScorerSpec
from evals.domain.trials import Score

OutputScorer: TypeAlias = Callable[[str, str], Score]

NOTHING_EXTRACTED = "extract matched nothing"
LAST_NUMBER = re.compile(r"[0-9]+")


class ScorerError(ValueError):
    """A scorer that cannot be built from its options, with what was found and what was wanted."""


def is_in_house(spec: ScorerSpec) -> bool:
    """Return whether this scorer is ours; the others are lm-eval's."""
    if spec.name == "last_number":
        return "tolerance" in spec.options
    return spec.name in _BUILDERS


def output_scorer(spec: ScorerSpec) -> OutputScorer:
    """Return the function from an output and a target to a score.

    Raises:
        ScorerError: If an option is unknown, missing or of the wrong kind.
    """
    judge = _BUILDERS[spec.name](spec.options)
    if spec.extract is None:
        return judge
    pattern = pattern_option("extract", spec.extract)

    def extracted(output: str, target: str) -> Score:
        answer = pattern.first(output)
        if answer is None:
            return Score(value=0.0, explanation=NOTHING_EXTRACTED)
        return judge(answer, target)

    return extracted


def last_number(text: str) -> str | None:
    """Return the last run of ASCII digits in `text` without its commas, or None.

    Source: RouteLLM's rule for GSM8K (routellm/evals/gsm8k).
    """
    runs = LAST_NUMBER.findall(text.replace(",", ""))
    return runs[-1] if runs else None


def check_options(options: Mapping[str, Any], *, known: Mapping[str, Any]) -> None:
    """Refuse options that a scorer does not have, or of another type than `known` gives.

    Raises:
        ScorerError: With the option, what was found and what was wanted.
    """
    for name, value in options.items():
        if name not in known:
            wanted = ", ".join(known) or "none"
            raise ScorerError(f"unknown option {name!r}, known options: {wanted}")
        kinds = known[name] if isinstance(known[name], tuple) else (known[name],)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            names = " or ".join(dict.fromkeys(_KIND_NAMES[kind] for kind in kinds))
            raise ScorerError(f"{name} is {value!r}, expected {names}")


def pattern_option(name: str, source: str) -> Pattern:
    """Return the pattern that option `name` holds.

    Raises:
        ScorerError: If it is not a pattern, or a JSON path, which is not built yet.
    """
    if source.startswith(("$.", "$[")):
        raise ScorerError(f"{name} is the JSON path {source!r}: JSON paths are not built yet")
    try:
        return Pattern(source)
    except PatternError as error:
        raise ScorerError(f"{name}: {error}") from error


def _contains(options: Mapping[str, Any]) -> OutputScorer:
    check_options(options, known={"ignore_case": bool})
    fold = str.casefold if options.get("ignore_case") else str

    def judge(output: str, target: str) -> Score:
        if not target:
            return Score(value=0.0, explanation="the target is empty")
        if fold(target) in fold(output):
            return Score(value=1.0, answer=target)
        return Score(value=0.0, explanation="the target is not in the output")

    return judge


def _regex(options: Mapping[str, Any]) -> OutputScorer:
    check_options(options, known={"pattern": str})
    pattern = pattern_option("pattern", _required(options, "pattern"))

    def judge(output: str, _target: str) -> Score:
        match = pattern.search(output)
        if match is None:
            return Score(value=0.0, explanation="the pattern is not in the output")
        answer = match[1] if match.re.groups and match[1] is not None else match[0]
        return Score(value=1.0, answer=answer)

    return judge


def _last_number(options: Mapping[str, Any]) -> OutputScorer:
    check_options(options, known={"tolerance": (int, float)})
    tolerance = float(options["tolerance"])
    if not 0 <= tolerance < float("inf"):
        raise ScorerError(f"tolerance is {tolerance}, expected a number that is at least 0")

    def judge(output: str, target: str) -> Score:
        answer, wanted = last_number(output), last_number(target)
        if answer is None or wanted is None:
            side = "output" if answer is None else "target"
            return Score(value=0.0, answer=answer, explanation=f"no number in the {side}")
        # As floats: a run of thousands of digits is infinite and near nothing, never an error.
        return Score(value=float(abs(float(answer) - float(wanted)) <= tolerance), answer=answer)

    return judge


def _f1(options: Mapping[str, Any]) -> OutputScorer:
    check_options(options, known={})
    return lambda output, target: Score(value=squad_f1(output, target), answer=output)


def squad_f1(output: str, target: str) -> float:
    """Return the token F1 of SQuAD 2.0, between 0 and 1.

    Source: Rajpurkar et al. (2018), `compute_f1` of the official evaluation script v2.0.
    """
    found, wanted = _squad_tokens(output), _squad_tokens(target)
    if not found or not wanted:
        return float(found == wanted)
    shared = (Counter(found) & Counter(wanted)).total()
    return 2 * shared / (len(found) + len(wanted))


def _squad_tokens(text: str) -> list[str]:
    plain = text.lower().translate(_NO_PUNCTUATION)
    return _ARTICLES.sub(" ", plain).split()


def _choice(options: Mapping[str, Any]) -> OutputScorer:
    check_options(options, known={"labels": (list, tuple)})
    labels = {label.casefold(): label for label in _labels(_required(options, "labels"))}
    if len(labels) < len(options["labels"]):
        raise ScorerError("labels holds one label twice, where case is ignored")
    # Longest first, so that "card payment" is not also read as "payment".
    words = "|".join(re.escape(label) for label in sorted(labels, key=len, reverse=True))
    pattern = re.compile(rf"(?<!\w)(?:{words})(?!\w)")

    def judge(output: str, target: str) -> Score:
        plain = output.strip().casefold()
        found = [plain] if plain in labels else list(dict.fromkeys(pattern.findall(plain)))
        if len(found) != 1:
            return Score(value=0.0, explanation=_unclear(labels[label] for label in found))
        value = float(found[0] == target.strip().casefold())
        return Score(value=value, answer=labels[found[0]])

    return judge


def _unclear(found: Iterable[str]) -> str:
    names = ", ".join(found)
    return f"several labels in the output: {names}" if names else "no label in the output"


def _labels(found: Iterable[Any]) -> list[str]:
    labels = list(found)
    for label in labels:
        if not isinstance(label, str) or not label.strip():
            hint = "; put yes and no in quotes" if isinstance(label, bool) else ""
            raise ScorerError(f"labels holds {label!r}, expected text{hint}")
    if not labels:
        raise ScorerError("labels is empty, expected at least one label")
    return [label.strip() for label in labels]


def _required(options: Mapping[str, Any], name: str) -> Any:
    if name not in options:
        raise ScorerError(f"{name} is missing")
    return options[name]


_KIND_NAMES: Mapping[Any, str] = MappingProxyType(
    {
        bool: "true or false",
        str: "text",
        int: "a number",
        float: "a number",
        list: "a list",
        tuple: "a list",
        Mapping: "a mapping",
    }
)
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_BUILDERS: Mapping[str, Callable[[Mapping[str, Any]], OutputScorer]] = MappingProxyType(
    {
        "choice": _choice,
        "contains": _contains,
        "f1": _f1,
        "last_number": _last_number,
        "regex": _regex,
    }
)
