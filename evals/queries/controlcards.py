"""Control: the incumbent against the candidates of a task, rung by rung."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from evals.domain.autonomy import Ladder, Rung, ladder_of
from evals.domain.modelfacts import ModelFacts
from evals.domain.openness import Openness, assess
from evals.domain.supply import supply_of
from evals.models import Candidate, Task
from evals.queries import opennesswords as words
from evals.queries.modelfacts import facts_for, facts_of, runs_here
from evals.queries.models import model_key

MOST_SHOWN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlColumn:
    """A candidate, or several of one model; `marks` says how each rung stands, from R0 up."""

    name: str
    model: str
    key: str
    is_incumbent: bool
    is_open: str
    rung: str
    next_rung: str
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRow:
    """One rung or one fact across the candidates; `mark` "" where words say it all."""

    label: str
    cells: tuple[words.Marked, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlCard:
    """The comparison. `sentence` is what a move would change; "" without an incumbent."""

    columns: tuple[ControlColumn, ...]
    rungs: tuple[ControlRow, ...]
    facts: tuple[ControlRow, ...]
    sentence: str
    left_out: int


def control_card(task: Task, *, today: date) -> ControlCard | None:
    """Return the card in three queries; None for a task without candidates."""
    rows = task.candidates.filter(archived_at__isnull=True).select_related("model")
    candidates = sorted(rows, key=lambda row: (row.pk != task.incumbent_id, row.pk))
    if not candidates:
        return None
    known_by = [candidate.model.identifier for candidate in candidates]
    known = facts_for(task.team, known_by)
    ran = runs_here(task.team, known_by)
    shown = [_shown(row, known, ran) for row in candidates[:MOST_SHOWN]]
    return ControlCard(
        columns=tuple(_column(task, each) for each in shown),
        rungs=_rungs(shown),
        facts=_facts([each.facts for each in shown], today),
        sentence=_sentence(task, shown),
        left_out=len(candidates) - len(shown),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """A candidate with what is known of its model."""

    candidate: Candidate
    facts: ModelFacts
    ladder: Ladder


def _shown(
    candidate: Candidate, known: Mapping[str, ModelFacts], ran: Mapping[str, date]
) -> _Shown:
    identifier = candidate.model.identifier
    facts = facts_of(candidate.model, known.get(identifier))
    ladder = ladder_of(facts, ran_on=ran.get(identifier))
    return _Shown(candidate=candidate, facts=facts, ladder=ladder)


def _column(task: Task, shown: _Shown) -> ControlColumn:
    candidate, facts, ladder = shown.candidate, shown.facts, shown.ladder
    return ControlColumn(
        name=candidate.name,
        model=facts.name,
        key=model_key(candidate.model),
        is_incumbent=candidate.pk == task.incumbent_id,
        is_open=words.openness_word(facts),
        rung=words.rung_words(ladder.rung),
        next_rung=words.next_words(ladder),
        marks=("met", *(words.MARKS[step.state] for step in ladder.steps)),
    )


def _rungs(shown: Sequence[_Shown]) -> tuple[ControlRow, ...]:
    ladders = [each.ladder for each in shown]
    return tuple(
        ControlRow(
            label=f"{rung.name} {rung.words}",
            cells=tuple(
                words.Marked(
                    mark=words.MARKS[ladder.steps[rung - 1].state],
                    words=words.STATE_WORDS[ladder.steps[rung - 1].state],
                )
                for ladder in ladders
            ),
        )
        for rung in list(Rung)[1:]
    )


def _facts(every: Sequence[ModelFacts], today: date) -> tuple[ControlRow, ...]:
    supplies = [supply_of(facts, today=today) for facts in every]
    licences = [words.licence_words(facts) for facts in every]
    told = (
        ("Licence", [licence.name for licence in licences]),
        ("It asks for", [_flags(licence) for licence in licences]),
        ("MOF class", [words.class_words(_openness(facts)) for facts in every]),
        ("Hosts", [words.hosts_words(supply) for supply in supplies]),
        ("Countries", [words.jurisdictions_words(supply) for supply in supplies]),
        ("Version pin", [words.yes_no(facts.has_version_pin) for facts in every]),
        ("Notice promised", [words.days_words(facts.notice_days) for facts in every]),
    )
    plain = [
        ControlRow(label=label, cells=tuple(words.Marked(mark="", words=said) for said in cells))
        for label, cells in told
    ]
    retires = tuple(
        words.Marked(
            mark=words.retirement_state(supply.retirement),
            words=words.retirement_words(supply.retirement),
        )
        for supply in supplies
    )
    return (*plain, ControlRow(label="Retires", cells=retires))


def _openness(facts: ModelFacts) -> Openness | None:
    return None if facts.components is None else assess(facts.components, facts.licences)


def _flags(licence: words.LicenceWords) -> str:
    if not licence.is_known or licence.name == words.UNKNOWN:
        return words.UNKNOWN
    return "; ".join(licence.flags) or "nothing flagged"


def _sentence(task: Task, shown: Sequence[_Shown]) -> str:
    """Return what the best candidate could do without its lab that the incumbent cannot."""
    if task.incumbent_id is None or shown[0].candidate.pk != task.incumbent_id:
        return ""
    now = shown[0].ladder.rung
    rungs = [(each.ladder.rung, each.candidate.name) for each in shown[1:]]
    known = [(rung, name) for rung, name in rungs if rung is not None]
    if not known or now is None:
        return ""
    best, name = max(known, key=lambda pair: pair[0])
    if best <= now:
        return f"No candidate stands higher than the incumbent, {words.rung_words(now)}."
    return f"A move to {name} goes from {words.rung_words(now)} to {words.rung_words(best)}."
