"""Runs as arrays, trial by trial: what criteria are judged on."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from django.db import connection

from evals.domain.accepting import acceptance_of
from evals.domain.attempts import AttemptMetric
from evals.domain.costs import SECONDS_PER_HOUR, trial_cost
from evals.domain.measured import ERROR_RATE
from evals.domain.sequential import Floats
from evals.domain.specs import CandidateSpec, EndpointKind, PriceSpec, Spec
from evals.domain.subjects import RunGrounds
from evals.domain.tokenrates import TOKENS_PER_PRICE, rate_bands, worst_price
from evals.domain.trials import TrialState, Usage
from evals.domain.trialtables import Flags, TrialTable, attempt_scores, error_scores
from evals.models import Evaluation, Run
from evals.queries.bandedcosts import REQUESTS
from evals.queries.orders import layout_of
from evals.queries.states import JUDGED_STATES

Columns = Mapping[str, Any]


def grounds_of(evaluation: Evaluation, spec: Spec, runs: Sequence[Run]) -> dict[int, RunGrounds]:
    """Return the grounds of each run by its id: one query for all trials, one for the samples."""
    layout, shape = layout_of(evaluation, spec), (evaluation.sample_count, evaluation.epochs)
    found = _columns([run.pk for run in runs], spec)
    tables = {
        run.pk: _table(spec, spec.candidates[run.position], found.get(run.pk), shape)
        for run in runs
    }
    incumbent = next((tables[run.pk] for run in runs if run.is_incumbent), None)
    return {
        run.pk: RunGrounds(
            table=tables[run.pk],
            layout=layout,
            incumbent=None if run.is_incumbent else incumbent,
            acceptance=acceptance_of(spec),
        )
        for run in runs
    }


def _columns(run_ids: Sequence[int], spec: Spec) -> dict[int, Columns]:
    """Return each run's trials as columns."""
    names = [scorer.name for scorer in spec.scorers]
    arrays = {
        "place": "place",
        "epoch": "epoch",
        "state": "state",
        "seconds": "latency_seconds",
        "input": "input_tokens",
        "output": "output_tokens",
        "attempts": REQUESTS,
        **({"cached": "cached_tokens", "written": "cache_write_tokens"} if _caches(spec) else {}),
        "first": "ttft_seconds",
    } | {f"score_{i}": "(scores ->> %s)::float8" for i in range(len(names))}
    selected = ", ".join(f"array_agg({column})" for column in arrays.values())
    statement = (
        f"SELECT run_id, {selected} FROM evals_trial t "  # noqa: S608 - names of our own
        "WHERE run_id = ANY(%s) GROUP BY run_id"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*names, list(run_ids)])
        return {row[0]: dict(zip(arrays, row[1:], strict=True)) for row in cursor.fetchall()}


def _table(
    spec: Spec, candidate: CandidateSpec, columns: Columns | None, shape: tuple[int, int]
) -> TrialTable:
    spread = _Spread(columns or {}, shape)
    states = np.array(spread.columns.get("state", ()), dtype=object)
    judged = spread.flags(np.isin(states, JUDGED_STATES))
    refused = spread.flags(states == TrialState.MODEL_ERROR.value)
    stored = spread.flags(np.ones(len(states), dtype=np.bool_))
    return TrialTable(
        stored=stored,
        judged=judged,
        refused=refused,
        scores=_scores(spec, spread, judged) | _errors(spec, stored, judged, refused),
        first_token=spread.floats("first"),
        seconds=spread.floats("seconds"),
        usd=_usd(candidate, spread, refused=refused),
        is_estimated=candidate.price is not None and candidate.price.usd_per_hour is not None,
        most_usd=_most_usd(candidate, spread.floats("input")),
    )


def _scores(spec: Spec, spread: "_Spread", judged: Flags) -> dict[str, Floats]:
    """Return every score, and what the bar asks about several attempts, by the first scorer."""
    scores = {
        scorer.name: _fair(spread.floats(f"score_{i}"), judged)
        for i, scorer in enumerate(spec.scorers)
    }
    first = scores[spec.scorers[0].name]
    attempts = {line.metric: AttemptMetric.of(line.metric) for line in spec.bar}
    return scores | {
        name: attempt_scores(first, metric) for name, metric in attempts.items() if metric
    }


def _errors(spec: Spec, stored: Flags, judged: Flags, refused: Flags) -> dict[str, Floats]:
    """Return which trials ended in an error, where the bar asks for it."""
    if not any(line.metric == ERROR_RATE for line in spec.bar):
        return {}
    return {ERROR_RATE: error_scores(stored, judged, refused)}


def _fair(scores: Floats, judged: Flags) -> Floats:
    """Return the scores of judged trials, nan where one is none: others have no bounds.

    Where one of several scorers failed the trial is unscored for all of them, as it is counted.
    """
    return np.where(judged & (scores >= 0) & (scores <= 1), scores, np.nan)


class _Spread:
    """Puts columns of trials into arrays of (places, epochs)."""

    def __init__(self, columns: Columns, shape: tuple[int, int]) -> None:
        self.columns = columns
        self._shape = shape
        self._at = (
            np.array(columns.get("place", ()), dtype=np.int64),
            np.array(columns.get("epoch", ()), dtype=np.int64),
        )

    def flags(self, values: "np.ndarray[Any, np.dtype[np.bool_]]") -> Any:
        spread = np.zeros(self._shape, dtype=np.bool_)
        spread[self._at] = values
        return spread

    def floats(self, name: str) -> Floats:
        spread = np.full(self._shape, np.nan)
        spread[self._at] = np.array(self.columns.get(name, ()), dtype=np.float64)
        return spread


def _usd(candidate: CandidateSpec, spread: _Spread, *, refused: Any) -> Floats:
    """Return what each trial costs, nan where the price or the usage is unknown."""
    price = candidate.price
    seconds, attempts = spread.floats("seconds"), spread.floats("attempts")
    if price is None:
        return np.full_like(seconds, np.nan)
    if price.usd_per_hour is not None:
        at_once = candidate.endpoint.concurrency * candidate.endpoint.batch_size
        return seconds * float(price.usd_per_hour) / SECONDS_PER_HOUR / at_once
    requests = attempts * float(price.usd_per_request or 0)
    if not price.charges_tokens:
        return requests
    tokens = _tokens(price, spread)
    # A request that was refused for good is not billed and reports no tokens.
    return np.where(refused & np.isnan(tokens), 0.0, tokens) + requests


def _most_usd(candidate: CandidateSpec, read: Floats) -> float | None:
    """Return what the longest answer to twice the longest prompt costs, None where nothing says so.

    Recorded answers had other limits than the harness that is written beside them.
    """
    price, known = candidate.price, read[~np.isnan(read)]
    if price is None or price.usd_per_request is not None or not len(known):
        return None
    if candidate.endpoint.kind is EndpointKind.RECORDED:
        return None
    longest = 2 * int(known.max())
    usage = Usage(input_tokens=longest, output_tokens=candidate.harness.max_tokens)
    most = trial_cost(usage, worst_price(price, longest))
    return float(most) if most else None


def _caches(spec: Spec) -> bool:
    """Return whether any price says something of what a cache gives or takes up."""
    prices = [candidate.price for candidate in spec.candidates if candidate.price]
    cache = [(p.cached_input_usd_per_mtok, p.cache_write_usd_per_mtok, *p.tiers) for p in prices]
    return any(figure is not None for figures in cache for figure in figures)


def _tokens(price: PriceSpec, spread: _Spread) -> Floats:
    """Return what each trial's tokens cost, nan where a price or the usage is unknown."""
    read, output = spread.floats("input"), spread.floats("output")
    nothing = np.zeros_like(read)
    has_cache = "cached" in spread.columns
    cached = np.nan_to_num(spread.floats("cached")) if has_cache else nothing
    written = np.nan_to_num(spread.floats("written")) if has_cache else nothing
    fresh, dollars = np.maximum(read - cached - written, 0), np.full_like(read, np.nan)
    for band in rate_bands(price):
        own = fresh * float(band.fresh) + output * float(band.output)
        of_cache = cached * float(band.cached) + written * float(band.written)
        dollars = np.where(read > band.above, own + of_cache, dollars)
    return dollars / TOKENS_PER_PRICE
