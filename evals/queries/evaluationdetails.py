"""One candidate of a finished evaluation in full: every figure with how it was made."""

from collections.abc import Sequence
from dataclasses import dataclass

from evals.domain.metrics import FIRST_TOKEN_QUANTILES, LATENCY_QUANTILES
from evals.domain.slices import slice_text
from evals.domain.specs import CandidateSpec, HarnessSpec, PriceSpec
from evals.queries import figures
from evals.queries.barlines import BarLine, bar_lines
from evals.queries.candidaterows import in_order
from evals.queries.outcomes import CandidateName, Outcome, Results
from evals.queries.pricewords import source_words
from evals.queries.results import Document

PER_ACCEPTED = {
    "dropped": "wrong answers are thrown away",
    "redone": "each wrong answer costs what it takes to do it again",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricLine:
    """One figure with its interval and how it was made."""

    label: str
    value: str
    interval: str
    n: str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedCard:
    """A candidate against the incumbent on the samples that both answered."""

    incumbent: str
    n: str
    both: str
    only_candidate: str
    only_incumbent: str
    neither: str
    difference: str
    interval: str
    method: str
    is_simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateDetails:
    """Everything that is known of one candidate in an evaluation."""

    candidate: CandidateName
    run_id: int
    verdict: str
    message: str
    truncated: str
    metrics: tuple[MetricLine, ...]
    slices: tuple[MetricLine, ...]
    bar: tuple[BarLine, ...]
    paired: PairedCard | None
    costs: tuple[tuple[str, str], ...]
    cost_notes: tuple[str, ...]
    system: str
    prompt: str
    decoding: str


def candidate_details(results: Results) -> tuple[CandidateDetails, ...]:
    """Return the details of every candidate, GO first, the incumbent last."""
    return tuple(_details(results, outcome) for outcome in in_order(results))


def _details(results: Results, outcome: Outcome) -> CandidateDetails:
    harness, scores = outcome.spec.harness, outcome.document["metrics"]
    of_slices = [metric for metric in scores if metric["slice"]]
    of_all = [metric for metric in scores if not metric["slice"]]
    return CandidateDetails(
        candidate=outcome.name,
        run_id=outcome.run.pk,
        verdict=outcome.verdict,
        message=outcome.run.message,
        truncated=outcome.truncated,
        metrics=(*_scores(of_all), *_latencies(outcome), *_first_tokens(outcome)),
        slices=_scores(of_slices),
        bar=bar_lines(results, outcome),
        paired=_paired(results, outcome),
        costs=_costs(outcome),
        cost_notes=_cost_notes(outcome),
        system=harness.system or "",
        prompt=harness.prompt,
        decoding=_decoding(harness),
    )


def _scores(metrics: Sequence[Document]) -> tuple[MetricLine, ...]:
    return tuple(
        MetricLine(
            label=_label(metric),
            value=figures.rate(metric["value"]),
            interval=figures.interval(metric["low"], metric["high"]),
            n=figures.count(metric["n"]),
            method="; ".join(filter(None, (metric["method"], metric.get("warning")))),
        )
        for metric in metrics
    )


def _label(metric: Document) -> str:
    where = f" where {slice_text(metric['slice'])}" if metric["slice"] else ""
    return figures.metric_label(metric["metric"]) + where


def _latencies(outcome: Outcome) -> tuple[MetricLine, ...]:
    return tuple(_latency(outcome, name, "n") for name in LATENCY_QUANTILES)


def _first_tokens(outcome: Outcome) -> list[MetricLine]:
    """Return the lines of streamed answers; results of earlier versions may lack one."""
    lines = [_latency(outcome, name, "ttft_n") for name in FIRST_TOKEN_QUANTILES]
    return [line for line in lines if line.value != figures.UNKNOWN]


def _latency(outcome: Outcome, name: str, count: str) -> MetricLine:
    estimate = outcome.estimate(name)
    is_known = estimate.low is not None and estimate.high is not None
    low, high = figures.seconds(estimate.low), figures.seconds(estimate.high)
    return MetricLine(
        label=figures.metric_label(name),
        value=figures.seconds(estimate.value),
        interval=f"[{low.removesuffix(' s')}, {high.removesuffix(' s')}]" if is_known else "",
        n=figures.count(outcome.document["latency"].get(count)),
        method="95 % order-statistic interval" if is_known else "no interval",
    )


def _paired(results: Results, outcome: Outcome) -> PairedCard | None:
    paired, incumbent = outcome.document["paired"], results.incumbent
    if paired is None or incumbent is None:
        return None
    return PairedCard(
        incumbent=incumbent.spec.name,
        n=figures.count(paired["n"]),
        both=figures.count(paired["both"]),
        only_candidate=figures.count(paired["only_candidate"]),
        only_incumbent=figures.count(paired["only_incumbent"]),
        neither=figures.count(paired["neither"]),
        difference=figures.difference(paired["difference"]),
        interval=figures.difference_interval(paired["low"], paired["high"]),
        method=paired["method"],
        is_simulated=incumbent.spec.is_simulated or outcome.spec.is_simulated,
    )


def _costs(outcome: Outcome) -> tuple[tuple[str, str], ...]:
    cost, usage = outcome.document["cost"], outcome.document["usage"]
    estimated = " est." if cost["estimated"] else ""

    def usd(name: str) -> str:
        value = cost[name]
        return figures.usd(value) + (estimated if value is not None else "")

    return (
        ("This run", usd("total_usd")),
        ("Per 1,000 tasks", usd("per_1k_tasks_usd")),
        ("Per accepted answer", usd("per_accepted_usd")),
        ("A month", usd("monthly_usd")),
        ("Input tokens", figures.count(usage["input_tokens"])),
        ("Output tokens", figures.count(usage["output_tokens"])),
        ("Requests", figures.count(usage["requests"])),
    )


def _cost_notes(outcome: Outcome) -> tuple[str, ...]:
    cost = outcome.document["cost"]
    notes = [_price_words(outcome.spec)]
    if outcome.today is not None:
        per_1k = figures.usd(outcome.today.per_1k_usd)
        notes.append(f"At today's price {per_1k} per 1,000 tasks: {outcome.today.change}.")
    if cost["per_accepted_usd"] is not None:
        notes.append(f"Per accepted answer: {PER_ACCEPTED[cost['rule']]}.")
    if cost["estimated"]:
        notes.append("Estimated from measured latency and the hardware's price by the hour.")
    return tuple(notes)


def _price_words(spec: CandidateSpec) -> str:
    price = spec.price
    if price is None:
        return "The price is unknown, so every cost is."
    if price.usd_per_hour is not None:
        return f"Price: {figures.usd(price.usd_per_hour)} an hour{_on(price)}{source_words(price)}."
    parts = {
        "a million input tokens": price.input_usd_per_mtok,
        "a million output tokens": price.output_usd_per_mtok,
        "a million cached tokens": price.cached_input_usd_per_mtok,
        "a million tokens put into the cache": price.cache_write_usd_per_mtok,
        "a request": price.usd_per_request,
    }
    known = [f"{figures.usd(usd)} {each}" for each, usd in parts.items() if usd is not None]
    return f"Price: {', '.join(known)}{source_words(price)}."


def _on(price: PriceSpec) -> str:
    return f" for {price.gpu}" if price.gpu else ""


def _decoding(harness: HarnessSpec) -> str:
    warmth = "the vendor's own" if harness.temperature is None else f"{harness.temperature:g}"
    parts = [f"temperature {warmth}", f"at most {harness.max_tokens:,} tokens"]
    if harness.top_p is not None:
        parts.append(f"top-p {harness.top_p:g}")
    if harness.stop:
        parts.append("stops at " + ", ".join(repr(stop) for stop in harness.stop))
    if harness.seed is not None:
        parts.append(f"seed {harness.seed}")
    return " · ".join(parts)
