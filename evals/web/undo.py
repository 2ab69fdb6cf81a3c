"""Messages that say what was done and carry the way back."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse


def done(request: HttpRequest, words: str, view: str, *args: object, **fields: object) -> None:
    """Say what was done, with a button that undoes it.

    Args:
        request: The next page of this browser shows the message.
        words: What was done.
        view: The name of the view that undoes it, which is sent a POST.
        args: What stands in that view's address.
        fields: What is sent to it.
    """
    address = reverse(f"evals:{view}", args=args)
    messages.success(request, words, extra_tags=f"{address}?{urlencode(fields)}")
