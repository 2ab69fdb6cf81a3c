"""What the page shows on which an upload's columns are mapped."""

from dataclasses import dataclass
from urllib.parse import urlencode

from evals.domain.evalsets import Mapping
from evals.domain.problems import InputError, Problem
from evals.models import Upload
from evals.queries import figures
from evals.queries.uploads import FirstRows
from evals.services.evalsets import RefusedRowsError
from evals.web.forms.evalsets import MappingForm
from evals.web.steps import Step

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Refusal:
    """The rows that cannot be used. `go_on` "": there is nothing to go on with."""

    title: str
    problems: tuple[Problem, ...]
    more: int
    go_on: str
    download: str


@dataclass(frozen=True, slots=True)
class MapPage:
    """A kept file with its top, what its columns mean, and what is wrong with it."""

    task_id: int
    task_name: str
    upload: Upload
    top: FirstRows
    form: MappingForm
    refusal: Refusal | None
    steps: tuple[Step, ...]


def refusal(error: InputError, mapping: Mapping) -> Refusal:
    """Return what to tell about rows, or a whole file, that cannot be used."""
    shown = error.problems[:SHOWN]
    if not isinstance(error, RefusedRowsError):
        return Refusal("This file cannot be used", shown, 0, "", "")
    rows = figures.plural(error.accepted + error.rejected, "row")
    return Refusal(
        title=f"{error.rejected:,} of {rows} cannot be used",
        problems=shown,
        more=error.rejected - len(shown),
        go_on=figures.plural(error.accepted, "valid row") if error.accepted else "",
        download=_query(mapping),
    )


def _query(mapping: Mapping) -> str:
    fields = {
        "input": mapping.input,
        "target": mapping.target,
        "slices": mapping.slices,
        "cluster": mapping.cluster or "",
    }
    return urlencode(fields, doseq=True)
