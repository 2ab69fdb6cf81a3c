"""A whole evaluation before it starts: what it can resolve and what it takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil
from types import MappingProxyType
from typing import TypeAlias

from evals.domain.pairedresolution import PairedResolution, paired_resolution
from evals.domain.planning import CandidatePlan, Counts, Measured, plan_candidate
from evals.domain.planrows import PlannedRows, RowGroup
from evals.domain.planterms import PlanTerms, is_cost
from evals.domain.rateresolution import RateResolution, rate_resolution
from evals.domain.specs import CandidateSpec, Comparator, CriterionSpec, Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownResolution:
    """A criterion of which nothing can be said beforehand: what costs vary by is not known."""

    criterion: CriterionSpec
    group: RowGroup


Resolution: TypeAlias = RateResolution | PairedResolution | UnknownResolution


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes:
    """What tokens are estimated from.

    `prompts` are those of some samples by candidate; `measured` is what earlier evaluations say.
    """

    prompts: Mapping[str, Sequence[str]]
    measured: Mapping[str, Measured] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationPlan:
    """What an evaluation can resolve and what it takes.

    `probed` is how many samples' prompts the tokens rest on. `budget_usd` None is no cap.
    `is_interactive`: somebody waits for each answer.
    """

    task: str
    rows: PlannedRows
    terms: PlanTerms
    resolutions: tuple[Resolution, ...]
    candidates: tuple[CandidatePlan, ...]
    probed: int
    budget_usd: Decimal | None
    is_interactive: bool = False

    @property
    def unpriced(self) -> tuple[str, ...]:
        """The candidates whose cost is unknown, as expected or at worst."""
        return tuple(c.name for c in self.candidates if None in (c.expected.usd, c.worst.usd))

    @property
    def expected_usd(self) -> Decimal | None:
        """The dollars of all candidates as expected, None where one is unknown."""
        return _sum([candidate.expected.usd for candidate in self.candidates])

    @property
    def worst_usd(self) -> Decimal | None:
        """The dollars of all candidates at worst, None where one is unknown."""
        return _sum([candidate.worst.usd for candidate in self.candidates])

    @property
    def known_worst_usd(self) -> Decimal:
        """The dollars at worst of those candidates of which it is known."""
        return sum((c.worst.usd for c in self.candidates if c.worst.usd is not None), Decimal(0))

    @property
    def settling_samples(self) -> int | None:
        """How many samples settle a challenger on average, None where none is settled early."""
        found = [c.samples for c in self.candidates if not c.is_incumbent]
        return ceil(max(found)) if self.terms.stop_early and found else None


def plan_evaluation(
    spec: Spec, *, rows: PlannedRows, probes: Probes, assumed: Sequence[float] = ()
) -> EvaluationPlan:
    """Return what an evaluation can resolve and what it takes.

    Args:
        spec: Its bar, candidates and plan.
        rows: Those that are asked about, with every slice of the bar.
        probes: What tokens are estimated from; a candidate without prompts is left out.
        assumed: True rates to work the figures out for; empty: rates near each bar.
    """
    terms = PlanTerms.of(spec, assumed=assumed)
    resolutions = tuple(
        _resolution(criterion, rows.group(criterion.slice), terms) for criterion in spec.bar
    )
    expectation = _Expectation(resolutions=resolutions, rows=rows, terms=terms)
    return EvaluationPlan(
        task=spec.task.name,
        rows=rows,
        terms=terms,
        resolutions=resolutions,
        candidates=tuple(
            _candidate_plan(spec, candidate, probes, expectation)
            for candidate in spec.candidates
            if probes.prompts.get(candidate.name)
        ),
        probed=max(map(len, probes.prompts.values()), default=0),
        budget_usd=spec.plan.budget_usd,
        is_interactive=bool(spec.task.interactive),
    )


def _candidate_plan(
    spec: Spec, candidate: CandidateSpec, probes: Probes, expectation: "_Expectation"
) -> CandidatePlan:
    is_incumbent = candidate.name == spec.incumbent
    return plan_candidate(
        candidate,
        prompts=probes.prompts[candidate.name],
        counts=Counts(
            expected=expectation.samples(is_incumbent=is_incumbent),
            most=expectation.rows.asked.samples,
            epochs=spec.plan.epochs,
        ),
        is_incumbent=is_incumbent,
        measured=probes.measured.get(candidate.name),
    )


def _resolution(criterion: CriterionSpec, group: RowGroup, terms: PlanTerms) -> Resolution:
    if is_cost(criterion):
        return UnknownResolution(criterion=criterion, group=group)
    resolve = paired_resolution if criterion.comparator is Comparator.WITHIN else rate_resolution
    return resolve(criterion, group, terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Expectation:
    """How many samples a run probably reads: until its slowest required criterion settles.

    The incumbent's run ends with the paired criteria of the others. What cannot be foreseen is
    taken to read all samples.
    """

    resolutions: Sequence[Resolution]
    rows: PlannedRows
    terms: PlanTerms

    def samples(self, *, is_incumbent: bool) -> float:
        """Return how many a candidate's run, or the incumbent's, reads on average."""
        every = self.rows.asked.samples
        deciding = [
            each
            for each in self.resolutions
            if each.criterion.required and (isinstance(each, PairedResolution) or not is_incumbent)
        ]
        if not self.terms.stop_early or not deciding:
            return every
        return max(_settled_after(each, every) for each in deciding)


def _settled_after(resolution: Resolution, every: int) -> float:
    """Return after how many samples of the set a criterion settles on average."""
    if isinstance(resolution, UnknownResolution):
        return every
    mean = resolution.expected.mean_samples
    total = resolution.n if isinstance(resolution, RateResolution) else resolution.group.independent
    return every if mean is None or not total else every * mean / total


def _sum(parts: Sequence[Decimal | None]) -> Decimal | None:
    known = [part for part in parts if part is not None]
    return sum(known, Decimal(0)) if len(known) == len(parts) else None
