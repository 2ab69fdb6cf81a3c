"""Links from a word on a page to what it means."""

from django import template
from django.urls import reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from evals.queries.glossary import terms, terms_by_label

register = template.Library()


@register.simple_tag(name="term")
def term(key: str, words: str = "") -> SafeString:
    """Return the term's name, or other words for it, as a link to its meaning.

    Raises:
        KeyError: If the glossary has no such term.
    """
    found = terms()[key]
    return _link(found.key, words or found.name)


@register.filter(name="as_term")
def as_term(label: str) -> SafeString:
    """Return the label as a link to its meaning where the glossary has it, else as it is."""
    found = terms_by_label().get(str(label).lower())
    return _link(found.key, label) if found else conditional_escape(label)


def _link(key: str, words: str) -> SafeString:
    address = reverse("evals:glossary")
    return format_html('<a class="term" href="{}#{}">{}</a>', address, key, words)
