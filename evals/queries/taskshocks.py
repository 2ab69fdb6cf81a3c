"""What the catalogue's shocks would do to one task."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from evals.domain.positions import TaskPosition
from evals.domain.scenarios import Outcome, replay
from evals.domain.shockpresets import Preset
from evals.queries.presets import presets
from evals.queries.scenariorows import answer_after, answer_before, spend_after
from evals.queries.scenariowords import LABELS, STATES, full_reason, money, outage_words


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskShock:
    """One shock that changes something for a task."""

    name: str
    query: str
    state: str
    label: str
    spend: str
    before: str
    after: str
    words: str


def task_shocks(position: TaskPosition, *, today: date) -> tuple[TaskShock, ...]:
    """Return the catalogue's shocks that change something for the task, in no query."""
    replayed = [(preset, replay(position, preset.shock, today=today)) for preset in presets()]
    return tuple(
        _task_shock(preset, outcome) for preset, outcome in replayed if outcome.changes_something
    )


def _task_shock(preset: Preset, outcome: Outcome) -> TaskShock:
    before, after = money(outcome.monthly_before_usd), spend_after(outcome)
    answers = answer_before(outcome.others), answer_after(outcome.others)
    changes = answers[0] != answers[1]
    return TaskShock(
        name=preset.name,
        query=urlencode({"shock": preset.identifier}),
        state=STATES[outcome.survival],
        label=LABELS[outcome.survival],
        spend=before if before == after else f"{before} → {after}",
        before=answers[0] if changes else "",
        after=answers[1] if changes else "",
        words="; ".join(filter(None, [outage_words(outcome), full_reason(outcome)])),
    )
