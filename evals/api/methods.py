"""A method that an address does not take, refused in JSON like every other error of the API."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from evals.api.replies import refusal

PREFIX = "/api/"
Respond = Callable[[HttpRequest], HttpResponse]


def json_refusals(respond: Respond) -> Respond:
    """Return the middleware: the router below answers such a request in plain text."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = respond(request)
        if not isinstance(response, HttpResponseNotAllowed):
            return response
        if not request.path_info.startswith(PREFIX):
            return response
        allowed = response["Allow"]
        refused = refusal(405, f"found {request.method}, expected {allowed.replace(', ', ' or ')}")
        refused["Allow"] = allowed
        return refused

    return answer
