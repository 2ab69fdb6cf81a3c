"""One task under a shock, as a row of the page of scenarios."""

from collections.abc import Iterable
from dataclasses import dataclass

from evals.domain.scenarios import OptionOutcome, Outcome
from evals.domain.verdicts import Standing, Verdict, overall
from evals.queries import figures
from evals.queries.scenariowords import (
    LABELS,
    STATES,
    break_even_words,
    incumbent_words,
    money,
    outage_words,
    reason_words,
    switch_words,
    verdict_changes,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioRow:
    """A task before and after. `before` and `after` are verdicts on the question, "" for none."""

    task_id: int
    name: str
    volume: str
    incumbent: str
    is_simulated: bool
    happens: str
    outage: str
    before: str
    after: str
    changes: tuple[str, ...]
    spend_before: str
    spend_after: str
    is_estimated: bool
    fallback: str
    fallback_cost: str
    break_even: str
    is_fallback_simulated: bool
    switch: str
    state: str
    label: str
    reason: str


def scenario_row(outcome: Outcome) -> ScenarioRow:
    """Return the task as the page shows it."""
    position, incumbent, fallback = outcome.position, outcome.incumbent, outcome.fallback
    volume = position.monthly_volume
    return ScenarioRow(
        task_id=position.task_id,
        name=position.name,
        volume="volume unknown" if volume is None else f"{volume:,} a month",
        incumbent=incumbent.option.name if incumbent else "no incumbent",
        is_simulated=incumbent is not None and incumbent.option.is_simulated,
        happens=incumbent_words(outcome) if incumbent else "",
        outage=outage_words(outcome),
        before=answer_before(outcome.others),
        after=answer_after(outcome.others),
        changes=verdict_changes(outcome.others),
        spend_before=money(outcome.monthly_before_usd),
        spend_after=spend_after(outcome),
        is_estimated=incumbent is not None and incumbent.option.is_estimated,
        fallback=fallback.option.name if fallback else "",
        fallback_cost=_monthly(fallback),
        break_even=break_even_words(outcome),
        is_fallback_simulated=fallback is not None and fallback.option.is_simulated,
        switch=switch_words(outcome) if incumbent else "",
        state=STATES[outcome.survival],
        label=LABELS[outcome.survival],
        reason=reason_words(outcome),
    )


def spend_after(outcome: Outcome) -> str:
    """Return the month's bill after the shock, or that there is none."""
    return "stands still" if outcome.stands_still else money(outcome.monthly_usd)


def answer_before(others: Iterable[OptionOutcome]) -> str:
    """Return whether the task can move today, "" where nothing was evaluated."""
    return _answer((o, o.option.verdict if o.still_holds else None) for o in others)


def answer_after(others: Iterable[OptionOutcome]) -> str:
    """Return whether it could move then, to what can still be had."""
    kept = [o for o in others if o.is_gone is not True]
    return _answer((o, o.verdict if o.still_holds and o.is_gone is False else None) for o in kept)


def _answer(found: Iterable[tuple[OptionOutcome, Verdict | None]]) -> str:
    standings = [
        Standing(is_open=outcome.option.is_open, is_incumbent=False, verdict=verdict)
        for outcome, verdict in found
    ]
    return overall(standings).value if standings else ""


def _monthly(fallback: OptionOutcome | None) -> str:
    if fallback is None:
        return ""
    if fallback.monthly_usd is None:
        return "cost unknown"
    return f"{figures.usd(fallback.monthly_usd)} a month"
