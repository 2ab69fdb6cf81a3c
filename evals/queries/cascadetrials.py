"""The stored trials of two runs in pairs, streamed: no more than one output is held at a time."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from django.db.models import CharField, F, Value
from django.db.models.functions import Length

from evals.domain.cascadesignals import (
    Seen,
    Signal,
    SignalKind,
    answer_words,
    brevity_confidence,
    most_common,
    validator_confidence,
)
from evals.domain.patterns import Pattern
from evals.domain.sequential import Floats
from evals.domain.specs import CandidateSpec
from evals.domain.trialcosts import answer_cost
from evals.domain.trials import TrialState, Usage
from evals.models import Run, Trial
from evals.queries.states import JUDGED_STATES

CHUNK = 2000
TOKENS, CHARACTERS = "tokens", "characters"


class Answer(NamedTuple):
    """One stored trial as a replay reads it; `output` only where a pattern is looked for."""

    place: int
    epoch: int
    state: str
    score: float | None
    seconds: float | None
    input_tokens: int | None
    output_tokens: int | None
    attempts: int
    is_reused: bool
    finish_reason: str | None
    answer: str | None
    characters: int | None
    output: str | None

    @property
    def is_missing(self) -> bool:
        """Whether nothing came that could be an answer."""
        return self.state != TrialState.OK

    @property
    def key(self) -> int | None:
        """A number that answers which say the same share; None where no answer was found."""
        if self.answer is None or self.is_missing:
            return None
        words = answer_words(self.answer).encode()
        return int.from_bytes(hashlib.blake2b(words, digest_size=8).digest(), "big")


@dataclass(slots=True, kw_only=True, eq=False)
class RunColumns:
    """One run by place: scores, seconds and confidence (nan unknown), dollars, answers' keys.

    Lengths are in tokens and in characters, None for a missing answer or an unknown number.
    """

    scores: Floats
    seconds: Floats
    confidence: Floats
    usd: list[Decimal | None]
    keys: list[int | None]
    lengths: dict[str, dict[int, int | None]]
    trials: int = 0
    judged: int = 0

    @classmethod
    def empty(cls, size: int) -> "RunColumns":
        """Return the columns of a run that was never asked."""
        return cls(
            scores=np.full(size, np.nan),
            seconds=np.full(size, np.nan),
            confidence=np.full(size, np.nan),
            usd=[None] * size,
            keys=[None] * size,
            lengths={TOKENS: {}, CHARACTERS: {}},
        )

    @property
    def unit(self) -> str:
        """What lengths are compared in: tokens, or characters where an answer's are unknown."""
        return CHARACTERS if None in self.lengths[TOKENS].values() else TOKENS


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How one run is read: its candidate, the metric, and what its confidence hangs on, if any."""

    run: Run
    candidate: CandidateSpec
    metric: str
    size: int
    signal: Signal | None = None
    epochs: int = 1

    @property
    def repeats(self) -> int:
        """How many answers to each sample are read: one, unless repeats are what is compared."""
        is_agreement = self.signal is not None and self.signal.kind is SignalKind.AGREEMENT
        return self.epochs if is_agreement else 1


def run_columns(reading: Reading) -> RunColumns:
    """Return a run's columns, read in one query that is streamed in the order of places."""
    columns = RunColumns.empty(reading.size)
    pattern = _pattern(reading.signal)
    for place, group in groupby(_answers(reading), key=attrgetter("place")):
        answers = list(group)
        columns.trials += len(answers)
        columns.judged += sum(answer.state in JUDGED_STATES for answer in answers)
        if place < reading.size and len(answers) == reading.repeats:
            _put(columns, reading, answers, pattern)
    for place, length in columns.lengths[columns.unit].items():
        columns.confidence[place] = brevity_confidence(length)
    return columns


def _put(
    columns: RunColumns, reading: Reading, answers: Sequence[Answer], pattern: Pattern | None
) -> None:
    place, first = answers[0].place, answers[0]
    columns.keys[place] = first.key
    columns.scores[place] = _score(first)
    columns.seconds[place] = _slowest(answers)
    columns.usd[place] = _paid(reading.candidate, answers)
    if reading.signal is None:
        return
    if reading.repeats > 1:
        _vote(columns, answers)
    elif reading.signal.kind is SignalKind.BREVITY:
        _measure(columns, first)
    elif reading.signal.kind is not SignalKind.DISAGREEMENT:
        columns.confidence[place] = _checked(reading.signal, first, pattern)


def _vote(columns: RunColumns, answers: Sequence[Answer]) -> None:
    """Let the most common answer stand for all repeats; an unscored one leaves the item out."""
    place, keys = answers[0].place, [answer.key for answer in answers]
    common, share = most_common(keys)
    scores = [_score(answer) for answer in answers]
    voters = [s for s, key in zip(scores, keys, strict=True) if key == common]
    is_whole = not any(np.isnan(score) for score in scores)
    columns.scores[place] = sum(voters) / len(voters) if is_whole else np.nan
    columns.confidence[place] = share


def _measure(columns: RunColumns, answer: Answer) -> None:
    if answer.is_missing:
        columns.confidence[answer.place] = brevity_confidence(None)
        return
    columns.lengths[TOKENS][answer.place] = answer.output_tokens
    columns.lengths[CHARACTERS][answer.place] = answer.characters


def _checked(signal: Signal, answer: Answer, pattern: Pattern | None) -> float:
    seen = Seen(
        has_answer=answer.answer is not None,
        is_missing=answer.is_missing,
        finish_reason=answer.finish_reason,
        output=answer.output,
    )
    return validator_confidence(signal, seen, pattern)


def _answers(reading: Reading) -> Iterator[Answer]:
    kind = None if reading.signal is None else reading.signal.kind
    trials = Trial.objects.filter(run=reading.run, epoch__lt=reading.repeats)
    nothing = Value(None, output_field=CharField())
    rows = trials.order_by("place", "epoch").values_list(
        "place",
        "epoch",
        "state",
        "scores",
        "latency_seconds",
        "input_tokens",
        "output_tokens",
        "attempts",
        "is_reused",
        "finish_reason",
        "answer",
        Length("output") if kind is SignalKind.BREVITY else nothing,
        F("output") if kind is SignalKind.PATTERN else nothing,
    )
    for place, epoch, state, scores, *others in rows.iterator(chunk_size=CHUNK):
        yield Answer(place, epoch, state, scores.get(reading.metric), *others)


def _score(answer: Answer) -> float:
    score = answer.score
    is_fair = answer.state in JUDGED_STATES and score is not None and 0 <= score <= 1
    return float(score) if is_fair and score is not None else float("nan")


def _slowest(answers: Sequence[Answer]) -> float:
    """Return the time until the last of several repeats that are asked at once, nan if unknown."""
    seconds = [answer.seconds for answer in answers]
    known = [each for each in seconds if each is not None]
    return max(known) if len(known) == len(seconds) else float("nan")


def _paid(candidate: CandidateSpec, answers: Sequence[Answer]) -> Decimal | None:
    costs = [_cost(candidate, answer) for answer in answers]
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal(0)) if len(known) == len(costs) else None


def _cost(candidate: CandidateSpec, answer: Answer) -> Decimal | None:
    return answer_cost(
        candidate,
        Usage(input_tokens=answer.input_tokens, output_tokens=answer.output_tokens),
        seconds=answer.seconds,
        requests=1 if answer.is_reused else answer.attempts,
        is_refused=answer.state == TrialState.MODEL_ERROR,
    )


def _pattern(signal: Signal | None) -> Pattern | None:
    return Pattern(signal.pattern) if signal is not None and signal.pattern else None
