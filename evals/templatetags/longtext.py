"""Long texts that are short at first, and whole for whoever asks, by mouse, finger or key."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()
TWO_LINES = 90  # more than that may not fit where a cell is narrow


@register.filter(name="unfolding")
def unfolding(text: str) -> SafeString | str:
    """Return a long text as a line that unfolds, a short one as it is."""
    if len(text) <= TWO_LINES:
        return text
    return format_html('<details class="long"><summary>{}</summary></details>', text)
