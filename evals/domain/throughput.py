"""A sweep over concurrency: how much an endpoint does at each level, and the most within a bar.

Each level keeps so many questions under way at once and measures what comes back after a warm-up
of as many answers. An answer is `ok` or `no_answer`: the endpoint did its work, whatever the
answer is worth; everything else failed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from evals.domain.intervals import quantile_interval
from evals.domain.trials import Reply, TrialState

WITHIN = 0.95  # of the requests have to be answered within the latency bar
MOST_LEVEL = 1024
MOST_LEVELS = 16
HOUR = 3600
FALLEN = 0.9  # of the best throughput so far: less is a fall
GAIN = 1.05  # times the best so far: less is no gain
MOST_FAILED = 0.5
MOST_REFUSED = 0.1  # refusals (HTTP 429) for each request
_ANSWERED = (TrialState.OK, TrialState.NO_ANSWER)


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPlan:
    """What is asked for: `levels` rise, each measures `samples` requests or for `seconds`.

    A level measures at least as many requests as it has under way. `latency_bar_seconds` None is
    no bar.
    """

    levels: tuple[int, ...] = (1, 2, 4, 8, 16, 32)
    samples: int = 100
    seconds: float = 30.0
    latency_bar_seconds: float | None = None

    @property
    def most_requests(self) -> int:
        """How many questions are asked at most: measured ones, warm-up, and those cut off."""
        return sum(map(self.asked, self.levels))

    def asked(self, level: int) -> int:
        """Return how many questions a level asks at most."""
        return self.measured(level) + 2 * level

    def measured(self, level: int) -> int:
        """Return how many requests a level measures at most, but for those that came together."""
        return max(self.samples, level)


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What one level measured, in seconds, an hour and a second; None is unknown.

    `requests` came back in `seconds` of steady asking, `failed` ones among them; quantiles are of
    the answered. `is_within_bar`: 95 % of the requests were answered within the latency bar; where
    there is none, 95 % were answered at all. `throttled` counts HTTP 429s.
    """

    concurrency: int
    requests: int
    failed: int
    seconds: float
    tasks_per_hour: float | None
    input_tokens_per_second: float | None
    output_tokens_per_second: float | None
    p50_seconds: float | None
    p95_seconds: float | None
    p99_seconds: float | None
    p95_low_seconds: float | None
    p95_high_seconds: float | None
    ttft_p50_seconds: float | None
    ttft_p95_seconds: float | None
    tpot_p50_seconds: float | None
    is_within_bar: bool
    throttled: int = 0


def level_of(
    replies: Sequence[Reply],
    *,
    concurrency: int,
    seconds: float,
    latency_bar_seconds: float | None,
    throttled: int = 0,
) -> Level:
    """Return what the replies of one level say.

    Args:
        replies: All that came back in the measured time, failures too.
        concurrency: Questions under way at once.
        seconds: The measured time.
        latency_bar_seconds: What 95 % of the requests have to be answered within; None is no bar.
        throttled: How often the endpoint said to slow down.
    """
    answered = [reply for reply in replies if reply.state in _ANSWERED]
    latencies = _sorted(reply.latency_seconds for reply in answered)
    firsts = _sorted(reply.ttft_seconds for reply in answered)
    bounds = quantile_interval(len(latencies), WITHIN)
    return Level(
        concurrency=concurrency,
        requests=len(replies),
        failed=len(replies) - len(answered),
        seconds=seconds,
        tasks_per_hour=len(answered) / seconds * HOUR if seconds > 0 else None,
        input_tokens_per_second=_rate([r.usage.input_tokens for r in answered], seconds),
        output_tokens_per_second=_rate([r.usage.output_tokens for r in answered], seconds),
        p50_seconds=_quantile(latencies, 0.50),
        p95_seconds=_quantile(latencies, 0.95),
        p99_seconds=_quantile(latencies, 0.99),
        p95_low_seconds=None if bounds.low is None else latencies[bounds.low - 1],
        p95_high_seconds=None if bounds.high is None else latencies[bounds.high - 1],
        ttft_p50_seconds=_quantile(firsts, 0.50),
        ttft_p95_seconds=_quantile(firsts, 0.95),
        tpot_p50_seconds=_quantile(_sorted(map(seconds_per_token, answered)), 0.50),
        is_within_bar=_is_within(replies, answered, latency_bar_seconds),
        throttled=throttled,
    )


def seconds_per_token(reply: Reply) -> float | None:
    """Return the seconds for each output token after the first, None where unknown.

    Only a streamed answer of two tokens or more has it.
    """
    total, first, tokens = reply.latency_seconds, reply.ttft_seconds, reply.usage.output_tokens
    if total is None or first is None or tokens is None or tokens < 2:  # noqa: PLR2004
        return None
    return max(0.0, total - first) / (tokens - 1)


def goodput(levels: Sequence[Level]) -> Level | None:
    """Return the level with the most tasks an hour among those within the bar, None of none."""
    within = [level for level in levels if level.is_within_bar and level.tasks_per_hour]
    return max(within, key=lambda level: level.tasks_per_hour or 0.0, default=None)


def why_stop(levels: Sequence[Level]) -> str:
    """Return why a higher level would tell nothing more, "" where it may."""
    last, before = levels[-1], levels[:-1]
    if last.requests and last.failed > MOST_FAILED * last.requests:
        return f"at {last.concurrency} at once {last.failed} of {last.requests} requests failed"
    if last.throttled > MOST_REFUSED * max(1, last.requests):
        return f"at {last.concurrency} at once the endpoint said to slow down (HTTP 429)"
    best = max((level.tasks_per_hour or 0.0 for level in before), default=0.0)
    found = last.tasks_per_hour or 0.0
    if found < FALLEN * best:
        return f"at {last.concurrency} at once the throughput fell"
    if best and not last.is_within_bar and found < GAIN * best:
        return f"at {last.concurrency} at once answers took too long and no more of them came"
    return ""


def _is_within(replies: Sequence[Reply], answered: Sequence[Reply], limit: float | None) -> bool:
    """Return whether enough requests were answered in time; an unknown latency is not in time."""
    good = [
        reply
        for reply in answered
        if limit is None or (reply.latency_seconds is not None and reply.latency_seconds <= limit)
    ]
    return bool(replies) and len(good) >= WITHIN * len(replies)


def _sorted(figures: Iterable[float | None]) -> list[float]:
    return sorted(figure for figure in figures if figure is not None)


def _quantile(figures: Sequence[float], share: float) -> float | None:
    """Return the smallest figure that a share of them does not exceed."""
    return figures[max(1, ceil(round(share * 100) * len(figures) / 100)) - 1] if figures else None


def _rate(tokens: Sequence[int | None], seconds: float) -> float | None:
    known = [count for count in tokens if count is not None]
    is_known = bool(known) and len(known) == len(tokens) and seconds > 0
    return sum(known) / seconds if is_known else None
