"""A live evaluation: how far it is, how fast, what it costs, what goes wrong."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count

from evals.models import Evaluation, Run, Trial
from evals.models.evaluations import LIVE, RunState
from evals.queries import figures
from evals.queries.drawings import IntervalDrawing, Scale
from evals.queries.livedocuments import live_documents
from evals.queries.outcomes import (
    CandidateName,
    Outcome,
    Results,
    criterion_drawing,
    load_results,
)
from evals.queries.reusenotes import note_on_reuse
from evals.queries.standings import FINISHING, status_word
from evals.queries.stoppingwords import counts_note
from evals.queries.workers import MissingPool, missing_pools

RECENT = timedelta(seconds=30)  # a rate is that of so long
SHORTEST_SECONDS = 2.0  # before that a rate says nothing
METER = {RunState.COMPLETED: "met", RunState.FAILED: "missed", RunState.CANCELLED: "missed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StripFact:
    """One figure of the strip on top; `state` colours it."""

    label: str
    value: str
    note: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressRow:
    """One candidate's run: how far it is, and its failures apart."""

    candidate: CandidateName
    run_id: int
    state: str
    done: int
    total: int
    label: str
    meter: str
    drawing: IntervalDrawing | None
    value: str
    interval: str
    counts: tuple[tuple[str, str], ...]
    throttled: str
    can_pause: bool
    can_resume: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressPage:
    """The part of the page that changes. `stage` changes when the rest of the page does too."""

    evaluation_id: int
    stage: str
    is_live: bool
    metric: str
    facts: tuple[StripFact, ...]
    reuse: str
    counts_note: str
    rows: tuple[ProgressRow, ...]
    missing_pools: tuple[MissingPool, ...]


def live_results(evaluation: Evaluation) -> Results:
    """Return what the page shows while it is polled: without latencies, counted step by step."""
    return load_results(evaluation, documents_of=live_documents)


def progress_page(evaluation: Evaluation, *, now: datetime) -> ProgressPage:
    """Return the fragment that a live page polls, in six queries; one once it has ended."""
    return progress_of_results(live_results(evaluation), now=now)


def progress_of_results(results: Results, *, now: datetime) -> ProgressPage:
    """Return the same from results that are loaded, in two queries; none once it has ended."""
    rates = _rates(results, now=now)
    scale = results.scale()
    return ProgressPage(
        evaluation_id=results.evaluation.pk,
        stage=stage_of(results),
        is_live=results.evaluation.finished_at is None,
        metric=figures.metric_label(results.headline),
        facts=_facts(results, rates),
        reuse=note_on_reuse([o.document for o in results.outcomes], results.spec),
        counts_note=counts_note(results),
        rows=tuple(_row(results, o, rates.get(o.run.pk), scale) for o in results.outcomes),
        missing_pools=_missing(results, now=now),
    )


def _missing(results: Results, *, now: datetime) -> tuple[MissingPool, ...]:
    """Return the pools that its runs wait for and no worker serves."""
    if results.evaluation.finished_at is not None:
        return ()
    return missing_pools(results.evaluation.runs.all(), now=now)


def stage_of(results: Results) -> str:
    """Return the status, and which runs are paused: what the page outside the fragment shows."""
    paused = [str(o.run.pk) for o in results.outcomes if o.run.state == RunState.PAUSED]
    status = status_of(results)
    # Lasts a moment: reloading the page for it would only make it jump.
    return ".".join(["running" if status == FINISHING else status, *paused])


def status_of(results: Results) -> str:
    """Return the evaluation's status in one word."""
    return status_word(results.evaluation, [o.run.state for o in results.outcomes])


def spent_words(results: Results) -> StripFact:
    """Return what was spent; what is unknown is said, never counted as nothing."""
    known = [cost for o in results.outcomes if (cost := _spent(o)) is not None]
    unknown = [o.spec.name for o in results.outcomes if _spent(o) is None]
    budget = results.spec.plan.budget_usd
    notes = [
        "est." if any(o.document["cost"]["estimated"] for o in results.outcomes) else "",
        f"cap {figures.usd(budget)}" if budget is not None else "",
        f"{figures.plural(len(unknown), 'run')} unknown" if known and unknown else "",
        _simulated(results),
    ]
    return StripFact(
        label="Spent",
        value=figures.usd(sum(known)) if known else figures.UNKNOWN,
        note=" · ".join(note for note in notes if note),
    )


def _simulated(results: Results) -> str:
    simulated = [o.spec.is_simulated for o in results.outcomes]
    if all(simulated):
        return "simulated"
    return "simulated in part" if any(simulated) else ""


def unconfirmed_words(results: Results) -> tuple[StripFact, ...]:
    """Return what may have been asked and paid without being stored; nothing where none was."""
    parts = [
        o.document for o in results.outcomes if o.document["usage"].get("unconfirmed_requests")
    ]
    if not parts:
        return ()
    dollars = [part["cost"]["unconfirmed_usd"] for part in parts]
    known = [usd for usd in dollars if usd is not None]
    notes = [
        f"up to about {figures.usd(sum(known))}" if known else "",
        f"{figures.plural(len(parts) - len(known), 'run')} at a cost unknown"
        if len(known) < len(parts)
        else "",
    ]
    requests = sum(part["usage"]["unconfirmed_requests"] for part in parts)
    return (
        StripFact(
            label="Unconfirmed",
            value=f"up to {figures.plural(requests, 'request')}",
            note=" · ".join(note for note in notes if note),
            state="unsettled",
        ),
    )


def _spent(outcome: Outcome) -> float | None:
    cost = outcome.document["cost"]
    if cost["total_usd"] is None and cost["price"] is not None and not outcome.done:
        return 0.0  # nothing was asked, so nothing was spent
    total: float | None = cost["total_usd"]
    return total


def _rates(results: Results, *, now: datetime) -> dict[int, float]:
    """Return the trials stored per second by each live run, as of the last half minute."""
    live = {o.run.pk: o.run for o in results.outcomes if o.run.state in LIVE}
    counts = (
        Trial.objects.filter(run__in=list(live), created_at__gte=now - RECENT, is_reused=False)
        .order_by()
        .values_list("run_id")
        .annotate(Count("pk"))
    )
    return {pk: count / _window(live[pk], now=now) for pk, count in counts}


def _window(run: Run, *, now: datetime) -> float:
    started = run.started_at or now
    return min(max((now - started).total_seconds(), SHORTEST_SECONDS), RECENT.total_seconds())


def _facts(results: Results, rates: dict[int, float]) -> tuple[StripFact, ...]:
    done = sum(o.done for o in results.outcomes)
    planned = results.planned * len(results.outcomes)
    throttled = sum(o.run.throttled for o in results.outcomes)
    is_sequential = results.spec.plan.stop_early
    facts = [
        StripFact(
            label="Trials",
            value=figures.count(done),
            note=f"of at most {planned:,}" if is_sequential else f"of {planned:,}",
            state="unsettled" if done < planned and not is_sequential else "",
        ),
        spent_words(results),
        *unconfirmed_words(results),
    ]
    if results.evaluation.finished_at is None:
        facts += _live_facts(results, rates)
    else:
        took = results.evaluation.finished_at - results.evaluation.created_at
        facts.append(StripFact(label="Took", value=figures.duration(took)))
    slow = "unsettled" if throttled else ""
    return (*facts, StripFact(label="429s", value=figures.count(throttled), state=slow))


def _live_facts(results: Results, rates: dict[int, float]) -> list[StripFact]:
    rate = sum(rates.values())
    in_flight = sum(o.run.in_flight for o in results.outcomes)
    left = _time_left(results, rates)
    return [
        StripFact(label="Rate", value=f"{rate:.1f} /s" if rate else figures.UNKNOWN),
        StripFact(label="In flight", value=figures.count(in_flight)),
        StripFact(
            label="Time left",
            value=figures.duration(left),
            note="" if left is None else "at this rate",
        ),
    ]


def _time_left(results: Results, rates: dict[int, float]) -> float | None:
    """Return the seconds until the slowest run ends; runs that wait their turn share the rate."""
    if not sum(rates.values()):
        return None
    live = [o for o in results.outcomes if o.run.state in LIVE]
    together = sum(results.planned - o.done for o in live) / sum(rates.values())
    each = [_seconds_left(results, o, rates.get(o.run.pk)) or 0.0 for o in live]
    return max(together, *each) or None


def _seconds_left(results: Results, outcome: Outcome, rate: float | None) -> float | None:
    return (results.planned - outcome.done) / rate if rate else None


def _row(results: Results, outcome: Outcome, rate: float | None, scale: Scale) -> ProgressRow:
    estimate = outcome.estimate(results.headline)
    is_one_of_many = results.evaluation.finished_at is None and len(results.outcomes) > 1
    return ProgressRow(
        candidate=outcome.name,
        run_id=outcome.run.pk,
        state=outcome.run.state,
        done=outcome.done,
        total=results.planned,
        label=_label(results, outcome, rate),
        meter=METER.get(RunState(outcome.run.state), "running"),
        drawing=criterion_drawing(results, outcome, scale),
        value=figures.rate(estimate.value),
        interval=figures.interval(estimate.low, estimate.high),
        counts=trial_counts(results, outcome),
        throttled=figures.count(outcome.run.throttled),
        can_pause=is_one_of_many and outcome.run.state in LIVE,
        can_resume=is_one_of_many and outcome.run.state == RunState.PAUSED,
    )


def _label(results: Results, outcome: Outcome, rate: float | None) -> str:
    parts = [f"{outcome.done:,} of {results.planned:,}"]
    left = _seconds_left(results, outcome, rate)
    if outcome.run.state == RunState.QUEUED:
        parts.append("waiting for a worker")
    elif outcome.run.state == RunState.RUNNING and left:
        parts.append(f"{figures.duration(left)} left")
    # On one line, so that rows keep their height from one look to the next.
    return " · ".join(parts).replace(" ", "\N{NO-BREAK SPACE}")


def trial_counts(results: Results, outcome: Outcome) -> tuple[tuple[str, str], ...]:
    """Return how many answers were wrong, and every kind of failure apart from those."""
    trials, metric = outcome.document["trials"], outcome.metric(results.headline)
    judged = trials["ok"] + trials["no_answer"] + trials["model_error"]
    # A stop rule's figures are those of a prefix, so they cannot be taken from all that is stored.
    passed = metric["passed"] if metric and metric["n"] == judged else None
    return (
        ("Wrong", figures.count(None if passed is None else trials["ok"] - passed)),
        ("No answer", figures.count(trials["no_answer"])),
        ("Model error", figures.count(trials["model_error"])),
        ("Infra error", figures.count(trials["infra_error"])),
        ("Scorer error", figures.count(trials["scorer_error"])),
    )
