"""What evaluations are made of and stand among: candidates, endpoints, models, prices, workers."""

from django.http import Http404, HttpResponse
from django.utils import timezone
from ninja import Router
from ninja.params.functions import Query

from evals.api.auth import ApiRequest, found_or_404
from evals.api.documents import replies
from evals.api.replies import document
from evals.api.schemas import CandidateOut, Candidates, Prices, Shown
from evals.queries import access
from evals.queries.candidatedocuments import (
    candidates_document,
    endpoints_document,
    one_candidate_document,
    one_endpoint_document,
)
from evals.queries.candidates import with_parts
from evals.queries.modelpages import found_model, model_page
from evals.queries.models import models_page
from evals.queries.plaindocuments import plain
from evals.queries.portfolio import portfolio_page
from evals.queries.pricedocuments import prices_document
from evals.queries.workerpages import workers_page

router = Router(tags=["Catalogue"])
LONGEST = 200  # of what is searched


@router.get("/candidates", response=replies(Candidates, 404, 422), summary="Candidates")
def candidates(
    request: ApiRequest,
    task: int | None = Query(None, description="Only those of this task."),
    *,
    archived: bool = Query(default=False, description="Those taken out of the choice."),
) -> HttpResponse:
    """Return the candidates by task and name, in the shape of the spec file."""
    team = request.auth.team
    if task is not None:
        found_or_404(access.tasks_for(team), task, "task")
    return document(candidates_document(team, task_id=task, archived=archived))


@router.get("/candidates/{int:candidate_id}", response=replies(CandidateOut, 404))
def candidate(request: ApiRequest, candidate_id: int) -> HttpResponse:
    """Return a candidate, and what its page shows."""
    found = with_parts(access.candidates_for(request.auth.team))
    return document(one_candidate_document(found_or_404(found, candidate_id, "candidate")))


@router.get("/endpoints", response=replies(Shown))
def endpoints(request: ApiRequest) -> HttpResponse:
    """Return the endpoints, the newest first; of a key its name alone."""
    return document(endpoints_document(request.auth.team))


@router.get("/endpoints/{int:endpoint_id}", response=replies(Shown, 404))
def endpoint(request: ApiRequest, endpoint_id: int) -> HttpResponse:
    """Return an endpoint with what its page shows; of a key its name alone."""
    found = access.endpoints_for(request.auth.team).select_related("secret")
    return document(one_endpoint_document(found_or_404(found, endpoint_id, "endpoint")))


@router.get("/models", response=replies(Shown, 422))
def models(
    request: ApiRequest,
    q: str = Query("", description="Words of a name, a developer or a licence."),
    openness: str = Query("", pattern="^(open|closed)?$", description="open or closed"),
) -> HttpResponse:
    """Return the team's models and the catalogue's, as searched for."""
    today = timezone.now().date()
    page = models_page(request.auth.team, query=_said(q), openness=openness, today=today)
    return document(plain(page))


@router.get("/models/{path:key}", response=replies(Shown, 404))
def model(request: ApiRequest, key: str) -> HttpResponse:
    """Return what is known of a model, by the `key` of the list."""
    found = found_model(request.auth.team, key.replace("\0", ""))
    if found is None:
        raise Http404(f"found no model {key!r} of this token's team or the catalogue")
    return document(plain(model_page(found, today=timezone.now().date())))


@router.get("/portfolio", response=replies(Shown))
def portfolio(
    request: ApiRequest,
    shock: str | None = Query(None, description="The key of a shock to replay, or none."),
) -> HttpResponse:
    """Return every task against every candidate, what it costs, and what can move today."""
    page = portfolio_page(request.auth.team, shock=shock, now=timezone.now())
    return document(plain(page))


@router.get("/prices", response=replies(Prices))
def prices(
    request: ApiRequest,
    q: str = Query("", description="Words of a provider or a model."),
    provider: str = "",
    after: str = Query("", description="The `next` of a page."),
) -> HttpResponse:
    """Return a page of today's public prices; amounts are text, in exact US dollars."""
    said = {"search": _said(q), "provider": _said(provider), "after": _said(after)}
    return document(prices_document(**said, on=timezone.now().date()))


@router.get("/workers", response=replies(Shown))
def workers(request: ApiRequest) -> HttpResponse:
    """Return the pools, the hosts, and what this team's runs wait for."""
    return document(plain(workers_page(request.auth.team, now=timezone.now())))


def _said(text: str) -> str:
    """Return a parameter without what no column can hold."""
    return text[:LONGEST].replace("\0", "").strip()
