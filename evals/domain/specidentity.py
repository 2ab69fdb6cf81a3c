"""Whether two specs are the same evaluation: equal content and equal files, never equal bytes."""

import dataclasses
import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from evals.domain.specendpoints import is_gguf, names_local_model
from evals.domain.specs import CandidateSpec, Spec

# The figures that a price had from the first.
_ALWAYS = frozenset(
    {"input_usd_per_mtok", "output_usd_per_mtok", "usd_per_request", "gpu", "usd_per_hour"}
)
NO_HASHES: Mapping[str, str] = MappingProxyType({})


def referenced_files(spec: Spec) -> tuple[str, ...]:
    """Return the files that a spec names, as written, in its order, each once.

    These are the eval set, recorded answers and GGUF models; a model's folder is not among them.
    """
    files = [spec.eval_set.file]
    for candidate in spec.candidates:
        files += [_model_file(candidate), candidate.endpoint.file]
    return tuple(dict.fromkeys(file for file in files if file is not None))


def spec_identity(spec: Spec, hashes: Mapping[str, str] = NO_HASHES) -> dict[str, Any]:
    """Return a spec as JSON values, equal for equal content however it was written.

    Args:
        spec: The spec; what it leaves out counts as its default.
        hashes: Content hashes by `referenced_files`; each stands in the place of its path.
    """
    identity = part_identity(spec)
    identity["bar"] = [_said(line) for line in identity["bar"]]
    if not spec.plan.skip_samples:
        del identity["plan"]["skip_samples"]  # as plans were before rows could be skipped
    _put_hash(identity["eval_set"], "file", spec.eval_set.file, hashes)
    for candidate, written in zip(spec.candidates, identity["candidates"], strict=True):
        _put_hash(written["endpoint"], "file", candidate.endpoint.file, hashes)
        _put_hash(written["model"], "id", _model_file(candidate), hashes)
        if candidate.price is not None:
            written["price"] = _priced(written["price"])
    return identity


def identity_json(spec: Spec, hashes: Mapping[str, str] = NO_HASHES) -> str:
    """Return `spec_identity` as canonical JSON: sorted keys, no spaces, ASCII."""
    return json.dumps(spec_identity(spec, hashes), sort_keys=True, separators=(",", ":"))


def part_identity(part: Any) -> dict[str, Any]:
    """Return one part of a spec (a harness, a plan) as JSON values, equal for equal content."""
    return {key: _json_value(value) for key, value in _fields(part).items()}


def _said(line: dict[str, Any]) -> dict[str, Any]:
    """Return a criterion without what it leaves open, as it was before that could be said."""
    return {key: value for key, value in line.items() if value is not None}


def _priced(price: dict[str, Any]) -> dict[str, Any]:
    """Return a price without what it leaves open, as prices were before that could be said."""
    return {key: value for key, value in price.items() if key in _ALWAYS or value not in (None, [])}


def _model_file(candidate: CandidateSpec) -> str | None:
    is_file = names_local_model(candidate) and is_gguf(candidate.model.id)
    return candidate.model.id if is_file else None


def _put_hash(
    written: dict[str, Any], key: str, path: str | None, hashes: Mapping[str, str]
) -> None:
    if path is not None and path in hashes:
        written[key] = {"sha256": hashes[path]}


def _fields(part: Any) -> dict[str, Any]:
    return {field.name: getattr(part, field.name) for field in dataclasses.fields(part)}


def _json_value(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        value = _fields(value)
    if isinstance(value, Mapping):
        return {key: _json_value(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_json_value(inner) for inner in value]
    if isinstance(value, date):
        return value.isoformat()
    return _amount(value) if isinstance(value, Decimal) else value


def _amount(amount: Decimal) -> str:
    """Return 0.4 for 0.4, 0.40 and 4E-1: one text for one amount."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
