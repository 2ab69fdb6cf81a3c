"""Candidates in tables: their figures side by side, and the bar against each of them."""

from dataclasses import dataclass
from datetime import date

from evals.queries import figures
from evals.queries.barlines import bar_lines, criterion_text
from evals.queries.drawings import IntervalDrawing, Scale
from evals.queries.expiries import NONE_KNOWN, ExpiryNote, Retirements, expiry_note
from evals.queries.outcomes import CandidateName, Outcome, Results, criterion_drawing
from evals.queries.verdictcards import ORDER
from evals.queries.verdictfacts import P95


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateRow:
    """One candidate's figures; texts are ready to be shown."""

    candidate: CandidateName
    run_id: int
    verdict: str
    is_stale: bool
    is_expired: bool
    drawing: IntervalDrawing | None
    value: str
    interval: str
    n: str
    versus: str
    cost_per_1k: str
    is_estimated: bool
    p95: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BarCell:
    """One candidate against one line of the bar."""

    candidate: str
    state: str
    value: str
    bound: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BarRow:
    """One line of the bar against every candidate."""

    text: str
    is_advisory: bool
    cells: tuple[BarCell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonTable:
    """All candidates of an evaluation side by side."""

    metric: str
    incumbent: str
    rows: tuple[CandidateRow, ...]
    bar: tuple[BarRow, ...]
    names: tuple[CandidateName, ...]


def in_order(results: Results) -> tuple[Outcome, ...]:
    """Return the candidates as pages list them: GO first, the incumbent last."""
    return tuple(
        sorted(results.outcomes, key=lambda o: (o.run.is_incumbent, ORDER.index(o.verdict)))
    )


def comparison_table(
    results: Results, *, today: date, retirements: Retirements = NONE_KNOWN
) -> ComparisonTable:
    """Return the figures and the bar's lines of every candidate."""
    outcomes, scale = in_order(results), results.scale()
    return ComparisonTable(
        metric=figures.metric_label(results.headline),
        incumbent=results.incumbent.spec.name if results.incumbent else "the incumbent",
        rows=tuple(
            _candidate_row(
                results,
                outcome,
                scale,
                expiry=expiry_note(outcome, today=today, retirements=retirements),
            )
            for outcome in outcomes
        ),
        bar=_bar_rows(results, outcomes),
        names=tuple(outcome.name for outcome in outcomes),
    )


def _candidate_row(
    results: Results, outcome: Outcome, scale: Scale, *, expiry: ExpiryNote | None
) -> CandidateRow:
    estimate = outcome.estimate(results.headline)
    metric = outcome.metric(results.headline)
    paired, cost = outcome.document["paired"], outcome.document["cost"]
    return CandidateRow(
        candidate=outcome.name,
        run_id=outcome.run.pk,
        verdict=outcome.verdict,
        is_stale=bool(outcome.stale_reason),
        is_expired=expiry is not None and expiry.is_past,
        drawing=criterion_drawing(results, outcome, scale),
        value=figures.rate(estimate.value),
        interval=figures.interval(estimate.low, estimate.high),
        n=figures.count(metric["n"] if metric else None),
        versus=figures.difference(paired["difference"] if paired else None),
        cost_per_1k=figures.usd(cost["per_1k_tasks_usd"]),
        is_estimated=cost["estimated"] and cost["per_1k_tasks_usd"] is not None,
        p95=figures.seconds(outcome.estimate(P95).value),
    )


def _bar_rows(results: Results, outcomes: tuple[Outcome, ...]) -> tuple[BarRow, ...]:
    lines = [bar_lines(results, outcome) for outcome in outcomes]
    return tuple(
        BarRow(
            text=criterion_text(criterion),
            is_advisory=criterion.advisory,
            cells=tuple(
                BarCell(
                    candidate=outcome.spec.name,
                    state=line[place].state,
                    value=line[place].value,
                    bound=line[place].bound,
                )
                for outcome, line in zip(outcomes, lines, strict=True)
            ),
        )
        for place, criterion in enumerate(results.spec.bar)
    )
