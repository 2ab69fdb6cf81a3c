"""What is left of a run to ask: leased shard by shard, each sample's prompt rendered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone

from evals.domain.order import shuffled_order
from evals.domain.prompts import PromptError, render
from evals.domain.trials import Question, RecordedAnswer, Reply, TrialState
from evals.models import Sample, Shard
from evals.queries.work import RunWork, recorded_answers, samples_at, stored_trials
from evals.services.candidates import key_hash, recorded_key
from evals.services.shards import claim_shard
from evals.services.trials import Pending, TrialWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasedQuestions:
    """What one shard lacks: what can be asked, and what no prompt can be made of."""

    asked: list[tuple[Pending, Question]]
    failed: list[tuple[Pending, Reply]]


class OpenQuestions:
    """The unasked questions of one run, for one holder. All of it touches the database."""

    def __init__(self, work: RunWork, *, holder: str, writer: TrialWriter) -> None:
        evaluation = work.run.evaluation
        self._work = work
        self._holder = holder
        self._writer = writer
        self._order = shuffled_order(evaluation.version.sample_count, seed=work.spec.plan.seed)

    def lease(self) -> LeasedQuestions | None:
        """Take the next shard and return what it lacks; None when there is none to be had."""
        shard = claim_shard(run_id=self._work.run.pk, holder=self._holder, now=timezone.now())
        if shard is None:
            return None
        leased = LeasedQuestions(asked=[], failed=[])
        for pending in self._pending(shard):
            try:
                leased.asked.append((pending, self._question(pending)))
            except PromptError as error:
                reply = Reply(state=TrialState.INFRA_ERROR, error=str(error), attempts=0)
                leased.failed.append((pending, reply))
        self._writer.expect(shard.pk, len(leased.asked) + len(leased.failed))
        return leased

    def recorded(self, keys: Sequence[str]) -> Mapping[str, RecordedAnswer]:
        """Return the recorded answers to these keys, without those that there are none for."""
        return recorded_answers(
            self._work.run.candidate.endpoint_id, {key_hash(key): key for key in keys}
        )

    def _pending(self, shard: Shard) -> list[Pending]:
        done, evaluation = stored_trials(shard), self._work.run.evaluation
        wanted = [
            (place, epoch)
            for place in range(shard.start, shard.stop)
            for epoch in range(evaluation.epochs)
            if (place, epoch) not in done
        ]
        samples = samples_at(
            version_id=evaluation.version_id,
            positions=[self._order[place] for place, _ in wanted],
        )
        return [
            Pending(shard_id=shard.pk, place=place, epoch=epoch, sample=samples[self._order[place]])
            for place, epoch in wanted
        ]

    def _question(self, pending: Pending) -> Question:
        sample, spec, candidate = pending.sample, self._work.spec, self._work.candidate
        return Question(
            sample=sample.pk,
            epoch=pending.epoch,
            prompt=render(candidate.harness.prompt, sample.input, target=spec.eval_set.target),
            system=candidate.harness.system,
            key=_key(sample, key_column=candidate.endpoint.key, input_column=spec.eval_set.input),
            target=sample.target,
        )


def _key(sample: Sample, *, key_column: str | None, input_column: str) -> str | None:
    if key_column is None:
        return None
    return recorded_key(sample, key_column=key_column, input_column=input_column)
