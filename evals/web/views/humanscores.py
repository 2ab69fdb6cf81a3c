"""A person's score of a trial: saved, taken back, put back."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from evals.domain.specs import GRADED
from evals.models import HumanScore, Trial
from evals.queries import access
from evals.queries.specs import frozen_spec
from evals.services import humanscores
from evals.web.auth import TeamRequest, editor_required
from evals.web.forms.humanscores import HumanScoreForm
from evals.web.undo import done


@require_POST
@editor_required
def save(request: TeamRequest, run_id: int, trial_id: int) -> HttpResponse:
    """Store what the person says this output is worth."""
    trial = _trial(request, run_id, trial_id)
    scorers = frozen_spec(trial.run.evaluation).scorers
    choices = [(scorer.name, scorer.name in GRADED) for scorer in scorers]
    form = HumanScoreForm(request.POST, choices=choices)
    if form.is_valid():
        saved = humanscores.save_human_score(
            trial=trial,
            said=humanscores.Said(**form.cleaned_data),
            user=request.user,
            now=timezone.now(),
        )
        words = "Your score is kept beside the automatic one."
        done(request, words, "human_score_withdraw", run_id, trial_id, saved.pk)
    else:
        for problem in form.errors.values():
            messages.error(request, str(problem[0]))
    return _back(request, run_id, trial_id)


@require_POST
@editor_required
def withdraw(request: TeamRequest, run_id: int, trial_id: int, score_id: int) -> HttpResponse:
    """Take a score back."""
    trial = _trial(request, run_id, trial_id)
    score = get_object_or_404(HumanScore, pk=score_id, trial=trial)
    if humanscores.withdraw_human_score(
        score=score, trial=trial, user=request.user, now=timezone.now()
    ):
        words = "Taken back: the automatic score stands alone."
        done(request, words, "human_score_restore", run_id, trial_id, score_id)
    return _back(request, run_id, trial_id)


@require_POST
@editor_required
def restore(request: TeamRequest, run_id: int, trial_id: int, score_id: int) -> HttpResponse:
    """Put a score back that was taken back."""
    trial = _trial(request, run_id, trial_id)
    score = get_object_or_404(HumanScore, pk=score_id, trial=trial)
    if humanscores.restore_human_score(
        score=score, trial=trial, user=request.user, now=timezone.now()
    ):
        done(request, "Put back.", "human_score_withdraw", run_id, trial_id, score_id)
    return _back(request, run_id, trial_id)


def _trial(request: TeamRequest, run_id: int, trial_id: int) -> Trial:
    found = access.trials_for(request.team).select_related("run__evaluation__task__team")
    return get_object_or_404(found, pk=trial_id, run=run_id)


def _back(request: TeamRequest, run_id: int, trial_id: int) -> HttpResponse:
    """Return to the page as it was filtered."""
    query = request.POST.get("query", "")
    address = reverse("evals:trial", args=[run_id, trial_id])
    return redirect(address + query if query.startswith("?") else address)
