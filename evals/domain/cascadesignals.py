"""What is known of an answer before a second one is asked for, as a confidence.

Only what production would have too: the answer, its length, its repeats, a check, another model.
Never the target.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from evals.domain.patterns import Pattern, PatternError, PatternTimeoutError
from evals.domain.trials import TRUNCATED

MOST_DIGITS = 25  # of a number that is compared as one


class SignalKind(StrEnum):
    """What the escalation hangs on."""

    AGREEMENT = "agreement"
    ANSWERED = "answered"
    COMPLETE = "complete"
    PATTERN = "pattern"
    BREVITY = "brevity"
    DISAGREEMENT = "disagreement"


LABELS: Mapping[SignalKind, str] = {
    SignalKind.AGREEMENT: "Agreement of repeats",
    SignalKind.ANSWERED: "Validator: an answer was found",
    SignalKind.COMPLETE: "Validator: the answer was not cut",
    SignalKind.PATTERN: "Validator: the output matches a pattern",
    SignalKind.BREVITY: "Brevity",
    SignalKind.DISAGREEMENT: "Disagreement with a third candidate",
}
MEANINGS: Mapping[SignalKind, str] = {
    SignalKind.AGREEMENT: (
        "The first model is asked several times and its most common answer counts; the share of"
        " repeats that give it is the confidence. Needs an evaluation with several epochs, and"
        " every repeat is paid for."
    ),
    SignalKind.ANSWERED: (
        "Escalates where the first scorer found no answer in the output. Needs nothing more."
    ),
    SignalKind.COMPLETE: (
        "Escalates where the output was cut at max_tokens, or is missing. Needs a finish reason."
    ),
    SignalKind.PATTERN: (
        "Escalates where the regular expression is not found in the first model's output."
    ),
    SignalKind.BREVITY: (
        "The shorter the output the surer it counts, in tokens where they are known, else in"
        " characters. Needs nothing more."
    ),
    SignalKind.DISAGREEMENT: (
        "Escalates where a third candidate of the evaluation gives another answer. The third is"
        " asked about everything, and paid for everything."
    ),
}


class SignalError(ValueError):
    """A signal that these runs cannot give; the message says what it needs. `field` names where."""

    def __init__(self, message: str, *, field: str = "signal") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A signal by its kind; `pattern` for a pattern, `third` the run that it compares with."""

    kind: SignalKind
    pattern: str | None = None
    third: int | None = None

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Signal":
        """Return the signal that `document` describes."""
        return cls(
            kind=SignalKind(document["kind"]),
            pattern=document.get("pattern"),
            third=document.get("third"),
        )

    def document(self) -> dict[str, Any]:
        """Return the signal as JSON; what it does not use is left out."""
        optional = {"pattern": self.pattern, "third": self.third}
        known = {name: value for name, value in optional.items() if value is not None}
        return {"kind": self.kind.value, **known}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a validator may read of one answer; None is unknown or missing."""

    has_answer: bool
    is_missing: bool
    finish_reason: str | None = None
    output: str | None = None


def check_signal(signal: Signal, *, epochs: int) -> None:
    """Refuse a signal that an evaluation with so many epochs cannot give.

    Raises:
        SignalError: With what it needs and what was found.
    """
    if signal.kind is SignalKind.AGREEMENT and epochs < 2:  # noqa: PLR2004 - one cannot disagree
        raise SignalError(
            "Agreement needs several answers to each sample, and this evaluation asked each sample"
            " once. Start one with 3 or more epochs, or choose another signal."
        )
    if signal.kind is SignalKind.PATTERN:
        _check_pattern(signal.pattern)
    if signal.kind is SignalKind.DISAGREEMENT and signal.third is None:
        raise SignalError("Disagreement needs a third candidate to compare with.", field="third")


def validator_confidence(signal: Signal, seen: Seen, pattern: Pattern | None) -> float:
    """Return 1 where the answer passes the signal's check, 0 where it does not or is missing.

    A pattern that takes too long on one output did not find it.
    """
    if seen.is_missing:
        return 0.0
    if signal.kind is SignalKind.COMPLETE:
        return float(seen.finish_reason not in TRUNCATED)
    if signal.kind is SignalKind.PATTERN and pattern is not None:
        return float(_is_found(pattern, seen.output or ""))
    return float(seen.has_answer)


def brevity_confidence(length: int | None) -> float:
    """Return 1 / (1 + length): from 1 for nothing at all down to 0; a missing answer has 0."""
    return 0.0 if length is None else 1 / (1 + length)


def longest_kept(threshold: float) -> int | None:
    """Return the length up to which a threshold of `brevity_confidence` keeps an answer."""
    return round(1 / threshold - 1) if threshold > 0 else None


def most_common(keys: Sequence[int | None]) -> tuple[int | None, float]:
    """Return the most common answer and the share of all repeats that give it.

    A missing answer agrees with nothing; of equally common ones the earliest counts.
    """
    known = [key for key in keys if key is not None]
    if not known:
        return None, 0.0
    (key, count), *_ = Counter(known).most_common(1)
    return key, count / len(keys)


def answer_words(answer: str) -> str:
    """Return an answer as it is compared: case and space do not count, nor how a number is written.

    So "1,200.0" and "1200" agree.
    """
    words = " ".join(answer.split()).casefold()
    try:
        number = Decimal(words.replace(",", ""))
    except InvalidOperation:
        return words
    is_plain = number.is_finite() and abs(number.adjusted()) < MOST_DIGITS
    return f"{number.normalize():f}" if is_plain else words


def _check_pattern(source: str | None) -> None:
    if not source:
        raise SignalError("A pattern is needed, for example: #### -?\\d+", field="pattern")
    try:
        Pattern(source)
    except PatternError as error:
        raise SignalError(str(error), field="pattern") from error


def _is_found(pattern: Pattern, output: str) -> bool:
    try:
        return pattern.search(output) is not None
    except PatternTimeoutError:
        return False
