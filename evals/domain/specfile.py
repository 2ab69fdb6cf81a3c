"""The spec file: YAML in, a `Spec` out, and back. What callers need is all imported from here."""

from collections.abc import Collection

from evals.domain.specidentity import identity_json, referenced_files, spec_identity
from evals.domain.specnodes import position_of, read_nodes
from evals.domain.specorigins import SpecOrigin, check_remote_limits, origin_problems
from evals.domain.specparts import cross_problems, whole_spec
from evals.domain.specproblems import Path, Problems, SpecError, SpecProblem
from evals.domain.specpromises import check_promises, promise_problems
from evals.domain.specs import Spec
from evals.domain.specvalues import Value
from evals.domain.specwriting import write_spec

__all__ = [
    "SpecError",
    "SpecOrigin",
    "SpecProblem",
    "check_promises",
    "check_remote_limits",
    "identity_json",
    "line_of",
    "read_spec",
    "referenced_files",
    "spec_identity",
    "write_spec",
]


def read_spec(
    text: str,
    *,
    file: str,
    origin: SpecOrigin = SpecOrigin.COMMAND_LINE,
    uploads: Collection[str] = (),
) -> Spec:
    """Return the spec in a YAML text.

    Args:
        text: The text of the file.
        file: Its name, for messages.
        origin: Who hands it over; decides what it may reach.
        uploads: Names of the files that came with it through the browser or the API.

    Raises:
        SpecError: With every problem of the text.
    """
    problems = Problems(file)
    root = read_nodes(text, problems)
    spec = whole_spec(Value(root.node, (), problems))
    for path, message in cross_problems(spec):
        problems.note(path, message)
    for path, message in origin_problems(spec, origin, uploads=uploads):
        problems.note(path, message)
    if origin is not SpecOrigin.STORED:
        _note_promises(spec, problems)
    if told := problems.told(lambda path: position_of(root, path)):
        raise SpecError(told)
    return spec


def line_of(text: str, path: Path) -> int:
    """Return the line of a spec's text on which `path` is written, or what is around it."""
    return position_of(read_nodes(text, Problems("")), path)[0]


def _note_promises(spec: Spec, problems: Problems) -> None:
    """Note what a bar promises in vain, for each line that could be read."""
    for path, message in promise_problems(spec):
        if not problems.are_under(path[:2]):
            problems.note(path, message)
