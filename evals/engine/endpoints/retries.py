"""When to ask again, and how long to wait before."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from evals.domain.trials import Reply, TrialState
from evals.engine.endpoints.text import SHOWN, shortened

RETRYABLE = frozenset({408, 409, 429})  # and every 5xx

FIRST_SECONDS = 0.5  # the longest pause after a first attempt
_LONGEST_SECONDS = 30.0
_DOUBLINGS = 6  # 0.5 s doubled six times passes the longest wait


@dataclass(frozen=True, slots=True, kw_only=True)
class TryAgain:
    """An attempt that may go better later. `cause` says why in words fit for a log.

    `wait_seconds` is what the server asked for. After `most_attempts`, or at the trial's deadline,
    `error` becomes the reply; `is_fatal` says that the next question would fare no better,
    `is_unreached` that nothing ever came from there.
    """

    cause: str
    error: str
    wait_seconds: float | None = None
    most_attempts: int | None = None
    most_seconds: float = _LONGEST_SECONDS
    seconds: float | None = None
    is_fatal: bool = False
    is_unreached: bool = False

    def pause_seconds(self, attempt: int) -> float:
        """Return how long to wait after attempt number `attempt`, with full jitter."""
        ceiling = min(self.most_seconds, FIRST_SECONDS * 2 ** min(attempt - 1, _DOUBLINGS))
        jitter = random.uniform(0, ceiling)  # noqa: S311 - spreads retries, guards nothing
        if self.wait_seconds is None:
            return jitter
        return self.wait_seconds + min(jitter, FIRST_SECONDS)

    def is_last(self, attempt: int) -> bool:
        """Return whether no attempt follows number `attempt`."""
        return self.most_attempts is not None and attempt >= self.most_attempts

    def given_up(self, attempts: int) -> Reply:
        """Return the failure that this becomes once nothing is left to try."""
        tries = "" if attempts == 1 else f" ({attempts} attempts)"
        return Reply(
            state=TrialState.INFRA_ERROR,
            error=shortened(self.error, SHOWN - len(tries)) + tries,
            latency_seconds=self.seconds,
            attempts=attempts,
            is_fatal=self.is_fatal,
            is_unreached=self.is_unreached,
        )


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Return the wait that a server asks for in `Retry-After`, in seconds or as an HTTP date.

    A date is read against the server's own `Date`, so that a clock that is off does no harm.
    """
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    text = headers.get("Retry-After")
    if (seconds := _number(text)) is not None:
        return seconds
    if (until := http_date(text)) is None:
        return None
    now = http_date(headers.get("Date")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


def http_date(text: str | None) -> datetime | None:
    """Return a date as HTTP headers write it, None where there is none."""
    try:
        date = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
