"""A page where an address is only written to, for people whose browser asked to see it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render

Respond = Callable[[HttpRequest], HttpResponse]


def html_refusals(respond: Respond) -> Respond:
    """Return the middleware: a refusal says nothing of itself, and browsers show their own page."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = respond(request)
        if not isinstance(response, HttpResponseNotAllowed):
            return response
        if request.method != "GET" or not request.accepts("text/html"):
            return response
        page = render(request, "405.html", status=405)
        page["Allow"] = response["Allow"]
        return page

    return answer
