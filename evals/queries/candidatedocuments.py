"""Candidates and endpoints as documents: in the shape of the spec file, of a key its name alone."""

from dataclasses import replace
from typing import Any

from django.db.models import QuerySet

from evals.domain.specendpoints import names_local_model
from evals.domain.specs import CandidateSpec
from evals.domain.specwriting import written_candidate
from evals.models import Candidate, Endpoint, Team
from evals.queries.access import candidates_for
from evals.queries.candidates import candidate_page, with_parts
from evals.queries.endpointprices import model_label
from evals.queries.endpoints import endpoint_page, endpoints_page
from evals.queries.plaindocuments import plain
from evals.queries.specs import candidate_spec

Document = dict[str, Any]
LISTED = 200
# What only the command line may say of an endpoint: it may hold keys and paths of its machine.
WITHHELD = ("arguments", "extra_body")


def candidates_document(team: Team, *, task_id: int | None, archived: bool) -> Document:
    """Return a team's candidates, perhaps of one task, in a query; `more` says that there are."""
    found = candidates_for(team).filter(archived_at__isnull=not archived)
    if task_id is not None:
        found = found.filter(task=task_id)
    rows = list(_in_order(with_parts(found))[: LISTED + 1])
    listed = [candidate_document(row) for row in rows[:LISTED]]
    return {"candidates": listed, "more": len(rows) > LISTED}


def candidate_document(candidate: Candidate) -> Document:
    """Return a candidate; select its parts beforehand."""
    return {
        "id": candidate.pk,
        "task_id": candidate.task_id,
        "task": candidate.task.name,
        "is_incumbent": candidate.task.incumbent_id == candidate.pk,
        "is_archived": candidate.archived_at is not None,
        "endpoint_id": candidate.endpoint_id,
        "model_id": candidate.model_id,
        "spec": spec_document(candidate_spec(candidate)),
    }


def one_candidate_document(candidate: Candidate) -> Document:
    """Return a candidate with what its page shows."""
    return {**candidate_document(candidate), "shown": plain(candidate_page(candidate))}


def endpoints_document(team: Team) -> Document:
    """Return a team's endpoints, the newest first, in two queries."""
    return {"endpoints": plain(endpoints_page(team))}


def one_endpoint_document(endpoint: Endpoint) -> Document:
    """Return an endpoint with what its page shows; select its secret beforehand."""
    page = endpoint_page(endpoint)
    prices = replace(page.prices, models=())
    return {
        "id": endpoint.pk,
        "kind": endpoint.kind,
        "pool": endpoint.pool,
        "models": [model_label(model) for model in page.prices.models],
        "shown": plain(replace(page, prices=prices)),
    }


def spec_document(spec: CandidateSpec) -> Document:
    """Return a candidate as a spec file has it, but for what is its machine's business."""
    written: Document = plain(written_candidate(spec))
    written["endpoint"] = {k: v for k, v in written["endpoint"].items() if k not in WITHHELD}
    written["harness"] = {k: v for k, v in written["harness"].items() if k not in WITHHELD}
    if names_local_model(spec):
        written["model"]["id"] = spec.model.id.rpartition("/")[2]
    if spec.endpoint.file:
        written["endpoint"]["file"] = spec.endpoint.file.rpartition("/")[2]
    return written


def _in_order(found: QuerySet[Candidate]) -> QuerySet[Candidate]:
    return found.order_by("task__name", "name", "pk")
