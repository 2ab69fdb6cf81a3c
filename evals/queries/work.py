"""What a worker needs to know to carry out a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from evals.domain.specs import CandidateSpec, Spec
from evals.domain.trials import RecordedAnswer, Usage
from evals.models import RecordedAnswerRow, Run, Sample, Shard, Trial
from evals.models.evaluations import LIVE
from evals.queries.facts import count_runs
from evals.queries.specs import frozen_spec


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWork:
    """One run as frozen: what to ask of whom about which samples, in which order."""

    run: Run
    spec: Spec
    candidate: CandidateSpec


def run_work(run_id: int) -> RunWork:
    """Return the work of a run, in one query."""
    run = Run.objects.select_related(
        "evaluation__version", "evaluation__task__team", "candidate__endpoint__secret"
    ).get(pk=run_id)
    spec = frozen_spec(run.evaluation)
    return RunWork(run=run, spec=spec, candidate=spec.candidates[run.position])


def is_live(run_id: int) -> bool:
    """Return whether anything may still be asked for the run."""
    return Run.objects.filter(pk=run_id, state__in=LIVE).exists()


def samples_at(*, version_id: int, positions: Sequence[int]) -> dict[int, Sample]:
    """Return the samples at these positions of the version, by position."""
    samples = Sample.objects.filter(version_id=version_id, position__in=positions)
    return {sample.position: sample for sample in samples}


def stored_trials(shard: Shard) -> set[tuple[int, int]]:
    """Return the (place, epoch) of every trial that the shard has already."""
    trials = Trial.objects.filter(run_id=shard.run_id, place__gte=shard.start, place__lt=shard.stop)
    return set(trials.values_list("place", "epoch"))


def recorded_answers(endpoint_id: int, hashes: Mapping[str, str]) -> Mapping[str, RecordedAnswer]:
    """Return the recorded answers by key; `hashes` maps each key's hash to the key."""
    rows = RecordedAnswerRow.objects.filter(endpoint_id=endpoint_id, key_hash__in=list(hashes))
    return {
        hashes[row.key_hash]: RecordedAnswer(
            output=row.output,
            usage=Usage(input_tokens=row.input_tokens, output_tokens=row.output_tokens),
            latency_seconds=row.latency_seconds,
        )
        for row in rows
    }


def spent_usd(work: RunWork) -> Decimal:
    """Return what the evaluation's runs have cost so far, as far as it is known."""
    evaluation = work.run.evaluation
    counted = count_runs(evaluation, work.spec, list(evaluation.runs.all()))
    return sum((c.facts.cost.total_usd or Decimal(0) for c in counted.values()), Decimal(0))
