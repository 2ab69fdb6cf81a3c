"""Openness, autonomy, licences and supply in the words of a page; unknown is said."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from evals.domain.autonomy import Ladder, Need, Part, Rung, State
from evals.domain.licences import licence_called
from evals.domain.modelfacts import LicenceKind, ModelFacts
from evals.domain.openness import Finding, MofClass, Openness
from evals.domain.supply import Retirement, Supply
from evals.queries import figures

UNKNOWN = "unknown"
# The marks of `_state.html`: a tick, a cross, a circle.
MARKS = {State.YES: "met", State.NO: "missed", State.UNKNOWN: "unsettled"}
STATE_WORDS = {State.YES: "yes", State.NO: "no", State.UNKNOWN: UNKNOWN}
CLASS_NAMES = {
    MofClass.OPEN_MODEL: "Class III, open model",
    MofClass.OPEN_TOOLING: "Class II, open tooling",
    MofClass.OPEN_SCIENCE: "Class I, open science",
}
PART_QUESTIONS = {
    Part.WEIGHTS: "Weights",
    Part.DATA: "Data",
    Part.RECIPE: "Recipe",
    Part.TOOLING: "Tooling",
}
SOON_DAYS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A mark and the words beside it."""

    mark: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceWords:
    """A licence with what it asks for. `is_known` False: nobody here knows its terms."""

    name: str
    flags: tuple[str, ...]
    is_known: bool


def openness_word(facts: ModelFacts) -> str:
    """Return "open", "closed" or "unknown": whether the weights are published."""
    if facts.is_open is None:
        return UNKNOWN
    return "open" if facts.is_open else "closed"


def licence_words(facts: ModelFacts) -> LicenceWords:
    """Return the licence that the weights are under."""
    overall = dict(facts.licences)
    written = overall.get(LicenceKind.DISTRIBUTION) or overall.get(LicenceKind.DATA)
    if written is None:
        return LicenceWords(name=UNKNOWN, flags=(), is_known=True)
    licence = licence_called(written)
    return LicenceWords(
        name=licence.name, flags=tuple(licence.flags), is_known=licence.is_open is not None
    )


def class_words(openness: Openness | None) -> str:
    """Return "Class I", "none, 83 % of III" or that it is unknown."""
    if openness is None:
        return UNKNOWN
    if openness.mof_class is not None:
        return f"Class {openness.mof_class}"
    return f"none, {openness.progress[MofClass.OPEN_MODEL]} % of III"


def rung_words(rung: Rung | None) -> str:
    """Return "R2, adapt it"."""
    return UNKNOWN if rung is None else f"{rung.name}, {rung.words}"


def standing_words(finding: Finding) -> Marked:
    """Return how a component counts, and why."""
    said = finding.standing.value
    if finding.replaces_report:
        said += "; it also stands for the technical report"
    if finding.is_open:
        return Marked(mark="met", words=said)
    return Marked(mark="missed" if finding.is_included else "unsettled", words=said)


def origin_words(finding: Finding) -> str:
    """Return where a component's licence comes from."""
    if finding.licence is None:
        return ""
    if finding.origin is None:
        return "its own"
    if finding.origin is LicenceKind.DISTRIBUTION:
        return "the release's"
    return f"the release's for {finding.origin.value}"


def missing_words(needs: Iterable[Need]) -> str:
    """Return "evaluation code (not published), tokenizer (not known to be published)"."""
    return ", ".join(f"{need.name} ({need.reason})" for need in needs)


def next_words(ladder: Ladder) -> str:
    """Return what is missing for the next rung."""
    step = ladder.next_step
    if step is None:
        return "Nothing is above: it can be rebuilt without the lab."
    said = "needs" if step.state is State.NO else "is unknown: it needs"
    return f"{step.rung.name}, {step.rung.words}, {said} {missing_words(step.missing)}."


def retirement_words(retirement: Retirement | None) -> str:
    """Return "2026-12-10, in 18 days", "retired on 2026-06-01" or that no date is known."""
    if retirement is None:
        return "no date known"
    day = day_words(retirement.on)
    if retirement.is_past:
        return f"retired on {day}"
    return f"{day}, in {figures.plural(retirement.days, 'day')}"


def retirement_state(retirement: Retirement | None) -> str:
    """Return the tone of a retirement: past, soon, or none."""
    if retirement is None or retirement.days > SOON_DAYS:
        return ""
    return "missed" if retirement.is_past else "unsettled"


def hosts_words(supply: Supply) -> str:
    """Return "3 independent, HHI 3,333", or that they are unknown."""
    if supply.independent is None:
        return UNKNOWN
    if supply.hhi is None:
        return "none"
    return f"{len(supply.independent):,} independent, HHI {supply.hhi:,}"


def jurisdictions_words(supply: Supply) -> str:
    """Return "CN, US"."""
    return ", ".join(supply.jurisdictions) or UNKNOWN


def yes_no(answer: bool | None) -> str:  # noqa: FBT001 - it is what is asked about
    """Return "yes", "no" or "unknown"."""
    return {True: "yes", False: "no", None: UNKNOWN}[answer]


def days_words(days: int | None) -> str:
    """Return "90 days"."""
    return UNKNOWN if days is None else figures.plural(days, "day")


def day_words(day: date | None) -> str:
    """Return "2026-11-19"."""
    return UNKNOWN if day is None else figures.day(day)
