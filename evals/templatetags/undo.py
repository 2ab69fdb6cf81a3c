"""What a message carries of the way back, as a form can use it."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from django import template

register = template.Library()


@dataclass(frozen=True, slots=True)
class WayBack:
    """Where to send what, to undo something."""

    address: str
    fields: tuple[tuple[str, str], ...]


@register.filter(name="way_back")
def way_back(tags: str | None) -> WayBack | None:
    """Return what undoes what a message says, None where nothing does."""
    if not tags:
        return None
    parts = urlsplit(tags)
    return WayBack(parts.path, tuple(parse_qsl(parts.query, keep_blank_values=True)))
