"""All runs of an evaluation judged together, from their trials."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evals.domain.attempts import AttemptMetric
from evals.domain.bars import CriterionResult
from evals.domain.estimates import Estimator
from evals.domain.judging import Contender, Rules, judge_all, settled_after
from evals.domain.specs import GRADED, Spec
from evals.domain.subjects import RunGrounds
from evals.models import Evaluation, Run
from evals.models.evaluations import FINAL
from evals.queries.grounds import grounds_of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judgement:
    """One run judged. `settled` is how many places settled it, None where nothing did.

    `places` is how much of the order its figures rest on: that prefix under a stop rule, else all.
    """

    results: tuple[CriterionResult, ...]
    settled: int | None
    places: int
    estimator: Estimator


def judge_runs(evaluation: Evaluation, spec: Spec, runs: Sequence[Run]) -> Mapping[int, Judgement]:
    """Return each run judged as it stands, by its id, in two queries at most.

    A fixed-n plan that is read before its runs have ended says nothing: see `is_readable`.
    """
    grounds = grounds_of(evaluation, spec, runs)
    rules = Rules(
        bar=spec.bar,
        plan=spec.plan,
        graded=GRADED | {line.metric for line in spec.bar if AttemptMetric.of(line.metric)},
    )
    contenders = [Contender(grounds=grounds[run.pk], is_incumbent=run.is_incumbent) for run in runs]
    have_ended = all(run.state in FINAL for run in runs)
    judged = judge_all(rules, contenders, have_ended=have_ended)
    return {
        run.pk: _judgement(rules, run, grounds[run.pk], results)
        for run, results in zip(runs, judged, strict=True)
    }


def is_readable(spec: Spec, runs: Sequence[Run]) -> bool:
    """Return whether criteria may be read now: once at a fixed n, at any time under a stop rule."""
    return spec.plan.stop_early or all(run.state in FINAL for run in runs)


def _judgement(
    rules: Rules, run: Run, grounds: RunGrounds, results: tuple[CriterionResult, ...]
) -> Judgement:
    settled, places = None, grounds.table.places
    if rules.plan.stop_early:
        settled = None if run.is_incumbent else settled_after(results)
        places = grounds.table.prefix if settled is None else settled
    return Judgement(
        results=results,
        settled=settled,
        places=places,
        estimator=Estimator(
            grounds=grounds, upto=places, stop_early=rules.plan.stop_early, graded=rules.graded
        ),
    )
