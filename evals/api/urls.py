"""The API, and where it hangs."""

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Router

from evals.api.auth import TokenAuth
from evals.api.replies import add_refusals
from evals.api.routes import catalogue, evaluations, reports, tasks

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
ABOUT = """\
Tasks, candidates, evaluations, reports, prices and the portfolio as JSON, and evaluations to start
and stop. Sign in with the header
`Authorization: Bearer TOKEN`; a token acts in its role for one team. Errors are JSON with
`detail` and `problems`. Names may join a document, none goes within `v1`; `shown` alone holds a
page's own words and changes with it.
"""

api = NinjaAPI(
    title="Viability",
    version="1",
    description=ABOUT,
    auth=TokenAuth(),
    docs_url=None,
    openapi_url="/openapi.json",
    urls_namespace="api-1",
)
add_refusals(api)
rest = Router()


@rest.api_operation(METHODS, "/{path:path}", include_in_schema=False)
def nothing(request: HttpRequest, path: str) -> HttpResponse:
    """Say that nothing lives at an address, as JSON."""
    raise Http404(f"found no /{path} here, expected an address that openapi.json names")


# The last one takes what no other has an address for.
for router in (tasks.router, evaluations.router, catalogue.router, reports.router, rest):
    api.add_router("", router)
