"""What `viability import-openness` prints: class and progress of each release, as JSON."""

import json
from collections.abc import Sequence

from evals.domain.motfiles import MotRelease
from evals.domain.openness import MofClass


def openness_text(releases: Sequence[MotRelease]) -> str:
    """Return the list that the design names, in the order of the files; progress in per cent."""
    lines = [json.dumps(_document(release), ensure_ascii=False) for release in releases]
    return "[" + ",\n ".join(lines) + "]"


def _document(release: MotRelease) -> dict[str, object]:
    openness = release.openness
    progress = {name: openness.progress[name] for name in reversed(MofClass)}
    return {"name": release.name, "mof_class": openness.mof_class, "progress": progress}
