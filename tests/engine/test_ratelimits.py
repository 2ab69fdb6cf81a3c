from datetime import UTC, datetime

import pytest

from evals.engine.endpoints.ratelimits import rate_hint, reset_seconds
from evals.engine.limits import RateHint

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
DATE = {"Date": "Thu, 01 Jan 2026 12:00:00 GMT"}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120ms", 0.12),
        ("6m0s", 360),
        ("2m59.5s", 179.5),
        ("1h2m3s", 3723),
        ("7.5", 7.5),
        ("0", 0),
        (str(int(NOW.timestamp()) + 30), 30),
        (str((int(NOW.timestamp()) + 30) * 1000), 30),
        ("2026-01-01T12:00:20Z", 20),
        ("2026-01-01T11:00:00Z", 0),
        ("2026-01-01T12:00:20", 20),
        ("soon", None),
        ("5 apples", None),
        ("-3", None),
        ("", None),
        (None, None),
    ],
)
def test_resets_are_read_as_vendors_write_them(text, seconds):
    assert reset_seconds(text, now=NOW) == seconds


@pytest.mark.parametrize(
    ("headers", "hint"),
    [
        (
            {
                "x-ratelimit-limit-requests": "500",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-requests": "120ms",
                "x-ratelimit-remaining-tokens": "149984",
                "x-ratelimit-reset-tokens": "6ms",
            },
            RateHint(
                requests_left=0,
                requests_reset_seconds=0.12,
                tokens_left=149984,
                tokens_reset_seconds=0.006,
            ),
        ),
        (
            {
                **DATE,
                "anthropic-ratelimit-requests-remaining": "3",
                "anthropic-ratelimit-requests-reset": "2026-01-01T12:00:30Z",
                "anthropic-ratelimit-tokens-remaining": "0",
                "anthropic-ratelimit-tokens-reset": "2026-01-01T12:01:00Z",
            },
            RateHint(
                requests_left=3,
                requests_reset_seconds=30,
                tokens_left=0,
                tokens_reset_seconds=60,
            ),
        ),
        (
            {"ratelimit-remaining": "2", "ratelimit-reset": "9"},
            RateHint(requests_left=2, requests_reset_seconds=9),
        ),
        ({"x-ratelimit-remaining-requests": "many"}, None),
        ({"Content-Type": "application/json"}, None),
    ],
)
def test_every_vendors_headers_say_the_same_thing(headers, hint):
    assert rate_hint(headers) == hint
