"""Taking an answer that is stored instead of asking for it again. Only workers import this."""

from collections.abc import Sequence
from dataclasses import replace

from evals.domain.questionhash import question_hash
from evals.domain.specs import EndpointKind
from evals.domain.trials import Question, Reply
from evals.engine.fingerprints import model_fingerprint
from evals.queries.storedanswers import Asked, earlier_runs, stored_answers
from evals.queries.work import RunWork
from evals.services.trials import Pending


class AnswerStore:
    """The answers that one run may take over; whether there can be any is looked up once."""

    def __init__(self, work: RunWork) -> None:
        self._model = model_fingerprint(work.candidate)
        may_reuse = work.run.evaluation.reuse_answers
        # Recorded answers are free, and their file may differ in columns that no prompt shows.
        is_asked = work.candidate.endpoint.kind is not EndpointKind.RECORDED
        self._runs = earlier_runs(work.run) if may_reuse and is_asked else []

    def marked(self, pending: Pending, question: Question) -> Pending:
        """Return the trial-to-be with the hash by which its answer will be found again."""
        return replace(pending, prompt_hash=question_hash(question, model=self._model))

    def found(self, questions: Sequence[tuple[Pending, Question]]) -> list[Reply | None]:
        """Return the stored answer to each question, in order, None where it has to be asked."""
        if not self._runs or not questions:
            return [None] * len(questions)
        asked = [_asked(pending) for pending, _ in questions]
        stored = stored_answers(self._runs, [each for each in asked if each is not None])
        return [stored.get(each) if each is not None else None for each in asked]


def _asked(pending: Pending) -> Asked | None:
    if pending.prompt_hash is None:
        return None
    return Asked(pending.prompt_hash, pending.epoch, pending.sample.pk)
