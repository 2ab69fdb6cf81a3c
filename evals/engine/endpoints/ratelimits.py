"""What vendors' headers say about the rate limits: how much is left, and until when."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from evals.engine.endpoints.retries import http_date
from evals.engine.limits import RateHint

# The first name that is there counts. Anthropic has a second pair for the tokens that it reads.
_REQUESTS_LEFT = (
    "x-ratelimit-remaining-requests",
    "anthropic-ratelimit-requests-remaining",
    "x-ratelimit-remaining",
    "ratelimit-remaining",
)
_REQUESTS_RESET = (
    "x-ratelimit-reset-requests",
    "anthropic-ratelimit-requests-reset",
    "x-ratelimit-reset",
    "ratelimit-reset",
)
_TOKENS_LEFT = (
    "x-ratelimit-remaining-tokens",
    "anthropic-ratelimit-tokens-remaining",
    "anthropic-ratelimit-input-tokens-remaining",
)
_TOKENS_RESET = (
    "x-ratelimit-reset-tokens",
    "anthropic-ratelimit-tokens-reset",
    "anthropic-ratelimit-input-tokens-reset",
)
_MARK = "ratelimit-"
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_EPOCH_SECONDS, _EPOCH_MILLISECONDS = 1e9, 1e12  # larger numbers are dates


def rate_hint(headers: Mapping[str, str]) -> RateHint | None:
    """Return what the headers of a response say is left, None where they say nothing.

    Args:
        headers: Looked up whatever the case of the names, as HTTP has it.
    """
    if not any(_MARK in name.lower() for name in headers):
        return None
    now = http_date(headers.get("Date")) or datetime.now(UTC)
    hint = RateHint(
        requests_left=_count(_first(headers, _REQUESTS_LEFT)),
        requests_reset_seconds=reset_seconds(_first(headers, _REQUESTS_RESET), now=now),
        tokens_left=_count(_first(headers, _TOKENS_LEFT)),
        tokens_reset_seconds=reset_seconds(_first(headers, _TOKENS_RESET), now=now),
    )
    return None if hint == RateHint() else hint


def reset_seconds(text: str | None, *, now: datetime) -> float | None:
    """Return for how long `text` puts the reset off; a moment that is past is 0.

    Vendors write `6m0.5s`, `120ms`, plain seconds, seconds or milliseconds since 1970, or an
    RFC 3339 time.
    """
    text = (text or "").strip()
    if _NUMBER.fullmatch(text):
        return _from_number(float(text), now=now)
    parts = _DURATION.findall(text)
    if parts and "".join(number + unit for number, unit in parts) == text:
        return sum(float(number) * _UNITS[unit] for number, unit in parts)
    try:
        until = datetime.fromisoformat(text)
    except ValueError:
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds())


def _from_number(number: float, *, now: datetime) -> float:
    if number < _EPOCH_SECONDS:
        return number
    epoch = number / 1000 if number >= _EPOCH_MILLISECONDS else number
    return max(0.0, epoch - now.timestamp())


def _first(headers: Mapping[str, str], names: Iterable[str]) -> str | None:
    return next((headers[name] for name in names if name in headers), None)


def _count(text: str | None) -> int | None:
    return int(float(text)) if text and _NUMBER.fullmatch(text.strip()) else None
