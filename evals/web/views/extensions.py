"""Going on with an evaluation that ended undecided."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods

from evals.domain.specfile import SpecError
from evals.queries import access
from evals.queries.moresamples import more_samples, next_plan, with_following
from evals.queries.outcomes import load_results
from evals.services.extensions import extend_evaluation
from evals.web.auth import TeamRequest, editor_required
from evals.web.forms.extensions import MoreSamplesForm
from evals.web.pages import form_page, posted

STARTED = {
    True: "Started: what is stored was taken over, and only more is asked.",
    False: "Started on rows that were not asked about before.",
}


@require_http_methods(["GET", "HEAD", "POST"])
@editor_required
def more(request: TeamRequest, evaluation_id: int) -> HttpResponse:
    """Ask how many more samples are wanted, say what they cost, and have them asked."""
    found = get_object_or_404(
        with_following(access.evaluations_for(request.team)).select_related(
            "task__team", "version"
        ),
        pk=evaluation_id,
    )
    results = load_results(found)
    offer = more_samples(results)
    if offer is not None and offer.next_id is not None:
        return redirect("evals:evaluation", offer.next_id)
    if offer is None or not offer.can_ask:
        raise Http404
    form = MoreSamplesForm(posted(request), offer=offer)
    if form.is_valid():
        plan = next_plan(results, offer, form.chosen)
        try:
            made = extend_evaluation(evaluation=found, plan=plan, user=request.user)
        except SpecError as error:
            form.add_error("samples", [problem.message for problem in error.problems])
        else:
            messages.success(request, STARTED[offer.is_sequential])
            return redirect("evals:evaluation", made.pk)
    return form_page(request, "evals/evaluation_more.html", form, offer)
