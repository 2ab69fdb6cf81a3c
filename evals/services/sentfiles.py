"""A file of rows that comes with its meaning: a version at once, nothing kept on the way."""

from dataclasses import dataclass
from typing import BinaryIO

from evals.domain.evalsets import Mapping
from evals.domain.rowfiles import FileKind, open_rows
from evals.models import EvalSetVersion, Task, User
from evals.services.evalsets import Origin, create_version, eval_set_for


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """A file by the name that says its kind, open for reading."""

    name: str
    content: BinaryIO


def version_from_file(
    *, task: Task, sent: SentFile, mapping: Mapping, user: User, accept_valid: bool = False
) -> EvalSetVersion:
    """Return the next version of the task's eval set, or the one that has this very content.

    Raises:
        InputError: As `create_version`; nothing is stored then.
    """
    rows = open_rows(sent.content, FileKind.of(sent.name))
    eval_set = task.eval_sets.order_by("-pk").first() or eval_set_for(task=task, name=sent.name)
    return create_version(
        eval_set=eval_set,
        rows=rows,
        mapping=mapping,
        origin=Origin(name=sent.name, user=user),
        accept_valid=accept_valid,
    )
