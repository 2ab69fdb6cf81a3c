"""Scoring replies and storing trials, each shard closed with the last of its own."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from django.db import transaction
from django.utils import timezone

from evals.domain.trials import Reply, Score, TrialState
from evals.engine.endpoints.text import storable
from evals.engine.harness import SampleScorer
from evals.models import Sample, Trial
from evals.queries.work import RunWork
from evals.services.copying import copy_new_rows
from evals.services.shards import finish_shard, held_shards

COLUMNS = (
    "run_id",
    "sample_id",
    "place",
    "epoch",
    "state",
    "output",
    "answer",
    "scores",
    "details",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "latency_seconds",
    "ttft_seconds",
    "attempts",
    "finish_reason",
    "error",
    "created_at",
)
LONGEST_FINISH_REASON = 60
MOST_TOKENS = 2**31 - 1  # a larger count is nonsense, so unknown
WRONG = frozenset({TrialState.NO_ANSWER, TrialState.MODEL_ERROR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """One trial that is to be made: which shard it belongs to, and about which sample."""

    shard_id: int
    place: int
    epoch: int
    sample: Sample


class TrialWriter:
    """Stores the trials of one run for one holder; what it no longer holds it drops."""

    def __init__(self, work: RunWork, holder: str) -> None:
        self.stored = 0
        self.has_lost_shards = False
        self._run_id = work.run.pk
        self._scorers = [scorer.name for scorer in work.spec.scorers]
        self._score = SampleScorer(work.spec.scorers).score
        self._holder = holder
        self._open: Counter[int] = Counter()

    def expect(self, shard_id: int, trials: int) -> None:
        """Note that a shard lacks so many trials; one that lacks none is done."""
        self._open[shard_id] = trials
        if not trials:
            finish_shard(shard_id=shard_id, holder=self._holder)

    def store(self, pairs: Sequence[tuple[Pending, Reply]]) -> None:
        """Score the replies and store them in one transaction, shards that they complete too."""
        scored = [(pending.shard_id, self._row(pending, reply)) for pending, reply in pairs]
        counts = Counter(shard_id for shard_id, _ in scored)
        with transaction.atomic():
            held = held_shards(shard_ids=counts, holder=self._holder)
            rows = [row for shard_id, row in scored if shard_id in held]
            copy_new_rows(Trial, COLUMNS, rows)
            for shard_id in held:
                if self._open[shard_id] == counts[shard_id]:
                    finish_shard(shard_id=shard_id, holder=self._holder)
        self._open.subtract(counts)
        self.stored += len(rows)
        self.has_lost_shards |= len(held) < len(counts)

    def _row(self, pending: Pending, reply: Reply) -> tuple[Any, ...]:
        scores = self._scores(pending.sample, reply)
        state = reply.state
        if state is TrialState.OK and any(score.value is None for score in scores.values()):
            state = TrialState.SCORER_ERROR
        first = scores[self._scorers[0]]
        return (
            self._run_id,
            pending.sample.pk,
            pending.place,
            pending.epoch,
            state.value,
            reply.output,
            first.answer,
            json.dumps({name: score.value for name, score in scores.items()}),
            json.dumps(_details(scores), ensure_ascii=False),
            *_usage(reply),
            reply.latency_seconds,
            reply.ttft_seconds,
            reply.attempts,
            reply.finish_reason and storable(reply.finish_reason)[:LONGEST_FINISH_REASON],
            reply.error,
            timezone.now(),
        )

    def _scores(self, sample: Sample, reply: Reply) -> Mapping[str, Score]:
        if reply.state is TrialState.OK:
            scores = self._score(reply.output or "", columns=sample.input, target=sample.target)
            return {name: _finite(score) for name, score in scores.items()}
        value = 0.0 if reply.state in WRONG else None
        return {name: Score(value=value) for name in self._scorers}


def _finite(score: Score) -> Score:
    """Return the score, unscored where it is no number: JSON has no NaN, nor does a mean."""
    if score.value is None or isfinite(score.value):
        return score
    return replace(score, value=None, explanation=f"the scorer gave {score.value}")


def _details(scores: Mapping[str, Score]) -> dict[str, Any]:
    """Return what the scorers say beyond a value and the first one's answer."""
    first = next(iter(scores))
    details = {}
    for name, score in scores.items():
        said = {"answer": score.answer} if name != first and score.answer is not None else {}
        if score.explanation:
            said["explanation"] = score.explanation
        if said:
            details[name] = said
    return details


def _usage(reply: Reply) -> tuple[int | None, ...]:
    usage = reply.usage
    return tuple(
        count if count is not None and count <= MOST_TOKENS else None
        for count in (
            usage.input_tokens,
            usage.output_tokens,
            usage.cached_tokens,
            usage.reasoning_tokens,
        )
    )
