"""The three figures beside a verdict: against the incumbent, a month's cost, the p95 latency."""

from dataclasses import dataclass

from evals.queries import figures
from evals.queries.outcomes import Outcome, Results, lines_of

P95 = "latency_p95_seconds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One of the three figures beside a verdict; `more` is a second note."""

    label: str
    value: str
    note: str
    more: str = ""
    is_estimated: bool = False
    is_simulated: bool = False


def verdict_facts(results: Results, outcome: Outcome) -> tuple[Fact, ...]:
    """Return the three figures; what is unknown says why."""
    return (
        _against(results, outcome),
        _monthly(results, outcome),
        _latency(results, outcome),
    )


def _against(results: Results, outcome: Outcome) -> Fact:
    incumbent, paired = results.incumbent, outcome.document["paired"]
    if incumbent is None:
        return Fact(label="Against the incumbent", value=figures.UNKNOWN, note="no incumbent")
    label = f"Against {incumbent.spec.name}"
    if paired is None:
        return _graded(results, outcome, label)
    interval = figures.difference_interval(paired["low"], paired["high"])
    return Fact(
        label=label,
        value=figures.difference(paired["difference"]),
        note=f"{interval + ', ' if interval else ''}paired",
        is_simulated=incumbent.spec.is_simulated or outcome.spec.is_simulated,
    )


def _graded(results: Results, outcome: Outcome, label: str) -> Fact:
    """Return the difference of scores with partial credit, which no table of pairs holds."""
    lines = [line for c, line in lines_of(results, outcome) if c.is_paired and not c.slice]
    known = next((line for line in lines if line["value"] is not None), None)
    if known is None:
        return Fact(label=label, value=figures.UNKNOWN, note="not compared")
    interval = figures.difference_interval(known.get("low"), known.get("high"))
    return Fact(
        label=label,
        value=figures.difference(known["value"]),
        note=f"{interval + ', ' if interval else ''}paired",
    )


def _monthly(results: Results, outcome: Outcome) -> Fact:
    cost, incumbent = outcome.document["cost"], results.incumbent
    instead = incumbent.document["cost"]["monthly_usd"] if incumbent else None
    if cost["per_1k_tasks_usd"] is None:
        note = "price unknown" if cost["price"] is None else "usage unknown"
    elif cost["monthly_usd"] is None:
        note = "no monthly volume is set"
    elif instead is None:
        note = "the incumbent's is unknown" if incumbent else ""
    else:
        note = f"instead of {figures.usd(instead)}"
    return Fact(
        label="Monthly cost",
        value=figures.usd(cost["monthly_usd"]),
        note=note,
        more=_monthly_today(outcome, results.incumbent),
        is_estimated=cost["estimated"] and cost["monthly_usd"] is not None,
        is_simulated=cost["monthly_usd"] is not None
        and (outcome.spec.is_simulated or bool(incumbent and incumbent.spec.is_simulated)),
    )


def _monthly_today(outcome: Outcome, incumbent: Outcome | None) -> str:
    """Return what a month costs at today's prices, "" where no price is known to have changed."""
    theirs = incumbent.today if incumbent else None
    if outcome.today is None and theirs is None:
        return ""
    own = _todays_monthly(outcome)
    instead = f" instead of {_todays_monthly(incumbent)}" if incumbent and theirs else ""
    return f"today {own}{instead}"


def _todays_monthly(outcome: Outcome) -> str:
    today = outcome.today
    monthly = outcome.document["cost"]["monthly_usd"] if today is None else today.monthly_usd
    return "unknown" if monthly is None else figures.usd(monthly)


def _latency(results: Results, outcome: Outcome) -> Fact:
    p95 = outcome.estimate(P95)
    first_token = outcome.document["latency"].get("ttft_p50_seconds")
    limits = [c.threshold for c in results.spec.bar if c.metric == P95 and not c.slice]
    if limits:
        note = f"limit {figures.threshold(P95, limits[0])}"
    elif p95.value is None:
        note = "not known"
    else:
        note = "no limit is set"
    return Fact(
        label="p95 latency",
        value=figures.seconds(p95.value),
        note=note,
        more="" if first_token is None else f"first token {figures.seconds(first_token)}",
        is_simulated=outcome.spec.is_simulated and p95.value is not None,
    )
