"""Who asks: the holder of a bearer token, who acts in one role of one team."""

from typing import Any

from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja.errors import AuthorizationError
from ninja.security import HttpBearer

from evals.models import ApiToken
from evals.queries.access import WRITERS
from evals.services.tokens import token_holder

READS_ONLY = "found a viewer's token, which only reads, expected an editor's or an admin's"


class ApiRequest(HttpRequest):
    """A request with a token that holds."""

    auth: ApiToken


class TokenAuth(HttpBearer):
    """Knows tokens alone: a browser's session opens nothing here."""

    def authenticate(self, _request: HttpRequest, token: str) -> ApiToken | None:
        """Return the token's row, None for one that holds no more or never did."""
        return token_holder(token=token.strip(), now=timezone.now())


def check_may_write(request: ApiRequest) -> None:
    """Refuse a token that only reads."""
    if request.auth.role not in WRITERS:
        raise AuthorizationError(message=READS_ONLY)


def found_or_404(rows: "QuerySet[Any]", number: int, noun: str) -> Any:
    """Return the row of that number, which is none of another team's."""
    row: Model | None = rows.filter(pk=number).first() if 0 < number < 2**63 else None
    if row is None:
        raise Http404(f"found no {noun} {number} of this token's team")
    return row
