"""Scorers said in stock lm-eval's words: one metric, one chain of filters, one column of targets.

The same form scores in the worker and is written to an exported task, so the two cannot differ.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from evals.domain.scoring import (
    NOTHING_EXTRACTED,
    ScorerError,
    check_options,
    last_number,
    pattern_option,
)
from evals.domain.specs import ScorerSpec

NO_MATCH = "[extract matched nothing]"  # what lm-eval's filter gives; no target is this
TAKE_FIRST = {"function": "take_first"}
_FLAGS = ("ignore_case", "ignore_punctuation", "ignore_numbers")


@dataclass(frozen=True, slots=True, kw_only=True)
class StockForm:
    """What stock lm-eval is told about one scorer.

    `name` is that of the chain of filters in lm-eval's log. The chain `filters` ends in a single
    answer per sample, or in NO_MATCH, which `nothing` explains. `reduce_target` makes the column
    of targets from the eval set's; `target_column` names it: equal names mean equal columns.
    """

    name: str = ""
    metric: Mapping[str, Any]
    filters: tuple[Mapping[str, Any], ...]
    target_column: str = "viability_target"
    reduce_target: Callable[[str], str] = str
    nothing: str = NOTHING_EXTRACTED


def stock_form(spec: ScorerSpec) -> StockForm:
    """Return the form of a scorer that lm-eval does itself.

    Raises:
        ScorerError: If there is no such scorer, or an option is not as it must be.
    """
    if spec.name not in _FORMS:
        known = ", ".join(sorted({"choice", "contains", "f1", "regex", *_FORMS}))
        raise ScorerError(f"there is no scorer {spec.name!r} yet, known scorers: {known}")
    form = _FORMS[spec.name](spec.options, _extract(spec.extract))
    return replace(form, name=spec.options.get("name", spec.name))


def _extract(source: str | None) -> tuple[Mapping[str, Any], ...]:
    if source is None:
        return ()
    pattern_option("extract", source)
    return (_regex_step(source),)


def _regex_step(source: str, *, group_select: int = 0) -> Mapping[str, Any]:
    return {
        "function": "regex",
        "regex_pattern": source,
        "group_select": group_select,
        "fallback": NO_MATCH,
    }


def _metric(name: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    # Both are stated because lm-eval otherwise logs a warning for each.
    return {"metric": name, "aggregation": "mean", "higher_is_better": True, **arguments}


def _exact_match(options: Mapping[str, Any], extract: tuple[Mapping[str, Any], ...]) -> StockForm:
    check_options(options, known=dict.fromkeys(_FLAGS, bool))
    return StockForm(metric=_metric("exact_match", options), filters=(*extract, TAKE_FIRST))


def _last_number(options: Mapping[str, Any], extract: tuple[Mapping[str, Any], ...]) -> StockForm:
    check_options(options, known={"tolerance": float})
    return StockForm(
        metric=_metric("exact_match", {"regexes_to_ignore": [","]}),
        filters=(*extract, _regex_step("[0-9][0-9,]*", group_select=-1), TAKE_FIRST),
        target_column="viability_target_last_number",
        reduce_target=lambda target: last_number(target) or "",
        nothing="no number in the output",
    )


def _lm_eval(options: Mapping[str, Any], extract: tuple[Mapping[str, Any], ...]) -> StockForm:
    check_options(
        options, known={"metric": str, "filters": (list, tuple), "arguments": Mapping, "name": str}
    )
    if "metric" not in options:
        raise ScorerError("metric is missing")
    arguments = options.get("arguments", {})
    _check_arguments(arguments)
    steps = [_step(step) for step in options.get("filters", ())]
    if not any(step["function"] == "take_first" for step in steps):
        steps.append(TAKE_FIRST)
    return StockForm(metric=_metric(options["metric"], arguments), filters=(*extract, *steps))


def _check_arguments(arguments: Mapping[str, Any]) -> None:
    for name in ("metric", "aggregation", "higher_is_better", "hf_evaluate"):
        if name in arguments:
            raise ScorerError(f"arguments holds {name!r}, which says nothing about one sample")
    patterns = arguments.get("regexes_to_ignore") or []
    if not isinstance(patterns, list | tuple):
        raise ScorerError(f"regexes_to_ignore is {patterns!r}, expected a list")
    for source in patterns:
        pattern_option("regexes_to_ignore", str(source))


def _step(step: Any) -> Mapping[str, Any]:
    """Return one filter as lm-eval's YAML writes it; a bare name is a filter without arguments."""
    if isinstance(step, str):
        return {"function": step}
    if not isinstance(step, Mapping) or not isinstance(step.get("function"), str):
        raise ScorerError(f"filters holds {step!r}, expected {{function: name, …}}")
    if "regexes_to_ignore" in step:
        raise ScorerError("regexes_to_ignore in a filter cannot be timed, expected in arguments")
    if "regex_pattern" in step:
        pattern_option("regex_pattern", str(step["regex_pattern"]))
    return dict(step)


_FORMS: Mapping[str, Callable[[Mapping[str, Any], tuple[Mapping[str, Any], ...]], StockForm]] = {
    "exact_match": _exact_match,
    "last_number": _last_number,
    "lm_eval": _lm_eval,
}
