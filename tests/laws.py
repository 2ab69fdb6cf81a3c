"""How many cases Hypothesis draws: the same ones each time, or with LAWS set ever new ones.

A pipeline that draws new cases goes red by chance, for a change that has nothing to do with them;
`make laws` is where new ones are looked for.
"""

import os

from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("new", deadline=None, max_examples=int(os.environ.get("LAWS") or 100))


def draw() -> None:
    """Choose how cases are drawn, for all tests of this process."""
    settings.load_profile("new" if "LAWS" in os.environ else "same")
