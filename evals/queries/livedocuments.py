"""The documents of an evaluation whose verdicts are not written, for pages that are polled."""

from collections.abc import Sequence

from evals.domain.specs import Spec
from evals.models import Evaluation, Run
from evals.queries.kept import Kept
from evals.queries.livecounts import count_live_runs
from evals.queries.results import Document, computed_documents, unread_documents

_ended: Kept[list[Document]] = Kept(256)


def live_documents(evaluation: Evaluation, spec: Spec, runs: Sequence[Run]) -> list[Document]:
    """Return the documents as counted now; those of a fixed plan lack latencies.

    A fixed plan is not judged here even when its last run has ended: whoever writes the verdicts
    does so once, and pages that ask meanwhile would do it again and again. What was cancelled
    never changes, so its documents are kept in this process.
    """
    if evaluation.finished_at is not None:
        key = (evaluation.pk, evaluation.finished_at)
        return _ended.get(key, lambda: computed_documents(evaluation, spec, runs))
    if spec.plan.stop_early:
        return computed_documents(evaluation, spec, runs)
    return unread_documents(spec, runs, count_live_runs(evaluation, spec, runs))
