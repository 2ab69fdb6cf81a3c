"""The stop rule at work: runs end when their required criteria are settled."""

from collections.abc import Mapping
from datetime import datetime

from evals.domain.bars import CriterionState
from evals.models import Evaluation, Run
from evals.models.evaluations import FINAL, LIVE, RunState
from evals.queries.judgements import Judgement, judge_runs
from evals.queries.specs import frozen_spec


def settle_runs(*, evaluation_id: int, now: datetime) -> int:
    """End the live runs that are settled, and the incumbent's once nobody is compared with it.

    What is in flight is still stored. The incumbent makes no claim: it is asked until the paired
    criteria of the others are settled, or for as long as they are.

    Returns:
        How many runs were ended.
    """
    evaluation = Evaluation.objects.select_related("version").get(pk=evaluation_id)
    spec = frozen_spec(evaluation)
    runs = list(evaluation.runs.order_by("position"))
    if not spec.plan.stop_early or not any(run.state in LIVE for run in runs):
        return 0
    judged = judge_runs(evaluation, spec, runs)
    ended = 0
    others = [run for run in runs if not run.is_incumbent]
    for run in others:
        if (places := judged[run.pk].settled) is not None:
            ended += _end(run, _words(places, evaluation), settled_after=places, now=now)
    for run in runs if others else ():  # alone it was asked for its own sake
        if run.is_incumbent and not any(_needs(other, judged, run) for other in others):
            words = "ended with the other candidates: it makes no claim of its own"
            ended += _end(run, words, settled_after=None, now=now)
    return ended


def _end(run: Run, words: str, *, settled_after: int | None, now: datetime) -> int:
    """Complete a run that is still live; another worker may have been quicker."""
    ended = Run.objects.filter(pk=run.pk, state__in=LIVE).update(
        state=RunState.COMPLETED, message=words, settled_after=settled_after, finished_at=now
    )
    if ended:
        run.state = RunState.COMPLETED
    return ended


def _words(places: int, evaluation: Evaluation) -> str:
    return f"settled after {places:,} of {evaluation.sample_count:,} samples"


def _needs(other: Run, judged: Mapping[int, Judgement], incumbent: Run) -> bool:
    """Return whether a run may still be compared with more of the incumbent's answers."""
    if other.state not in FINAL:
        return True
    judgement = judged[other.pk]
    if judgement.settled is not None or not _has_open_pairs(judgement):
        return False
    return judged[incumbent.pk].places < judgement.places


def _has_open_pairs(judgement: Judgement) -> bool:
    return any(
        result.criterion.is_paired
        and result.criterion.required
        and result.state is CriterionState.UNSETTLED
        for result in judgement.results
    )
