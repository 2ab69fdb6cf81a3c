"""What a worker needs to know to carry out a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Q

from evals.domain.specs import CandidateSpec, Spec
from evals.domain.trials import RecordedAnswer, Usage
from evals.models import RecordedAnswerRow, Run, Sample, Shard, Trial
from evals.models.evaluations import LIVE
from evals.queries.specs import frozen_spec
from evals.queries.states import JUDGED_STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWork:
    """One run as frozen: what to ask of whom about which samples, in which order."""

    run: Run
    spec: Spec
    candidate: CandidateSpec


class AskedSample(NamedTuple):
    """What asking and scoring need of a sample; thousands a second are read."""

    pk: int
    key: str | None
    input: dict[str, Any]
    target: str


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


def run_state(run_id: int) -> str | None:
    """Return the run's state as it is stored, None for a run that is gone."""
    return Run.objects.filter(pk=run_id).values_list("state", flat=True).first()


def has_answers(run_id: int) -> bool:
    """Return whether anybody ever had an answer from the run's endpoint."""
    return Trial.objects.filter(run_id=run_id, state__in=JUDGED_STATES).exists()


def samples_at(*, version_id: int, positions: Sequence[int]) -> dict[int, AskedSample]:
    """Return the samples at these positions of the version, by position."""
    samples = Sample.objects.at(version_id, positions)
    rows = samples.values_list("position", "pk", "key", "input", "target")
    return {position: AskedSample(*row) for position, *row in rows}


def stored_trials(shards: Sequence[Shard]) -> set[tuple[int, int]]:
    """Return the (place, epoch) of every trial that shards of one run have already."""
    places = Q()
    for shard in shards:
        places |= Q(place__gte=shard.start, place__lt=shard.stop)
    trials = Trial.objects.filter(places, run_id=shards[0].run_id)
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
