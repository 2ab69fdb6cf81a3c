"""The smoke stage: a run whose first answers are all bad alike pauses before the rest is paid."""

from evals.domain.smoke import SMOKE_SAMPLES, smoke_problem
from evals.domain.specs import EndpointKind
from evals.models import Evaluation, Run
from evals.queries.firstanswers import first_answers
from evals.queries.work import RunWork
from evals.services.evaluations import pause_run


class SmokeTest:
    """Looks at what one run stored first. Answers that exist already cost nothing, so go on."""

    def __init__(self, work: RunWork) -> None:
        run = work.run
        self.is_due = (
            not run.is_smoke_tested
            and work.candidate.endpoint.kind is not EndpointKind.RECORDED
            and run.evaluation.sample_count >= SMOKE_SAMPLES
        )
        self._run_id = run.pk
        self._scorer = work.spec.scorers[0].name

    def has_paused(self) -> bool:
        """Return whether the first answers have just paused the run; it is due no more with them.

        Of several workers one does it, once in the life of a run: whoever resumes knows.
        """
        answers = first_answers(self._run_id, scorer=self._scorer)
        if len(answers) < SMOKE_SAMPLES:
            return False
        self.is_due = False
        untested = Run.objects.filter(pk=self._run_id, is_smoke_tested=False)
        problem = smoke_problem(answers)
        if not untested.update(is_smoke_tested=True) or problem is None:
            return False
        pause_run(run_id=self._run_id, message=f"{problem}. Resuming goes on all the same.")
        return True


def skip_smoke_test(*, evaluation: Evaluation) -> None:
    """Let no run of the evaluation be paused by its first answers."""
    evaluation.runs.update(is_smoke_tested=True)
