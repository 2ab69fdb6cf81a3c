"""Whether one run clears one line of a quality bar, with the bound that says so.

A fixed-n plan reads its criteria once, when the run has ended: exact bounds for rates of trials
that pass or fail (Clopper-Pearson) and for paired ones (Tango's order), bets for all other means.
Under a stop rule the anytime-valid counterparts are read in the complete prefix of the shuffled
order, and a criterion keeps the figures of the prefix that settled it. Every doubt counts against
the claim; see `subjects` for what is claimed and `multiplicity` for the levels.
"""

from bisect import bisect_left
from dataclasses import dataclass
from enum import StrEnum

from evals.domain.claims import Claim, Levels
from evals.domain.evidence import Evidence, Finding, FixedEvidence, SequentialEvidence
from evals.domain.specs import CriterionSpec
from evals.domain.subjects import RunGrounds, Shown, Subject, subject_of
from evals.domain.trialtables import TrialTable

MOST_SAMPLES = 10_000_000  # beyond it no number of samples is worth naming


class CriterionState(StrEnum):
    """Whether the evidence settles a criterion."""

    MET = "met"
    MISSED = "missed"
    UNSETTLED = "unsettled"


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionResult:
    """One criterion judged.

    `value` and `n` are those of the judged trials (a latency quantile in seconds, a cost in
    dollars per thousand, a difference from the incumbent); None is unknown. `bound` is the one
    that decided, or for an unsettled criterion the one that failed to clear the threshold; for a
    latency it bounds the share of trials within the threshold. `level` is the one-sided level it
    has. `samples_needed` are samples still needed beyond those judged, of the slice if there is
    one; None if settled or if no number up to ten million would do. `places` is how much of the
    shuffled order was read.
    """

    criterion: CriterionSpec
    state: CriterionState
    value: float | None
    bound: float | None
    level: float | None
    n: int
    samples_needed: int | None
    method: str
    places: int


def evidence_of(
    criterion: CriterionSpec, grounds: RunGrounds, *, stop_early: bool, is_graded: bool = False
) -> Evidence:
    """Return the grounds of one criterion under the plan's rule; see `subjects.subject_of`."""
    if not stop_early:
        places = grounds.table.places
        return FixedEvidence(subject_of(criterion, grounds, upto=places, is_graded=is_graded))
    prefix = min(table.prefix for table in _read(criterion, grounds))
    return SequentialEvidence(subject_of(criterion, grounds, upto=prefix, is_graded=is_graded))


def judge(evidence: Evidence, levels: Levels) -> CriterionResult:
    """Return whether the evidence settles its criterion at these levels.

    `samples_needed` is the smallest number of additional samples with which an unsettled criterion
    would settle if they came out as those judged did.
    """
    subject, finding = evidence.subject, evidence.find(levels)
    state = _state(subject, finding)
    shown = subject.shown(finding.places) if finding.places else Shown(None, 0)
    is_open = state is CriterionState.UNSETTLED and shown.value is not None
    bound, level = _bound(subject, finding, levels)
    return CriterionResult(
        criterion=subject.criterion,
        state=state,
        value=shown.value,
        bound=bound,
        level=level,
        n=shown.n,
        samples_needed=_samples_needed(subject, finding.claim, levels) if is_open else None,
        method=finding.method,
        places=finding.places,
    )


def not_compared(criterion: CriterionSpec) -> CriterionResult:
    """Return the incumbent's line where the bar compares with the incumbent."""
    return CriterionResult(
        criterion=criterion,
        state=CriterionState.UNSETTLED,
        value=None,
        bound=None,
        level=None,
        n=0,
        samples_needed=None,
        method="the incumbent is not compared with itself",
        places=0,
    )


def _read(criterion: CriterionSpec, grounds: RunGrounds) -> list[TrialTable]:
    if criterion.is_paired and grounds.incumbent is not None:
        return [grounds.table, grounds.incumbent]
    return [grounds.table]


def _state(subject: Subject, finding: Finding) -> CriterionState:
    if finding.is_above is None:
        return CriterionState.UNSETTLED
    return CriterionState.MET if finding.is_above == subject.go_above else CriterionState.MISSED


def _bound(subject: Subject, finding: Finding, levels: Levels) -> tuple[float | None, float | None]:
    """Return the bound that made the state, or for an unsettled one that on which GO hangs."""
    if finding.claim is None:
        return None, None
    bounds = finding.claim.bounds()
    is_above = subject.go_above if finding.is_above is None else finding.is_above
    return (bounds.low, levels.low) if is_above else (bounds.high, levels.high)


def _samples_needed(subject: Subject, claim: Claim | None, levels: Levels) -> int | None:
    if claim is None:
        return None
    bar = subject.real(subject.bar)

    def is_settled(extra: int) -> bool:
        is_above = claim.p_above(bar, extra) <= levels.low
        return is_above or claim.p_below(bar, extra) <= levels.high

    extras = range(1, MOST_SAMPLES + 1)
    needed = 1 + bisect_left(extras, 1, key=lambda extra: int(is_settled(extra)))
    return needed if needed <= MOST_SAMPLES else None
