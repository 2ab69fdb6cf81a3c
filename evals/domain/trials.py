"""One attempt at one sample: what is asked, what comes back, and how it is counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class TrialState(StrEnum):
    """How one attempt ended. The five failures are different things and are counted apart."""

    OK = "ok"
    NO_ANSWER = "no_answer"  # the model answered with nothing, or refused
    MODEL_ERROR = "model_error"  # the endpoint refused this very request for good
    INFRA_ERROR = "infra_error"  # no reply could be had: network, time-out, 5xx to the end
    SCORER_ERROR = "scorer_error"  # an output that no scorer could score
    SKIPPED = "skipped"  # never asked; has no row


JUDGED = frozenset({TrialState.OK, TrialState.NO_ANSWER, TrialState.MODEL_ERROR})
TRUNCATED = ("length", "max_tokens")  # finish reasons of an answer that was cut at max_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What one candidate is asked about one sample.

    `sample` and `epoch` come back untouched with the trial. `key` is what a recorded endpoint
    looks up; `target` is there for a stand-in alone, which simulates how often it is met.
    """

    sample: int
    epoch: int
    prompt: str
    system: str | None = None
    key: str | None = None
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one trial; None is unknown.

    Input includes those that a cache gave or took up, output includes reasoning.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What an endpoint gave for one question: an output, or a failure as a value.

    `is_fatal` says that every further request would fail alike (a wrong key, an unknown model,
    nobody listening), so the run should pause with `error` shown; `is_unreached` that this is
    because nothing ever came from there, so that whoever knows better may think of an outage.
    Seconds are wall time; `latency_seconds` is that of the last attempt alone, without waiting
    between attempts.
    """

    state: TrialState
    output: str | None = None
    error: str = ""
    finish_reason: str | None = None
    usage: Usage = Usage()
    latency_seconds: float | None = None
    ttft_seconds: float | None = None
    attempts: int = 1
    is_fatal: bool = False
    is_unreached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What a scorer made of one output; `value` is None where it failed, with the reason."""

    value: float | None
    answer: str | None = None
    explanation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedAnswer:
    """One answer that already exists, as read from a recorded file."""

    output: str
    usage: Usage = Usage()
    latency_seconds: float | None = None


Scores = Mapping[str, Score]
