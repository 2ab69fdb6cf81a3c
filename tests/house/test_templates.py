"""What templates owe to each other."""

import re
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
ALONE = re.compile(r'{% include "(?P<name>[^"]+)"(?P<given>[^%]*) only %}')


def test_a_fragment_with_a_form_is_handed_the_token_without_which_browsers_are_refused():
    sources = {
        str(path.relative_to(TEMPLATES)): path.read_text() for path in TEMPLATES.rglob("*.html")
    }
    forgotten = [
        f"{page} includes {found['name']}"
        for page, source in sources.items()
        for found in ALONE.finditer(source)
        if "csrf_token" in sources[found["name"]] and "csrf_token=csrf_token" not in found["given"]
    ]
    assert not forgotten
