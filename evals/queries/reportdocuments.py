"""A finished evaluation as a report document: what a person reads before they sign."""

from datetime import UTC, date, datetime

from evals.domain.methodnotes import method_notes
from evals.domain.reportdocuments import (
    Fact,
    ReportDocument,
    ReportStatus,
    Section,
    Table,
)
from evals.domain.specs import CriterionSpec
from evals.domain.verdicts import overall
from evals.models import Evaluation
from evals.queries import figures
from evals.queries.barlines import bar_lines, criterion_text
from evals.queries.candidaterows import comparison_table, in_order
from evals.queries.expiries import retirements_for
from evals.queries.outcomes import Outcome, Results, load_results
from evals.queries.reportconsequences import consequences_of
from evals.queries.reportfirst import (
    confirmation,
    estimated,
    expires_on,
    first_page,
    headline,
    other_changes,
)
from evals.queries.reportintervals import fits_first_page, interval_picture
from evals.queries.reportprovenance import provenance
from evals.queries.results import evaluation_document, standings
from evals.queries.verdictcards import verdict_cards

MOST_ACROSS = 3  # candidates as columns of a table
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
        headline=headline(verdict, cards),
        made_at=f"{now.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        evaluation=evaluation.number,
        first=first_page(results, cards, follows),
        sections=(
            follows.risks,
            confirmation(cards),
            _context(results),
            _drivers(results),
            _options(results, today=now.date()),
            *follows.sections,
            *other_changes(cards),
            _method(results),
            *provenance(results),
        ),
        options=tuple(_option(outcome) for outcome in in_order(results)),
        result=evaluation_document(evaluation, results.spec),
        simulated=_simulated(results),
        expires_on=expires_on(cards),
    )


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
    written = figures.moment(results.evaluation.bar.created_at)
    return Section(
        key="drivers",
        title=f"The bar, v{results.evaluation.bar.number}, written {written}",
        points=tuple(map(_line_text, results.spec.bar)),
        tables=(_judged(results),),
    )


def _judged(results: Results) -> Table:
    """Return every line against every candidate, the fewer of the two across."""
    outcomes = in_order(results)
    names = [outcome.spec.name for outcome in outcomes]
    texts = list(map(_line_text, results.spec.bar))
    by_candidate = [
        [
            " · ".join(filter(None, (line.state, line.value, line.bound)))
            for line in bar_lines(results, outcome)
        ]
        for outcome in outcomes
    ]
    title = "Every line against every candidate: state, value, the bound that decides"
    if len(names) > max(len(texts), MOST_ACROSS):
        rows = [(name, *cells) for name, cells in zip(names, by_candidate, strict=True)]
        return Table(title=title, columns=("Candidate", *texts), rows=tuple(rows))
    by_line = zip(*by_candidate, strict=True)
    rows = [(text, *cells) for text, cells in zip(texts, by_line, strict=True)]
    return Table(title=title, columns=("Line", *names), rows=tuple(rows))


def _line_text(criterion: CriterionSpec) -> str:
    return criterion_text(criterion) + (" (advisory)" if criterion.advisory else "")


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
            estimated(row.cost_per_1k, row.is_estimated),
            row.p95,
        )
        for row in table.rows
    )
    return Section(
        key="options",
        title="What was considered",
        picture=None if fits_first_page(results) else interval_picture(results),
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


def _verdict_word(verdict: str) -> str:
    return {"go": "GO", "no_go": "NO-GO", "undecided": "UNDECIDED"}.get(verdict, "incumbent")


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
