"""A point in time as words: the same words everywhere, and a `<time>` element in a template."""

from typing import Self

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString


class Moment(str):
    """What a page says of a point in time. As text it is that; in a template it is marked up.

    `exact` is the moment in full where the words say less; a page shows it when asked.
    """

    __slots__ = ("_html",)

    _html: SafeString

    @classmethod
    def of(cls, words: str, *, iso: str, exact: str = "") -> Self:
        """Return the words for the moment that machines write as `iso`."""
        more = format_html(' title="{}"', exact) if exact and exact != words else ""
        return cls._marked(words, format_html('<time datetime="{}"{}>{}</time>', iso, more, words))

    def said(self, sentence: str) -> Self:
        """Return a sentence in which `{}` is the moment."""
        return self._marked(sentence.format(str(self)), format_html(escape(sentence), self))

    def __html__(self) -> SafeString:
        return self._html

    @classmethod
    def _marked(cls, words: str, html: SafeString) -> Self:
        moment = cls(words)
        moment._html = html
        return moment
