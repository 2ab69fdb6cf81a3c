"""What a cascade is replayed on: the samples that all its runs were scored on."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from evals.domain.cascades import Dollars, PairedItems
from evals.domain.cascadesignals import Signal, SignalKind
from evals.domain.sequential import Floats
from evals.domain.specs import CandidateSpec, Spec
from evals.domain.trialtables import Flags, Layout
from evals.models import CascadeReplay
from evals.queries.cascadetrials import Reading, RunColumns, run_columns
from evals.queries.orders import layout_of
from evals.queries.specs import frozen_spec

FEWEST = 2  # one to choose by, one to report on


class UnpairedError(ValueError):
    """Runs that have no samples in common; the message says what each has."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReplayGrounds:
    """The paired items and how they came about.

    `candidates` are those that take part: first, second and, for some signals, third.
    `places` are their places in the order of asking, `trials` counts the rows that were read,
    `unit` is what lengths are in,
    `sha256` is the hash of all that the result rests on.
    """

    spec: Spec
    candidates: Mapping[str, CandidateSpec]
    layout: Layout
    metric: str
    items: PairedItems
    places: Flags
    trials: int
    unit: str
    sha256: str


def replay_grounds(replay: CascadeReplay, *, metric: str) -> ReplayGrounds:
    """Return what the replay rests on, in one streamed query per run and one for the samples.

    Raises:
        UnpairedError: If fewer than two samples were scored for all of its runs.
    """
    evaluation, signal = replay.evaluation, Signal.of(replay.signal)
    spec = frozen_spec(evaluation)
    runs = {run.pk: run for run in evaluation.runs.all()}
    candidates = {
        role: spec.candidates[runs[pk].position] for role, pk in _asked(replay, signal).items()
    }

    def columns(role: str, pk: int) -> RunColumns:
        return run_columns(
            Reading(
                run=runs[pk],
                candidate=candidates[role],
                metric=metric,
                size=evaluation.sample_count,
                signal=signal if role == "first" else None,
                epochs=evaluation.epochs,
            )
        )

    found = {role: columns(role, pk) for role, pk in _asked(replay, signal).items()}
    layout = layout_of(evaluation, spec)
    where = _paired(found)
    if where.sum() < FEWEST:
        raise UnpairedError(_unpaired(candidates, found, shared=int(where.sum())))
    items = _items(found, where, layout)
    return ReplayGrounds(
        spec=spec,
        candidates=candidates,
        layout=layout,
        metric=metric,
        items=items,
        places=where,
        trials=sum(each.trials for each in found.values()),
        unit=found["first"].unit,
        sha256=_hash(evaluation.spec, replay.signal, where, items),
    )


def _asked(replay: CascadeReplay, signal: Signal) -> dict[str, int]:
    """Return the run of each role, the third only where there is one."""
    asked = {"first": replay.first_id, "second": replay.second_id}
    if signal.kind is SignalKind.DISAGREEMENT and signal.third is not None:
        asked["third"] = signal.third
    return asked


def _paired(found: Mapping[str, RunColumns]) -> Flags:
    scored = [~np.isnan(columns.scores) for columns in found.values()]
    return np.asarray(np.logical_and.reduce(scored), dtype=np.bool_)


def _items(found: Mapping[str, RunColumns], where: Flags, layout: Layout) -> PairedItems:
    first, second, third = found["first"], found["second"], found.get("third")
    dollars, seconds, confidence = _chosen(first, where), first.seconds, first.confidence
    if third is not None:
        # It is asked together with the first one, and about everything.
        dollars = _added(dollars, _chosen(third, where))
        seconds = np.maximum(seconds, third.seconds)
        confidence = _agreeing(first, third)
    return PairedItems(
        first=first.scores[where],
        second=second.scores[where],
        confidence=confidence[where],
        first_seconds=seconds[where],
        second_seconds=second.seconds[where],
        first_usd=dollars,
        second_usd=_chosen(second, where),
        clusters=None if layout.clusters is None else layout.clusters[where],
    )


def _agreeing(first: RunColumns, third: RunColumns) -> Floats:
    pairs = zip(first.keys, third.keys, strict=True)
    return np.array([float(one is not None and one == other) for one, other in pairs])


def _chosen(columns: RunColumns, where: Flags) -> Dollars | None:
    """Return what the chosen answers cost, None where one of them is unknown."""
    known: list[Decimal] = []
    for usd, is_chosen in zip(columns.usd, where, strict=True):
        if is_chosen and usd is None:
            return None
        if is_chosen and usd is not None:
            known.append(usd)
    return tuple(known)


def _added(one: Dollars | None, other: Dollars | None) -> Dollars | None:
    if one is None or other is None:
        return None
    return tuple(a + b for a, b in zip(one, other, strict=True))


def _unpaired(
    candidates: Mapping[str, CandidateSpec], found: Mapping[str, RunColumns], *, shared: int
) -> str:
    said = " and ".join(
        f"{candidates[role].name} has {int((~np.isnan(columns.scores)).sum()):,} scored"
        for role, columns in found.items()
    )
    return (
        f"A cascade is replayed on samples that were scored for every candidate in it: {said},"
        f" and {shared:,} of them {'is' if shared == 1 else 'are'} the same sample. At least"
        f" {FEWEST} are needed, one to choose the threshold and one to report on."
    )


def _hash(spec: str, signal: Mapping[str, Any], where: Flags, items: PairedItems) -> str:
    found = hashlib.sha256(spec.encode())
    found.update(json.dumps(signal, sort_keys=True).encode())
    for column in (where, items.first, items.second, items.confidence):
        found.update(np.ascontiguousarray(column).tobytes())
    for seconds in (items.first_seconds, items.second_seconds):
        found.update(np.nan_to_num(seconds, nan=-1.0).tobytes())
    for dollars in (items.first_usd, items.second_usd):
        found.update(repr(None if dollars is None else [str(usd) for usd in dollars]).encode())
    return found.hexdigest()
