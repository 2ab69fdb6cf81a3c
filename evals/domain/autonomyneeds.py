"""What each rung of the autonomy ladder asks for, and whether a model has it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from evals.domain import openness
from evals.domain.licences import Licence, licence_called
from evals.domain.modelfacts import LicenceKind, ModelFacts, TeamEvidence
from evals.domain.openness import ComponentKind, Openness, assess
from evals.domain.supply import others_than_developer


class State(StrEnum):
    """Unknown is an answer of its own."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Part(StrEnum):
    """The four parts that a model is made from."""

    WEIGHTS = "weights"
    DATA = "data"
    RECIPE = "recipe"
    TOOLING = "tooling"


class Proof(StrEnum):
    """How well it is known that a thing is there; a later one outranks an earlier one."""

    NONE = "nothing"
    PUBLISHED = "published"
    MIRRORED = "kept here"
    TESTED = "tested here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One thing that a rung asks for. `reason` says in words why it is there or not."""

    rung: int
    part: Part
    name: str
    published: State
    allowed: State
    reason: str
    proof: Proof = Proof.NONE

    @property
    def state(self) -> State:
        """Whether it can be had and used: there, and allowed."""
        is_there = State.YES if self.proof in {Proof.MIRRORED, Proof.TESTED} else self.published
        if State.NO in {is_there, self.allowed}:
            return State.NO
        return State.YES if is_there is self.allowed is State.YES else State.UNKNOWN


STATES = {True: State.YES, False: State.NO}
WEIGHTS, TOKENIZER, INFERENCE = "weights", "tokenizer", "inference code"
CHECKPOINTS, FINE_TUNING = "intermediate checkpoints", "fine-tuning"
Permission = Callable[[Licence], bool | None]


def needs_of(facts: ModelFacts, *, ran_on: date | None = None) -> tuple[Need, ...]:
    """Return all that the five rungs ask for, in their order, with the team's own evidence.

    `ran_on` is when the team last ran the model on hardware of its own, whatever was published.
    """
    known = None if facts.components is None else assess(facts.components, facts.licences)
    evidence = {held.part: held for held in facts.evidence}
    needs = (
        _proven(need, evidence.get(need.part.value)) for need in _published_needs(facts, known)
    )
    return tuple(needs if ran_on is None else (_proven_by_run(need, ran_on) for need in needs))


def _proven_by_run(need: Need, ran_on: date) -> Need:
    """Return the need as a run proves it: weights, tokenizer and something to run them with."""
    if need.name not in {WEIGHTS, TOKENIZER, INFERENCE} or need.proof is Proof.TESTED:
        return need
    return replace(
        need,
        proof=Proof.TESTED,
        allowed=need.allowed if need.name == WEIGHTS else State.YES,
        reason=f"ran here on {ran_on}; {need.reason}",
    )


def _published_needs(facts: ModelFacts, known: Openness | None) -> Iterator[Need]:
    yield _weights(facts, known)
    inference = _inference_code(facts, known)
    yield inference
    yield _adaptable(facts, known)
    yield _tokenizer(facts, inference)
    yield _component(3, Part.TOOLING, openness.EVALUATION_CODE, known)
    yield _component(3, Part.DATA, openness.EVALUATION_DATA, known)
    yield _component(4, Part.RECIPE, openness.TRAINING_CODE, known)
    yield _readable(4, Part.RECIPE, "recipe", (openness.REPORT, openness.PAPER), known)
    yield _readable(
        4, Part.DATA, "data information", (openness.DATA_CARD, openness.DATASETS), known
    )
    yield _component(5, Part.DATA, openness.DATASETS, known)
    yield _component(5, Part.RECIPE, openness.PREPROCESSING, known)
    checkpoints = _component(5, Part.WEIGHTS, openness.CHECKPOINTS, known)
    yield replace(checkpoints, name=CHECKPOINTS)


def _proven(need: Need, evidence: TeamEvidence | None) -> Need:
    """Return the need with what the team holds itself; it speaks of final weights alone."""
    if evidence is None or need.name in {CHECKPOINTS, FINE_TUNING}:
        proof = Proof.PUBLISHED if need.published is State.YES else Proof.NONE
        return replace(need, proof=proof)
    if evidence.tested_on is not None:
        said = f"tested here on {evidence.tested_on}"
        tested = replace(need, proof=Proof.TESTED, reason=f"{said}; {need.reason}")
        # Whoever tests code or data has some of their own; weights come under a licence.
        is_own = need.allowed is State.UNKNOWN and need.name != WEIGHTS
        return replace(tested, allowed=State.YES) if is_own else tested
    if evidence.mirror_sha256:
        return replace(need, proof=Proof.MIRRORED, reason=f"kept here; {need.reason}")
    return replace(need, proof=Proof.PUBLISHED if need.published is State.YES else Proof.NONE)


def _weights(facts: ModelFacts, known: Openness | None) -> Need:
    published = _weights_published(facts, known)
    allowed, terms = _allowed(_weights_licence(facts, known), lambda held: held.permits_use)
    words = {State.YES: f"published, {terms}", State.NO: "not published"}
    return Need(
        rung=1,
        part=Part.WEIGHTS,
        name=WEIGHTS,
        published=published,
        allowed=State.UNKNOWN if published is State.NO else allowed,
        reason=words.get(published, "not known to be published"),
    )


def _weights_published(facts: ModelFacts, known: Openness | None) -> State:
    if facts.is_open is not None:
        return STATES[facts.is_open]
    return State.UNKNOWN if known is None else STATES[known.of(openness.FINAL_WEIGHTS).is_included]


def _weights_licence(facts: ModelFacts, known: Openness | None) -> str | None:
    finding = None if known is None else known.of(openness.FINAL_WEIGHTS)
    if finding is not None and finding.is_included:
        return finding.licence or ""
    overall = dict(facts.licences)
    return overall.get(LicenceKind.DATA) or overall.get(LicenceKind.DISTRIBUTION)


def _adaptable(facts: ModelFacts, known: Openness | None) -> Need:
    published = _weights_published(facts, known)
    allowed, terms = _allowed(_weights_licence(facts, known), lambda held: held.permits_changes)
    if facts.is_fine_tunable is False and published is not State.NO:
        published, terms = State.NO, "it cannot be fine-tuned"
    if facts.is_fine_tunable is True and facts.is_open is False:
        terms = "by the vendor alone, which ends with the vendor"
    return Need(
        rung=2,
        part=Part.WEIGHTS,
        name=FINE_TUNING,
        published=published,
        allowed=allowed,
        reason=terms if published is not State.NO or facts.is_open else f"no weights; {terms}",
    )


def _tokenizer(facts: ModelFacts, inference: Need) -> Need:
    state, reason = State.UNKNOWN, "not known to be published"
    if facts.has_tokenizer is not None:
        state = STATES[facts.has_tokenizer]
        reason = "published" if facts.has_tokenizer else "not published"
    elif inference.state is State.YES:
        state, reason = State.YES, "nobody runs it without"
    return Need(
        rung=2,
        part=Part.WEIGHTS,
        name=TOKENIZER,
        published=state,
        allowed=State.YES,
        reason=reason,
    )


def _inference_code(facts: ModelFacts, known: Openness | None) -> Need:
    """Return the need for code to run it: its own, the architecture's, or that of other hosts."""
    need = _component(1, Part.TOOLING, openness.INFERENCE_CODE, known)
    if need.state is State.YES:
        return need
    others = others_than_developer(facts) if facts.is_open else ()
    if others:
        served = "1 other serves it" if len(others) == 1 else f"{len(others)} others serve it"
        return replace(need, published=State.YES, allowed=State.YES, reason=served)
    architecture = _component(1, Part.TOOLING, openness.ARCHITECTURE, known)
    if architecture.state is State.YES:
        reason = f"the architecture's code is {architecture.reason}"
        return replace(architecture, name=INFERENCE, reason=reason)
    return need


def _component(rung: int, part: Part, kind: ComponentKind, known: Openness | None) -> Need:
    name = kind.name[0].lower() + kind.name[1:]
    blank = Need(
        rung=rung,
        part=part,
        name=name,
        published=State.UNKNOWN,
        allowed=State.UNKNOWN,
        reason="not known to be published",
    )
    if known is None:
        return blank
    finding = known.of(kind)
    if not finding.is_included:
        return replace(blank, published=State.NO, reason="not published")
    allowed, terms = _allowed(finding.licence or "", lambda held: held.permits_use)
    return replace(blank, published=State.YES, allowed=allowed, reason=f"published, {terms}")


def _readable(
    rung: int, part: Part, name: str, kinds: tuple[ComponentKind, ...], known: Openness | None
) -> Need:
    """Return a need that any of some documents meets; to read one takes no licence."""
    there = [] if known is None else [kind.name for kind in kinds if known.of(kind).is_included]
    published = State.UNKNOWN if known is None else STATES[bool(there)]
    words = {State.YES: f"{' and '.join(there).lower()} published", State.NO: "not published"}
    return Need(
        rung=rung,
        part=part,
        name=name,
        published=published,
        allowed=State.YES,
        reason=words.get(published, "not known to be published"),
    )


def _allowed(written: str | None, permission: Permission) -> tuple[State, str]:
    """Return whether a licence allows it, in words too; None: nobody says which licence."""
    if written is None:
        return State.UNKNOWN, "licence unknown"
    if not written:
        return State.NO, "without a licence"
    licence = licence_called(written)
    permitted = permission(licence)
    if permitted is None:
        return State.UNKNOWN, f"terms of {licence.name} unknown"
    terms = f" ({'; '.join(licence.flags)})" if licence.flags else ""
    return STATES[permitted], f"{licence.name}{terms}"
