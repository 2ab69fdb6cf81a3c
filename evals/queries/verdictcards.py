"""A candidate's verdict as people read it: the answer first, then what it rests on."""

from dataclasses import dataclass
from datetime import date

from evals.domain.bars import CriterionState
from evals.domain.specs import CriterionSpec
from evals.domain.verdicts import Verdict
from evals.queries import figures
from evals.queries.barlines import chance_text
from evals.queries.expiries import NONE_KNOWN, ExpiryNote, Retirements, expiry_note
from evals.queries.linewords import finding, interval_words, judged_by, label_of, sample_words
from evals.queries.outcomes import CandidateName, Outcome, Results, lines_of
from evals.queries.results import Document
from evals.queries.stoppingwords import stopping_words
from evals.queries.verdictchanges import changes_of
from evals.queries.verdictfacts import Fact, verdict_facts

ORDER = (Verdict.GO.value, Verdict.UNDECIDED.value, Verdict.NO_GO.value, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictCard:
    """The answer for one candidate. `stopping` is "" for a fixed n, `chance` where it has none."""

    verdict: str
    run_id: int
    candidate: CandidateName
    headline: str
    evidence: str
    stopping: str
    chance: str
    facts: tuple[Fact, ...]
    changes: tuple[str, ...]
    stale_reason: str
    truncated: str
    expiry: ExpiryNote | None


def verdict_cards(
    results: Results, *, today: date, retirements: Retirements = NONE_KNOWN
) -> tuple[VerdictCard, ...]:
    """Return a card for each candidate but the incumbent, GO before UNDECIDED before NO-GO."""
    challengers = sorted(results.challengers, key=lambda o: ORDER.index(o.verdict))
    notes = [expiry_note(o, today=today, retirements=retirements) for o in challengers]
    return tuple(_card(results, o, note) for o, note in zip(challengers, notes, strict=True))


def _card(results: Results, outcome: Outcome, expiry: ExpiryNote | None) -> VerdictCard:
    deciding = _deciding(results, outcome)
    return VerdictCard(
        verdict=outcome.verdict,
        run_id=outcome.run.pk,
        candidate=outcome.name,
        headline=_headline(outcome, deciding),
        evidence=_evidence(results, outcome, deciding),
        stopping=stopping_words(results, outcome),
        chance=chance_text(*deciding) if deciding else "",
        facts=verdict_facts(results, outcome),
        changes=tuple(changes_of(results, outcome)),
        stale_reason=outcome.stale_reason,
        truncated=outcome.truncated,
        expiry=expiry,
    )


def _deciding(results: Results, outcome: Outcome) -> tuple[CriterionSpec, Document] | None:
    """Return the line to name first: the first required one in the state that decided."""
    wanted = {
        Verdict.GO.value: CriterionState.MET.value,
        Verdict.NO_GO.value: CriterionState.MISSED.value,
    }.get(outcome.verdict, CriterionState.UNSETTLED.value)
    lines = [
        (criterion, line)
        for criterion, line in lines_of(results, outcome)
        if criterion.required and line["state"] == wanted
    ]
    return lines[0] if lines else None


def _headline(outcome: Outcome, deciding: tuple[CriterionSpec, Document] | None) -> str:
    name = outcome.spec.name
    if not outcome.judged:
        return f"{name} has no answer to judge yet."
    if deciding is None:
        return f"{name} cannot be decided: the bar has no required criterion."
    criterion, line = deciding
    word = {Verdict.GO.value: "clears the bar", Verdict.NO_GO.value: "misses the bar"}
    start = f"{name} {word.get(outcome.verdict, 'is not settled')}"
    if line["value"] is None:
        return f"{start}: its {label_of(criterion)} is unknown."
    return f"{start}: {finding(criterion, line['value'])}."


def _evidence(
    results: Results, outcome: Outcome, deciding: tuple[CriterionSpec, Document] | None
) -> str:
    if deciding is None or deciding[1]["value"] is None:
        judged = figures.count(outcome.judged)
        return f"{judged} of {results.planned:,} planned answers were judged."
    criterion, line = deciding
    parts = [interval_words(outcome, criterion, line), sample_words(results, criterion, line)]
    measured = ", ".join(part for part in parts if part)
    return f"{measured}. {judged_by(results, criterion, line)}."
