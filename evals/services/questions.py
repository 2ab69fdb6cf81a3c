"""What is left of a run to ask: leased shard by shard, each sample's prompt rendered."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.conf import settings
from django.utils import timezone

from evals.domain.prompts import PromptError, render
from evals.domain.trials import Question, RecordedAnswer, Reply, TrialState
from evals.models import Shard
from evals.queries.orders import asking_order
from evals.queries.work import AskedSample, RunWork, recorded_answers, samples_at, stored_trials
from evals.services.candidates import key_hash, recorded_key
from evals.services.reuse import AnswerStore
from evals.services.shards import claim_shards
from evals.services.trials import Pending, TrialWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasedQuestions:
    """What one shard lacks: what has to be asked, and what ends without asking.

    The latter are answers that are stored already, and samples that no prompt can be made of.
    """

    asked: list[tuple[Pending, Question]]
    answered: list[tuple[Pending, Reply]]


class OpenQuestions:
    """The unasked questions of one run, for one holder. All of it touches the database."""

    def __init__(self, work: RunWork, *, holder: str, writer: TrialWriter) -> None:
        evaluation = work.run.evaluation
        self._work = work
        self._holder = holder
        self._writer = writer
        self._stored = AnswerStore(work)
        self._order = asking_order(evaluation, work.spec)

    def lease(self, questions: int = 1) -> LeasedQuestions | None:
        """Take the next shards, of about so many questions, and return what they lack.

        It is one shard at least, and None when there is none to be had.
        """
        most = max(1, questions // (settings.SHARD_SIZE * self._work.run.evaluation.epochs))
        shards = claim_shards(
            run_id=self._work.run.pk,
            holder=self._holder,
            now=timezone.now(),
            most=most,
            known=self._writer.open_shards(),
        )
        if not shards:
            return None
        pending = self._pending(shards)
        lacking = Counter(each.shard_id for each in pending)
        leased = self._sorted(pending)
        self._writer.expect({shard.pk: lacking[shard.pk] for shard in shards})
        return leased

    def recorded(self, keys: Sequence[str]) -> Mapping[str, RecordedAnswer]:
        """Return the recorded answers to these keys, without those that there are none for."""
        return recorded_answers(
            self._work.run.candidate.endpoint_id, {key_hash(key): key for key in keys}
        )

    def _sorted(self, pending: Sequence[Pending]) -> LeasedQuestions:
        leased, rendered = LeasedQuestions(asked=[], answered=[]), []
        for each in pending:
            try:
                question = self._question(each)
            except PromptError as error:
                reply = Reply(state=TrialState.INFRA_ERROR, error=str(error), attempts=0)
                leased.answered.append((each, reply))
            else:
                rendered.append((self._stored.marked(each, question), question))
        for (each, question), stored in zip(rendered, self._stored.found(rendered), strict=True):
            if stored is None:
                leased.asked.append((each, question))
            else:
                leased.answered.append((replace(each, is_reused=True), stored))
        return leased

    def _pending(self, shards: Sequence[Shard]) -> list[Pending]:
        done, evaluation = stored_trials(shards), self._work.run.evaluation
        wanted = [
            (shard.pk, place, epoch)
            for shard in shards
            for place in range(shard.start, shard.stop)
            for epoch in range(evaluation.epochs)
            if (place, epoch) not in done
        ]
        samples = samples_at(
            version_id=evaluation.version_id,
            positions=[self._order[place] for _, place, _ in wanted],
        )
        return [
            Pending(shard_id=shard, place=place, epoch=epoch, sample=samples[self._order[place]])
            for shard, place, epoch in wanted
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


def _key(sample: AskedSample, *, key_column: str | None, input_column: str) -> str | None:
    if key_column is None:
        return None
    return recorded_key(sample, key_column=key_column, input_column=input_column)
