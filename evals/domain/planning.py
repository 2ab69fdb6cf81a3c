"""What each candidate will be asked, and what that takes in tokens, dollars and time.

Every figure is there twice: as expected and at worst. Where the candidate was measured in an
earlier evaluation, its means are expected; else a token is four bytes of prompt, and an answer is
as long as `max_tokens` lets it be, since nothing says how long answers are. The worst is never
less than what was measured: a server may add to a prompt what its bytes do not show.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil

from evals.domain.budget import question_tokens
from evals.domain.costs import hourly_cost, trial_cost
from evals.domain.specs import CandidateSpec, EndpointKind, PriceSpec
from evals.domain.tokenrates import flat_price, worst_price
from evals.domain.trials import Question, Usage

BYTES_PER_TOKEN = 4  # of English text in the usual tokenisers, roughly
ASSUMED_SECONDS = 2.0  # for one answer, where none was measured
MINUTE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Means over `trials` of an earlier evaluation, and their longest input; None is unknown."""

    trials: int
    input_tokens: float | None = None
    output_tokens: float | None = None
    longest_input: int | None = None
    latency_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What is asked and what it takes. `usd` and `seconds` are None where unknown."""

    requests: int
    input_tokens: int
    output_tokens: int
    usd: Decimal | None
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidatePlan:
    """What one candidate will be asked, as expected and at worst.

    `latency_seconds` is what its time was worked out from; `measured` is None where no earlier
    evaluation says.
    """

    name: str
    is_incumbent: bool
    is_simulated: bool
    is_recorded: bool
    samples: float
    latency_seconds: float
    measured: Measured | None
    expected: Asking
    worst: Asking


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many samples a candidate is asked about, as expected and at most, and how often each."""

    expected: float
    most: int
    epochs: int


def plan_candidate(
    candidate: CandidateSpec,
    *,
    prompts: Sequence[str],
    counts: Counts,
    is_incumbent: bool,
    measured: Measured | None = None,
) -> CandidatePlan:
    """Return what a candidate will be asked, judged by some rendered prompts.

    Failed requests that are sent again are left out: most vendors charge nothing for them.

    Args:
        candidate: Whose harness and price hold.
        prompts: Rendered for some samples, at least one.
        counts: Of samples and epochs.
        is_incumbent: Whether it is the candidate in use today.
        measured: From an earlier evaluation.
    """
    seconds = _latency(candidate, measured)
    expected, worst = (
        _expected_usage(candidate, prompts, measured),
        _worst_usage(candidate, prompts, measured),
    )
    most = counts.most * counts.epochs
    return CandidatePlan(
        name=candidate.name,
        is_incumbent=is_incumbent,
        is_simulated=candidate.is_simulated,
        is_recorded=is_recorded(candidate),
        samples=counts.expected,
        latency_seconds=seconds,
        measured=measured,
        expected=_asking(candidate, round(counts.expected * counts.epochs), expected, seconds),
        worst=_asking(candidate, most, worst, seconds, is_worst=True),
    )


def is_recorded(candidate: CandidateSpec) -> bool:
    """Return whether the answers exist already, so that nobody is asked."""
    return candidate.endpoint.kind is EndpointKind.RECORDED


@dataclass(frozen=True, slots=True, kw_only=True)
class _Each:
    """Mean tokens of one question and its answer."""

    input_tokens: float
    output_tokens: float


def _expected_usage(
    candidate: CandidateSpec, prompts: Sequence[str], measured: Measured | None
) -> _Each:
    size = sum(len(prompt.encode(errors="replace")) for prompt in prompts) / len(prompts)
    size += len((candidate.harness.system or "").encode(errors="replace"))
    read, written = max(1.0, size / BYTES_PER_TOKEN), float(candidate.harness.max_tokens)
    if measured is None:
        return _Each(input_tokens=read, output_tokens=written)
    return _Each(
        input_tokens=read if measured.input_tokens is None else measured.input_tokens,
        output_tokens=written if measured.output_tokens is None else measured.output_tokens,
    )


def _worst_usage(
    candidate: CandidateSpec, prompts: Sequence[str], measured: Measured | None
) -> _Each:
    harness = candidate.harness
    bounds = [
        question_tokens(Question(sample=0, epoch=0, prompt=prompt, system=harness.system))
        for prompt in prompts
    ]
    read, written = sum(bounds) / len(bounds), float(harness.max_tokens)
    if measured is None:
        return _Each(input_tokens=read, output_tokens=written)
    return _Each(
        input_tokens=max(read, measured.input_tokens or 0.0, measured.longest_input or 0.0),
        output_tokens=max(written, measured.output_tokens or 0.0),
    )


def _asking(
    candidate: CandidateSpec, trials: int, each: _Each, seconds: float, *, is_worst: bool = False
) -> Asking:
    if is_recorded(candidate):
        return Asking(requests=0, input_tokens=0, output_tokens=0, usd=Decimal(0), seconds=0.0)
    read, written = round(trials * each.input_tokens), round(trials * each.output_tokens)
    taken = _seconds(candidate, trials, tokens=read + written, latency=seconds)
    usage = Usage(input_tokens=read, output_tokens=written)
    return Asking(
        requests=trials,
        input_tokens=read,
        output_tokens=written,
        usd=_usd(_priced(candidate, each, is_worst=is_worst), trials, usage, taken),
        seconds=taken,
    )


def _priced(candidate: CandidateSpec, each: _Each, *, is_worst: bool) -> PriceSpec | None:
    """Return the price that holds for prompts of that length, at its dearest if `is_worst`.

    What hardware by the hour costs at worst, nobody knows beforehand.
    """
    price = candidate.price
    if price is None or (is_worst and price.usd_per_hour is not None):
        return None
    return (worst_price if is_worst else flat_price)(price, ceil(each.input_tokens))


def _usd(price: PriceSpec | None, trials: int, usage: Usage, seconds: float) -> Decimal | None:
    if price is None or price.usd_per_hour is None:
        return trial_cost(usage, price, attempts=trials)
    return hourly_cost(Decimal(str(seconds)), price.usd_per_hour)


def _latency(candidate: CandidateSpec, measured: Measured | None) -> float:
    if is_recorded(candidate):
        return 0.0
    if measured is not None and measured.latency_seconds is not None:
        return measured.latency_seconds
    if candidate.is_simulated:
        return float(candidate.endpoint.simulation.get("latency_seconds", 0.0))
    return ASSUMED_SECONDS


def _seconds(candidate: CandidateSpec, trials: int, *, tokens: int, latency: float) -> float:
    """Return how long the endpoint's limits let so many trials take, the slowest of them."""
    endpoint = candidate.endpoint
    takes = [trials * latency / (endpoint.concurrency * endpoint.batch_size)]
    if endpoint.requests_per_minute:
        takes.append(MINUTE * trials / endpoint.requests_per_minute)
    if endpoint.tokens_per_minute:
        takes.append(MINUTE * tokens / endpoint.tokens_per_minute)
    return max(takes)
