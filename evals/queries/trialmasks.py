"""The filters of an address as masks over a run's arrays."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evals.domain.specs import Spec
from evals.domain.trials import TrialState
from evals.domain.trialtables import Flags
from evals.models import Run
from evals.queries.humanmasks import human_mask
from evals.queries.runarrays import RunArrays, arrays_of
from evals.queries.samplewords import Indexed, indexed
from evals.queries.setlayouts import set_layout
from evals.queries.trialfilters import SHOWN, TrialFilters
from evals.queries.trialsearch import search


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunLooked:
    """A run, its spec, its arrays, and the arrays of the runs beside it where they are needed.

    `words` says how far the samples' words are stored, where any are looked for.
    """

    run: Run
    spec: Spec
    arrays: RunArrays
    others: Mapping[int, RunArrays]
    incumbent_id: int | None
    words: Indexed | None

    @property
    def metric(self) -> str:
        """The first scorer, by which answers are right or wrong."""
        return self.spec.scorers[0].name


def look(run: Run, spec: Spec, filters: TrialFilters) -> RunLooked:
    """Return the run's arrays; in one query more where other candidates' are asked for."""
    others: list[Run] = []
    if filters.differs:
        others = list(Run.objects.filter(evaluation=run.evaluation_id).exclude(pk=run.pk))
    for other in others:
        other.evaluation = run.evaluation
    found = arrays_of([run, *others], {run.evaluation_id: spec})
    return RunLooked(
        run=run,
        spec=spec,
        arrays=found.pop(run.pk),
        others=found,
        incumbent_id=next((other.pk for other in others if other.is_incumbent), None),
        words=indexed(run.evaluation.version) if filters.text else None,
    )


def shown_masks(looked: RunLooked) -> dict[str, Flags]:
    """Return each choice's trials; wrong is an answer, not a failure."""
    arrays = looked.arrays
    scores = arrays.table.scores[looked.metric]
    is_ok = arrays.is_in(TrialState.OK)
    states = (state for state in TrialState if state.value in SHOWN)
    return {
        "": arrays.table.stored,
        "right": scores == 1,
        "wrong": is_ok & (scores != 1),
        **{state.value: arrays.is_in(state) for state in states},
        "truncated": arrays.truncated,
    }


def matching(looked: RunLooked, filters: TrialFilters, shown: Mapping[str, Flags]) -> Flags:
    """Return the trials that the filters let through.

    A search takes two queries, what people have scored one, everything else none.
    """
    table = looked.arrays.table
    found = table.stored & shown[filters.show]
    for name, figures in (
        ("score", table.scores[looked.metric]),
        ("seconds", table.seconds),
        ("usd", table.usd),
    ):
        low, high = filters.limit(f"{name}_from"), filters.limit(f"{name}_to")
        if low is not None:
            found = found & (figures >= low)
        if high is not None:
            found = found & (figures <= high)
    if filters.slices:
        layout = set_layout(looked.run.evaluation, looked.spec)
        found = found & layout.where(filters.slices)[:, np.newaxis]
    if filters.differs:
        found = found & _differing(looked, filters.differs)
    if filters.human:
        found = found & human_mask(looked.run, looked.arrays, looked.metric, how=filters.human)
    if looked.words is not None:
        column, text = looked.spec.eval_set.input, filters.text
        found &= search(looked.run, looked.arrays, text, column=column, words=looked.words)
    return found


def _differing(looked: RunLooked, how: str) -> Flags:
    """Return where scores differ among those that have one."""
    own = looked.arrays.table.scores[looked.metric]
    differs = np.zeros_like(looked.arrays.truncated)
    for run_id, other in looked.others.items():
        theirs = other.table.scores[looked.metric]
        is_known = ~np.isnan(own) & ~np.isnan(theirs)
        if how == "any":
            differs |= is_known & (own != theirs)
        elif run_id == looked.incumbent_id:
            signs = {"lost": own < theirs, "won": own > theirs, "incumbent": own != theirs}
            differs |= is_known & signs[how]
    return differs
