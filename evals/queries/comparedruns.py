"""Runs that can be compared: of one eval-set version, and by the scorers that they share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evals.domain.comparisons import Compared, any_along, sample_means
from evals.domain.specs import CandidateSpec, ScorerSpec, Spec
from evals.domain.trials import TrialState
from evals.domain.trialtables import Flags, Layout, TrialTable
from evals.models import Run
from evals.models.evaluations import FINAL
from evals.queries import figures
from evals.queries.outcomes import CandidateName, candidate_name
from evals.queries.runarrays import RunArrays, arrays_of
from evals.queries.setlayouts import set_layout
from evals.queries.specs import frozen_spec

LEAST, MOST = 2, 8
FAILED = (
    TrialState.NO_ANSWER,
    TrialState.MODEL_ERROR,
    TrialState.INFRA_ERROR,
    TrialState.SCORER_ERROR,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ComparedRun:
    """One run of a comparison; `table` holds what its figures rest on."""

    run: Run
    spec: Spec
    name: CandidateName
    label: str
    arrays: RunArrays
    table: TrialTable

    @property
    def candidate(self) -> CandidateSpec:
        """The candidate as it was frozen."""
        return self.spec.candidates[self.run.position]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """Runs of one version, the baseline first, the scorers they share, and what to know."""

    runs: tuple[ComparedRun, ...]
    scorers: tuple[ScorerSpec, ...]
    layout: Layout
    warnings: tuple[str, ...]

    @property
    def baseline(self) -> ComparedRun:
        """The run that the others are held against."""
        return self.runs[0]

    def compared(self, metric: str) -> Compared:
        """Return the scores of all runs by one metric."""
        means = [sample_means(each.table.scores[metric]) for each in self.runs]
        return Compared(
            baseline=means[0],
            others=np.array(means[1:]),
            stored=_any([each.arrays.table.stored for each in self.runs]),
            failed=_any([each.arrays.is_in(*FAILED) for each in self.runs]),
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why runs cannot be compared."""

    reason: str


def compare_runs(runs: Sequence[Run], *, baseline: int | None) -> Comparison | Refusal:
    """Return the comparison, in no query for runs that have ended and are kept, else in three.

    Select each run's evaluation, task, version and candidate beforehand. Without a baseline the
    incumbent is it, else the first run.
    """
    specs = _specs(runs)
    if refusal := _refusal(runs, specs):
        return refusal
    ordered = sorted(runs, key=lambda run: run.pk != _baseline(runs, baseline))
    shared = _shared([specs[run.evaluation_id] for run in ordered])
    first, arrays = ordered[0], arrays_of(ordered, specs)
    return Comparison(
        runs=tuple(
            _compared(run, specs[run.evaluation_id], arrays[run.pk], runs) for run in ordered
        ),
        scorers=shared,
        layout=set_layout(first.evaluation, specs[first.evaluation_id]),
        warnings=tuple(_warnings(ordered, specs, shared)),
    )


def _specs(runs: Sequence[Run]) -> dict[int, Spec]:
    evaluations = {run.evaluation_id: run.evaluation for run in runs}
    return {pk: frozen_spec(evaluation) for pk, evaluation in evaluations.items()}


def _baseline(runs: Sequence[Run], wanted: int | None) -> int:
    ids = {run.pk for run in runs}
    if wanted in ids and wanted is not None:
        return wanted
    return next((run.pk for run in runs if run.is_incumbent), runs[0].pk)


def _refusal(runs: Sequence[Run], specs: Mapping[int, Spec]) -> Refusal | None:
    if not LEAST <= len(runs) <= MOST:
        found = figures.plural(len(runs), "run")
        return Refusal(f"Found {found}, expected {LEAST} to {MOST}.")
    versions = {run.evaluation.version_id: run for run in runs}
    if len(versions) > 1:
        sets = " and ".join(
            f"v{run.evaluation.version.number} of {run.evaluation.task.name}"
            for run in versions.values()
        )
        return Refusal(f"They were asked about different samples: eval set {sets}.")
    if not _shared([specs[run.evaluation_id] for run in runs]):
        return Refusal("They share no scorer with the same options, so no figure is comparable.")
    return None


def _shared(specs: Sequence[Spec]) -> tuple[ScorerSpec, ...]:
    """Return the scorers that every spec has with the same options, in the first one's order."""
    return tuple(s for s in specs[0].scorers if all(s in spec.scorers for spec in specs))


def _warnings(
    runs: Sequence[Run], specs: Mapping[int, Spec], shared: Sequence[ScorerSpec]
) -> list[str]:
    found = []
    names = {scorer.name for spec in specs.values() for scorer in spec.scorers}
    if left := sorted(names - {scorer.name for scorer in shared}):
        found.append(f"The scorers differ. Left out, as not all runs have it: {', '.join(left)}.")
    if len({run.evaluation.epochs for run in runs}) > 1:
        found.append("Some were asked more often: each sample counts once, by its mean.")
    if live := [run for run in runs if run.state not in FINAL]:
        found.append(f"{figures.plural(len(live), 'run')} not ended: figures still move.")
    if any(spec.plan.stop_early for spec in specs.values()):
        found.append("A stop rule ended some runs early: the samples that both have are compared.")
    return found


def _compared(run: Run, spec: Spec, arrays: RunArrays, runs: Sequence[Run]) -> ComparedRun:
    table = _prefix(arrays) if spec.plan.stop_early else arrays.table
    if len({each.evaluation.epochs for each in runs}) > 1:
        table = _one_each(table)
    name = candidate_name(spec.candidates[run.position], is_incumbent=run.is_incumbent)
    several = len({each.evaluation_id for each in runs}) > 1
    label = f"{name.name}, evaluation {run.evaluation.number}" if several else name.name
    return ComparedRun(run=run, spec=spec, name=name, label=label, arrays=arrays, table=table)


def _prefix(arrays: RunArrays) -> TrialTable:
    """Return what a stop rule may read: the places before the first that lacks a trial."""
    table, places = arrays.table, arrays.places
    is_whole = table.stored.all(axis=1)
    whole = np.sort(places[is_whole & (places >= 0)])
    gaps = np.flatnonzero(whole != np.arange(len(whole)))
    prefix = int(gaps[0]) if len(gaps) else len(whole)
    inside = ((places >= 0) & (places < prefix))[:, np.newaxis]
    return replace(
        table,
        judged=table.judged & inside,
        scores={name: np.where(inside, scores, np.nan) for name, scores in table.scores.items()},
        seconds=np.where(inside, table.seconds, np.nan),
        usd=np.where(inside, table.usd, np.nan),
    )


def _one_each(table: TrialTable) -> TrialTable:
    """Return one figure for each sample: the mean of its epochs."""
    return replace(
        table,
        stored=any_along(table.stored, axis=1)[:, np.newaxis],
        judged=any_along(table.judged, axis=1)[:, np.newaxis],
        refused=~any_along(~table.refused, axis=1)[:, np.newaxis],
        scores={name: sample_means(s)[:, np.newaxis] for name, s in table.scores.items()},
        seconds=sample_means(table.seconds)[:, np.newaxis],
        usd=sample_means(table.usd)[:, np.newaxis],
    )


def _any(flags: Sequence[Flags]) -> Flags:
    """Return the samples of which any trial of any run is flagged; epochs may differ."""
    return any_along(np.array([any_along(each, axis=1) for each in flags]), axis=0)
