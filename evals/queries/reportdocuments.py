"""A finished evaluation as a report document: what a person reads before they sign."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from evals.domain.methodnotes import method_notes
from evals.domain.reportdocuments import (
    Fact,
    IntervalMark,
    Picture,
    ReportDocument,
    ReportStatus,
    Section,
    Table,
)
from evals.domain.verdicts import Verdict, overall
from evals.models import Evaluation
from evals.queries import figures
from evals.queries.barlines import bar_lines, criterion_text
from evals.queries.candidaterows import comparison_table, in_order
from evals.queries.expiries import retirements_for
from evals.queries.outcomes import Outcome, Results, load_results
from evals.queries.reportconsequences import Consequences, consequences_of
from evals.queries.reportprovenance import provenance
from evals.queries.results import evaluation_document, standings
from evals.queries.verdictcards import VerdictCard, verdict_cards

SIMULATED = "Parts are simulated: a stand-in answered for {names}, nobody's model."


def report_document(evaluation: Evaluation, *, now: datetime) -> ReportDocument:
    """Return the report of an evaluation that has ended with verdicts; nothing is proposed yet.

    Args:
        evaluation: With its task, team, version, bar and scorers.
        now: When the report is made.

    Raises:
        ValueError: If it has not ended, or was cancelled.
    """
    results = load_results(evaluation)
    retirements = retirements_for(evaluation.task.team, results.models)
    cards = verdict_cards(results, today=now.date(), retirements=retirements)
    if evaluation.finished_at is None or not any(o.verdict for o in results.outcomes):
        raise ValueError("an evaluation without verdicts has nothing to report")
    follows = consequences_of(results, today=now.date())
    verdict = overall(standings([o.document for o in results.outcomes], results.spec))
    return ReportDocument(
        task=evaluation.task.name,
        team=evaluation.task.team.name,
        status=ReportStatus.EVALUATED,
        verdict=verdict.value,
        headline=_headline(verdict, cards),
        made_at=f"{now.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        evaluation=evaluation.number,
        first=_first(results, cards, follows),
        sections=(
            _context(results),
            _drivers(results),
            _options(results, today=now.date()),
            *follows.sections,
            _confirmation(cards),
            _method(results),
            *provenance(results),
        ),
        options=tuple(_option(outcome) for outcome in in_order(results)),
        result=evaluation_document(evaluation, results.spec),
        simulated=_simulated(results),
        expires_on=_expires_on(cards),
    )


def _headline(verdict: Verdict, cards: Sequence[VerdictCard]) -> str:
    card = _deciding(cards)
    word = {Verdict.GO: "GO", Verdict.NO_GO: "NO-GO", Verdict.UNDECIDED: "UNDECIDED"}[verdict]
    return f"{word}: {card.headline}" if card else f"{word}: nothing but the incumbent was judged."


def _deciding(cards: Sequence[VerdictCard]) -> VerdictCard | None:
    """Return the card that the first page speaks of: the cards come with GO first."""
    return cards[0] if cards else None


def _first(results: Results, cards: Sequence[VerdictCard], follows: Consequences) -> Section:
    card, plan = _deciding(cards), results.spec.plan
    outcome = next((o for o in results.outcomes if card and o.run.pk == card.run_id), None)
    if card is None or outcome is None:
        return Section(key="decision", title="What was found")
    metric = outcome.metric(results.headline) or {}
    estimate = outcome.estimate(results.headline)
    bars = [criterion_text(line) for line in results.spec.bar if line.required]
    holds = card.expiry.words if card.expiry else ""
    return Section(
        key="decision",
        title="What was found",
        paragraphs=tuple(filter(None, (card.evidence, card.chance, card.stopping, holds))),
        facts=(
            Fact(label="Bar", value="; ".join(bars) or "no required line"),
            Fact(
                label=figures.metric_label(results.headline).capitalize(),
                value=figures.rate(estimate.value),
                note=figures.interval(estimate.low, estimate.high),
            ),
            Fact(label="Samples judged", value=figures.count(metric.get("n"))),
            Fact(label="Risk of a wrong GO", value=f"alpha {plan.alpha:g}", note="one-sided"),
            *(
                Fact(label=f.label, value=_estimated(f.value, f.is_estimated), note=f.note)
                for f in card.facts
            ),
            *follows.facts,
        ),
        points=(*(f"What would change this: {each}" for each in card.changes), *follows.risks),
    )


def _expires_on(cards: Sequence[VerdictCard]) -> str | None:
    card = _deciding(cards)
    return card.expiry.on.isoformat() if card and card.expiry else None


def _estimated(value: str, is_estimated: bool) -> str:  # noqa: FBT001 - a mark on the value
    return f"{value} (est.)" if is_estimated else value


def _context(results: Results) -> Section:
    task = results.spec.task
    use = {True: "interactive", False: "in the background", None: "not said"}[task.interactive]
    incumbent = results.incumbent
    volume = task.monthly_volume
    return Section(
        key="context",
        title="Context",
        paragraphs=tuple(filter(None, (task.description,))),
        facts=(
            Fact(label="Incumbent", value=incumbent.spec.name if incumbent else "none"),
            Fact(label="Incumbent's model", value=incumbent.spec.model.id if incumbent else "none"),
            Fact(label="Use", value=use),
            Fact(
                label="Volume", value="unknown" if volume is None else f"{volume:,} tasks a month"
            ),
            Fact(
                label="A wrong answer costs",
                value="unknown"
                if task.failure_cost_usd is None
                else figures.usd(task.failure_cost_usd),
            ),
        ),
    )


def _drivers(results: Results) -> Section:
    outcomes = in_order(results)
    lines = [bar_lines(results, outcome) for outcome in outcomes]
    rows = [
        (
            criterion_text(criterion) + (" (advisory)" if criterion.advisory else ""),
            *(
                " · ".join(filter(None, (line[place].state, line[place].value, line[place].bound)))
                for line in lines
            ),
        )
        for place, criterion in enumerate(results.spec.bar)
    ]
    written = figures.moment(results.evaluation.bar.created_at)
    return Section(
        key="drivers",
        title=f"The bar, v{results.evaluation.bar.number}, written {written}",
        tables=(
            Table(
                title="Every line against every candidate: state, value, the bound that decides",
                columns=("Line", *(outcome.spec.name for outcome in outcomes)),
                rows=tuple(rows),
            ),
        ),
    )


def _options(results: Results, *, today: date) -> Section:
    table = comparison_table(results, today=today)
    rows = tuple(
        (
            row.candidate.name,
            _verdict_word(row.verdict),
            row.value,
            row.interval,
            row.n,
            row.versus,
            _estimated(row.cost_per_1k, row.is_estimated),
            row.p95,
        )
        for row in table.rows
    )
    return Section(
        key="options",
        title="What was considered",
        picture=_picture(results),
        tables=(
            Table(
                title="Every candidate tried",
                columns=(
                    *("Candidate", "Verdict", table.metric.capitalize(), "95 % interval", "n"),
                    *(f"Against {table.incumbent}", "Per 1k tasks", "p95"),
                ),
                rows=rows,
                numeric=(2, 3, 4, 5, 6, 7),
            ),
        ),
    )


def _picture(results: Results) -> Picture:
    label = figures.metric_label(results.headline)
    marks = []
    for outcome in in_order(results):
        estimate = outcome.estimate(results.headline)
        marks.append(
            IntervalMark(
                name=outcome.spec.name,
                value=estimate.value,
                low=estimate.low,
                high=estimate.high,
                is_open=outcome.spec.model.open,
                is_hollow=outcome.verdict == Verdict.UNDECIDED,
            )
        )
    return Picture(
        title=f"{label.capitalize()} with 95 % intervals; the dashed line is the bar. "
        "Round is open, square is closed, hollow is undecided.",
        description=f"Intervals of {label} for each candidate; the table below has the numbers.",
        axis=label,
        bar=results.headline_bar,
        marks=tuple(marks),
    )


def _verdict_word(verdict: str) -> str:
    return {"go": "GO", "no_go": "NO-GO", "undecided": "UNDECIDED"}.get(verdict, "incumbent")


def _confirmation(cards: Sequence[VerdictCard]) -> Section:
    return Section(
        key="confirmation",
        title="What would change this",
        points=tuple(
            f"{card.candidate.name}: {change}" for card in cards for change in card.changes
        ),
    )


def _method(results: Results) -> Section:
    return Section(
        key="method",
        title="How this was judged",
        facts=tuple(
            Fact(label=about.capitalize(), value=said)
            for about, said in method_notes(results.spec).items()
        ),
    )


def _option(outcome: Outcome) -> str:
    model = outcome.spec.model
    kind = "open" if model.open else "closed"
    role = ", the incumbent" if outcome.run.is_incumbent else ""
    return f"{outcome.spec.name} ({model.id}, {kind}{role})"


def _simulated(results: Results) -> str:
    names = [o.spec.name for o in results.outcomes if o.spec.is_simulated]
    return SIMULATED.format(names=" and ".join(names)) if names else ""
