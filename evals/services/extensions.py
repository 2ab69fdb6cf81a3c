"""Going on where an evaluation ended undecided; what it found never changes."""

from dataclasses import replace

from django.db import transaction
from django.utils import timezone

from evals.domain.specfile import SpecError
from evals.domain.specs import PlanSpec
from evals.domain.trials import TrialState
from evals.models import Evaluation, User
from evals.models.evaluations import RunState
from evals.queries.slices import slice_problems
from evals.queries.specs import frozen_spec
from evals.services.audit import record_evaluation
from evals.services.evaluations import start_evaluation
from evals.services.retries import carry_over, finish_whole_shards, same_grounds
from evals.services.stopping import settle_runs

# Never judged, so asking again shows what was not known. A model_error was: it has no second try.
ASKED_AGAIN = (TrialState.INFRA_ERROR, TrialState.SCORER_ERROR)


@transaction.atomic
def extend_evaluation(*, evaluation: Evaluation, plan: PlanSpec, user: User | None) -> Evaluation:
    """Start another evaluation of the same frozen spec by a plan that asks about more of the set.

    Where it goes through the same places of the order, every answer that was judged is taken over;
    where it skips them, nothing is, since the samples are others. A double press starts it once.

    Raises:
        SpecError: If the plan asks about no sample, or about none of a slice of the bar.
    """
    first = Evaluation.objects.select_for_update(of=("self",)).get(pk=evaluation.pk)
    if started := _started(first, plan):
        return started
    spec, grounds = frozen_spec(first), same_grounds(first)
    if problems := [*slice_problems(grounds.version, spec.bar, plan)]:
        raise SpecError(problems)
    is_longer = plan.skip_samples == spec.plan.skip_samples
    made = start_evaluation(spec=replace(spec, plan=plan), grounds=grounds, user=user)
    if is_longer:
        carry_over(first, made, ASKED_AGAIN)
        finish_whole_shards(made)
        settle_runs(evaluation_id=made.pk, now=timezone.now())
    action = "evaluation extended" if is_longer else "evaluation on unused rows"
    record_evaluation(made, action=action, user=user, extends=first.number)
    return made


def _started(first: Evaluation, plan: PlanSpec) -> Evaluation | None:
    later = Evaluation.objects.filter(extends=first).exclude(state=RunState.CANCELLED)
    return next((each for each in later if frozen_spec(each).plan == plan), None)
