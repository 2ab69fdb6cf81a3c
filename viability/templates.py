"""Templates as pages send them: without the indentation that only their writers need."""

import re

from django.template import Origin
from django.template.loaders import filesystem

INDENTATION = re.compile(r"\n[ \t]+")


class Loader(filesystem.Loader):
    """Reads templates; lines of HTML keep their ends, so that errors still name the right one.

    What is shown in a template stays as it is: only the template's own text is shortened. A browser
    makes one space of a line's end and of any indentation after it alike.
    """

    def get_contents(self, origin: Origin) -> str:
        """Return a template's text; any but HTML as it was written."""
        text: str = super().get_contents(origin)
        return INDENTATION.sub("\n", text) if str(origin.name).endswith(".html") else text
