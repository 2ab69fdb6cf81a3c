"""Scoring replies and storing trials, each shard closed with the last of its own."""

import gc
import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from evals.domain.trials import Reply, Score, TrialState
from evals.engine.endpoints.text import storable
from evals.models import Shard, Trial
from evals.models.evaluations import ShardState
from evals.queries.work import AskedSample, RunWork
from evals.services.copying import copy_new_rows
from evals.services.shards import finish_shards, held_shards, renew_leases

if TYPE_CHECKING:
    from evals.engine.harness import SampleScorer

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
    "cache_write_tokens",
    "reasoning_tokens",
    "latency_seconds",
    "ttft_seconds",
    "attempts",
    "finish_reason",
    "error",
    "prompt_hash",
    "is_reused",
    "created_at",
)
LONGEST_FINISH_REASON = 60
MOST_TOKENS = 2**31 - 1  # a larger count is nonsense, so unknown
WRONG = frozenset({TrialState.NO_ANSWER, TrialState.MODEL_ERROR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """One trial that is to be made: which shard it belongs to, and about which sample.

    `prompt_hash` None: there is no prompt. `is_reused`: its reply is an earlier evaluation's.
    """

    shard_id: int
    place: int
    epoch: int
    sample: AskedSample
    prompt_hash: UUID | None = None
    is_reused: bool = False


@cache
def load_scoring() -> "type[SampleScorer]":
    """Return what scores, lm-eval loaded; that takes seconds the first time in a process.

    What is there by then stays there, so collecting garbage need not look through it again.
    """
    from evals.engine.harness import SampleScorer  # noqa: PLC0415 - asking can begin before

    gc.freeze()
    return SampleScorer


class TrialWriter:
    """Stores the trials of one run for one holder; what it no longer holds it drops."""

    def __init__(self, work: RunWork, holder: str) -> None:
        self.stored = 0
        self.has_lost_shards = False
        self._run_id = work.run.pk
        self._scorers = [scorer.name for scorer in work.spec.scorers]
        self._specs = work.spec.scorers
        self._holder = holder
        self._open: Counter[int] = Counter()
        self._finishing: set[int] = set()
        self._keeping = Lock()  # the leases are renewed in another thread than trials are stored

    @cached_property
    def scorer(self) -> "SampleScorer":
        """What scores this run's replies; made when it is first wanted."""
        return load_scoring()(self._specs)

    def expect(self, lacking: Mapping[int, int]) -> None:
        """Note how many trials each of these shards lacks; one that lacks none is done."""
        if whole := [shard_id for shard_id, trials in lacking.items() if not trials]:
            finish_shards(shard_ids=whole, holder=self._holder)
        for shard_id, trials in lacking.items():
            self._open[shard_id] = trials

    def open_shards(self) -> list[int]:
        """Return the shards that are known to be this holder's and lack something."""
        return [shard_id for shard_id, left in list(self._open.items()) if left > 0]

    def hold_on(self) -> None:
        """Renew the leases, and note where one is gone: somebody else may be asking by now."""
        with self._keeping:
            renewed = renew_leases(run_id=self._run_id, holder=self._holder, now=timezone.now())
            unfinished = self.open_shards()
            self._note_loss(unfinished, held=renewed)

    def store(self, pairs: Sequence[tuple[Pending, Reply]]) -> int:
        """Score the replies and store them in one transaction, shards that they complete too.

        Returns:
            How many were kept: what belongs to shards that are somebody else's by now is dropped.
        """
        scored = [(pending.shard_id, self._row(pending, reply)) for pending, reply in pairs]
        with self._keeping:
            return self._keep(scored)

    def _keep(self, scored: Sequence[tuple[int, tuple[Any, ...]]]) -> int:
        counts = Counter(shard_id for shard_id, _ in scored)
        with transaction.atomic():
            held = held_shards(shard_ids=counts, holder=self._holder)
            rows = [row for shard_id, row in scored if shard_id in held]
            copy_new_rows(Trial, COLUMNS, rows)
            if done := [shard for shard in held if self._open[shard] == counts[shard]]:
                finish_shards(shard_ids=done, holder=self._holder)
                self._finishing.update(done)
        self._note_loss(counts, held=len(held))
        # Only now, since whoever calls again after a break may not count twice.
        self._finishing.clear()
        self._open.subtract(counts)
        self.stored += len(rows)
        return len(rows)

    def _note_loss(self, shard_ids: Collection[int], *, held: int) -> None:
        """Note where fewer of the shards are held than there are."""
        if held < len(shard_ids):
            mine = Q(state=ShardState.LEASED, holder=self._holder)
            # Where the connection broke as it committed, it was this very writer that finished.
            mine |= Q(state=ShardState.DONE, pk__in=self._finishing)
            self.has_lost_shards |= Shard.objects.filter(pk__in=shard_ids).exclude(mine).exists()

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
            pending.prompt_hash,
            pending.is_reused,
            timezone.now(),
        )

    def _scores(self, sample: AskedSample, reply: Reply) -> Mapping[str, Score]:
        if reply.state is TrialState.OK:
            scores = self.scorer.score(
                reply.output or "", columns=sample.input, target=sample.target
            )
            return {name: _fair(score) for name, score in scores.items()}
        value = 0.0 if reply.state in WRONG else None
        return {name: Score(value=value) for name in self._scorers}


def _fair(score: Score) -> Score:
    """Return the score, unscored where it is none: every rule of a bar rests on 0 to 1."""
    if score.value is None or 0 <= score.value <= 1:
        return score
    return replace(score, value=None, explanation=f"the scorer gave {score.value}, not 0 to 1")


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
            usage.cache_write_tokens,
            usage.reasoning_tokens,
        )
    )
