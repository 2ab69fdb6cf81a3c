"""A name for a page with its filters."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.urls import Resolver404, resolve

PAGES = ("run", "compare")
MOST = 4000


class SavedViewForm(forms.Form):
    """A name, and an address of this application."""

    name = forms.CharField(max_length=120, error_messages={"required": "The view needs a name."})
    path = forms.CharField(max_length=MOST, widget=forms.HiddenInput)

    def clean_path(self) -> str:
        """Return the path and query of a page that can be saved, and nothing of other sites."""
        path: str = self.cleaned_data["path"]
        parts = urlsplit(path)
        if parts.scheme or parts.netloc or _page(parts.path) is None:
            raise forms.ValidationError("Only a run's samples and comparisons can be saved.")
        return path

    @property
    def page(self) -> str:
        """The kind of page, once the form is valid."""
        return _page(urlsplit(self.cleaned_data["path"]).path) or ""

    def problem(self) -> str:
        """Return the first problem in words."""
        found: Any = next(iter(self.errors.values()))
        return str(found[0])


def _page(path: str) -> str | None:
    try:
        name = resolve(path).url_name
    except Resolver404:
        return None
    return name if name in PAGES else None
