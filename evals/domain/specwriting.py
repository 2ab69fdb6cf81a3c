"""A spec as YAML text that reads back to the same spec, defaults left out."""

import dataclasses
from collections.abc import Iterable
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import yaml

from evals.domain.prompts import column_template
from evals.domain.specbars import INCUMBENT
from evals.domain.speccandidates import CANDIDATE, MODEL
from evals.domain.specendpoints import ENDPOINT
from evals.domain.specharnesses import HARNESS
from evals.domain.specnodes import LIKE_A_NUMBER
from evals.domain.specparts import DEFAULT_SPLIT, EVAL_SET, PLAN, TASK
from evals.domain.specprices import PRICE, TIER
from evals.domain.specs import (
    CandidateSpec,
    Comparator,
    CriterionSpec,
    EvalSetSpec,
    PriceSpec,
    ScorerSpec,
    Spec,
)

_ENDLESS = 2**31  # a line is never folded


def write_spec(spec: Spec) -> str:
    """Return the YAML text of a spec, in the order people know from the examples."""
    said = written_parts(spec)
    return yaml.dump(said, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_ENDLESS)


def written_parts(spec: Spec) -> dict[str, Any]:
    """Return a spec as the mapping that its text says, defaults left out."""
    written = {
        "task": _part(spec.task, TASK),
        "eval_set": _eval_set(spec.eval_set),
        "scorers": [_scorer(scorer) for scorer in spec.scorers],
        "bar": [_criterion(criterion) for criterion in spec.bar],
        "candidates": [_candidate(candidate, spec) for candidate in spec.candidates],
        "incumbent": spec.incumbent,
        "plan": _part(spec.plan, PLAN),
    }
    return {key: value for key, value in written.items() if value not in (None, {})}


def _part(part: Any, keys: Iterable[str]) -> dict[str, Any]:
    defaults = {field.name: _default(field) for field in dataclasses.fields(part)}
    values = {key: getattr(part, key) for key in keys}
    return {key: value for key, value in values.items() if value != defaults[key]}


def _default(field: "dataclasses.Field[Any]") -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _eval_set(eval_set: EvalSetSpec) -> dict[str, Any]:
    written = _part(eval_set, EVAL_SET)
    return {key: written[key] for key in written if (key, written[key]) != ("split", DEFAULT_SPLIT)}


def _scorer(scorer: ScorerSpec) -> str | dict[str, Any]:
    extract = {} if scorer.extract is None else {"extract": scorer.extract}
    options = {**scorer.options, **extract}
    return {scorer.name: options} if options else scorer.name


def _criterion(criterion: CriterionSpec) -> dict[str, Any]:
    is_paired = criterion.comparator is Comparator.WITHIN
    return {
        "metric": criterion.metric,
        **({"slice": dict(criterion.slice)} if criterion.slice else {}),
        criterion.comparator.value: criterion.threshold,
        **({"of": INCUMBENT} if is_paired else {}),
        **({} if criterion.alpha is None else {"alpha": criterion.alpha}),
        **({"advisory": True} if criterion.advisory else {}),
    }


def _candidate(candidate: CandidateSpec, spec: Spec) -> dict[str, Any]:
    return written_candidate(candidate, usual_prompt=column_template(spec.eval_set.input))


def written_candidate(candidate: CandidateSpec, *, usual_prompt: str = "") -> dict[str, Any]:
    """Return a candidate as the mapping that a spec's text has; the usual prompt is left out."""
    harness = _part(candidate.harness, HARNESS)
    if harness["prompt"] == usual_prompt:
        del harness["prompt"]
    parts = {
        "model": _part(candidate.model, MODEL),
        "endpoint": _part(candidate.endpoint, ENDPOINT),
        "price": _price(candidate.price) if candidate.price else {},
        "harness": harness,
    }
    said = {key: parts[key] for key in CANDIDATE if parts.get(key)}
    return {"name": candidate.name, **said}


def _price(price: PriceSpec) -> dict[str, Any]:
    tiers = [_part(tier, TIER) for tier in price.tiers]
    return _part(price, PRICE) | ({"tiers": tiers} if tiers else {})


class _Dumper(yaml.SafeDumper):
    """Writes numbers as people do, multi-line text as a block, and no aliases."""

    def ignore_aliases(self, _: Any) -> bool:
        return True


def _decimal(dumper: _Dumper, amount: Decimal) -> yaml.ScalarNode:
    text = format(amount, "f")
    return dumper.represent_scalar(f"tag:yaml.org,2002:{'float' if '.' in text else 'int'}", text)


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=_style(text))


def _style(text: str) -> str | None:
    if LIKE_A_NUMBER.fullmatch(text):
        return "'"
    if text.isprintable():
        return None  # the emitter's choice
    # Quoted with escapes: the emitter loses some odd characters elsewhere.
    return "|" if all(line.isprintable() for line in text.split("\n")) else '"'


_Dumper.add_representer(Decimal, _decimal)
_Dumper.add_representer(str, _text)
_Dumper.add_multi_representer(str, _text)
_Dumper.add_multi_representer(tuple, yaml.SafeDumper.represent_list)
_Dumper.add_representer(MappingProxyType, yaml.SafeDumper.represent_dict)
