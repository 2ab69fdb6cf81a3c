"""The autonomy ladder: what can be done with a model if its lab went away tomorrow.

R0 nothing, R1 run, R2 adapt, R3 evaluate again, R4 train an equivalent, R5 rebuild.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from evals.domain.autonomyneeds import Need, Part, Proof, State, needs_of
from evals.domain.modelfacts import ModelFacts

__all__ = [
    "Ladder",
    "Need",
    "Part",
    "PartStanding",
    "Proof",
    "Rung",
    "State",
    "Step",
    "ladder_of",
    "rung_of",
]


class Rung(IntEnum):
    """A rung; each asks for all below it."""

    R0 = 0
    R1 = 1
    R2 = 2
    R3 = 3
    R4 = 4
    R5 = 5

    @property
    def words(self) -> str:
        """What one can do there without the lab."""
        return WORDS[self]


WORDS = {
    Rung.R0: "nothing: an API alone",
    Rung.R1: "run it",
    Rung.R2: "adapt it",
    Rung.R3: "evaluate it again",
    Rung.R4: "train an equivalent",
    Rung.R5: "rebuild it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rung above R0, and what it asks for beyond those below."""

    rung: Rung
    state: State
    needs: tuple[Need, ...]

    @property
    def missing(self) -> tuple[Need, ...]:
        """What is not there, or not known to be."""
        return tuple(need for need in self.needs if need.state is not State.YES)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartStanding:
    """Weights, data, recipe or tooling: published, allowed, kept here, tested here.

    `allowed` speaks of what is published; None: nothing is.
    """

    part: Part
    published: State
    allowed: State | None
    needs: tuple[Need, ...]
    mirror_sha256: str | None
    tested_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """How high a model stands. `rung` None: not even R1 is known of, either way."""

    rung: Rung | None
    steps: tuple[Step, ...]
    parts: tuple[PartStanding, ...]

    @property
    def next_step(self) -> Step | None:
        """The first rung that is not reached; None at the top."""
        return next((step for step in self.steps if step.state is not State.YES), None)


def ladder_of(facts: ModelFacts, *, ran_on: date | None = None) -> Ladder:
    """Return how high a model stands, from what is published and what the team holds itself.

    `ran_on` is when the team last ran the model on hardware of its own.
    """
    needs = needs_of(facts, ran_on=ran_on)
    steps = _steps(needs)
    first_open = next((step for step in steps if step.state is not State.YES), None)
    return Ladder(
        rung=_rung(first_open),
        steps=steps,
        parts=tuple(_standing(part, needs, facts, ran_on) for part in Part),
    )


def rung_of(facts: ModelFacts, *, ran_on: date | None = None) -> Rung | None:
    """Return the highest rung that is reached; None where nothing is known."""
    return ladder_of(facts, ran_on=ran_on).rung


def _rung(first_open: Step | None) -> Rung | None:
    if first_open is None:
        return Rung.R5
    if first_open.rung is Rung.R1 and first_open.state is State.UNKNOWN:
        return None
    return Rung(first_open.rung - 1)


def _steps(needs: Sequence[Need]) -> tuple[Step, ...]:
    """Return the rungs; one above a rung that is not reached cannot be reached."""
    steps: list[Step] = []
    below = State.YES
    for rung in list(Rung)[1:]:
        asked = tuple(need for need in needs if need.rung == rung)
        below = _all_of([below, *(need.state for need in asked)])
        steps.append(Step(rung=rung, state=below, needs=asked))
    return tuple(steps)


def _all_of(states: Sequence[State]) -> State:
    if State.NO in states:
        return State.NO
    return State.UNKNOWN if State.UNKNOWN in states else State.YES


def _standing(
    part: Part, needs: Sequence[Need], facts: ModelFacts, ran_on: date | None
) -> PartStanding:
    of_part = tuple(need for need in needs if need.part is part)
    there = [need.allowed for need in of_part if need.published is not State.NO]
    evidence = next((held for held in facts.evidence if held.part == part), None)
    tested_on = evidence.tested_on if evidence else None
    return PartStanding(
        part=part,
        published=_all_of([need.published for need in of_part]),
        allowed=_all_of(there) if there else None,
        needs=of_part,
        mirror_sha256=evidence.mirror_sha256 if evidence else None,
        tested_on=tested_on or (ran_on if part is Part.WEIGHTS else None),
    )
