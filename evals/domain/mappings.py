"""What the columns of a file mean: said by a spec, or guessed from names and first rows."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain

from evals.domain.problems import InputError, Problem
from evals.domain.rows import JSONValue, Row

# Words in order of preference: the first that a file has is taken.
INPUT_NAMES = (
    "input text question prompt message query utterance sentence request instruction ticket email"
    " body content document review comment problem passage article"
)
TARGET_NAMES = (
    "target expected expected_output expected_answer label gold reference ideal ground_truth"
    " correct_answer answer intent category class solution sentiment label_text summary output"
    " completion response queue team department route topic tag"
)
CLUSTER_NAMES = (
    "cluster customer_id customer user_id user conversation_id conversation thread_id thread"
    " session_id session dialogue_id dialog_id ticket_id account_id author_id author patient_id"
    " document_id doc_id group_id group"
)
# What a system answered or how it did, and what marks rows: never slices.
NO_SLICES = re.compile(
    r"(^|_)(id|uuid|key|index|date|time|timestamp|created|score|prediction|predicted|pred|output"
    r"|response|completion|answer|latency|seconds|ms|tokens|cost|usd|url|email|name|split)(_|$)"
)
TRUTH_VALUES = {"true", "false"}  # more often a published flag than a slice
MOST_SLICE_VALUES = 12
LONGEST_SLICE_VALUE = 40


@dataclass(frozen=True, slots=True)
class Mapping:
    """Which columns are the input, the target, the slices and the cluster."""

    input: str
    target: str
    slices: tuple[str, ...] = ()
    cluster: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the mapping names."""
        cluster = () if self.cluster is None else (self.cluster,)
        return (self.input, self.target, *self.slices, *cluster)


def check_mapping(columns: Sequence[str], mapping: Mapping) -> None:
    """Refuse a mapping that names a column which is not there.

    Raises:
        InputError: With one problem for each such name.
    """
    check_columns_are_there(columns, mapping.columns)


def check_columns_are_there(columns: Sequence[str], wanted: Iterable[str]) -> None:
    """Refuse names of columns that are not there.

    Raises:
        InputError: With one problem for each such name.
    """
    missing = [name for name in dict.fromkeys(wanted) if name not in columns]
    if missing:
        raise InputError(*(Problem(message=_missing(name, columns)) for name in missing))


def _missing(name: str, columns: Sequence[str]) -> str:
    found = ", ".join(map(repr, columns))
    return f"no column {name!r}; found {found}{_hint(name, columns)}"


def _hint(name: str, columns: Sequence[str]) -> str:
    plain = {_plain(column): column for column in columns}
    if close := get_close_matches(_plain(name), plain, n=1, cutoff=0.7):
        return f"; did you mean {plain[close[0]]!r}?"
    separators = [sign for sign in ";\t|" if len(columns) == 1 and sign in columns[0]]
    return f"; is the file separated by {separators[0]!r}?" if separators else ""


def guess_mapping(columns: Sequence[str], first_rows: Iterable[Row]) -> Mapping | None:
    """Return what the columns seem to mean, or None where input or target cannot be told.

    The guess is for a person to look at. Names decide; a slice must also repeat a few short
    values in the first rows.
    """
    source = _named(columns, INPUT_NAMES)
    target = _named([column for column in columns if column != source], TARGET_NAMES)
    if len(columns) == 2 and (source or target):  # noqa: PLR2004 - the other is what remains
        source = source or next(column for column in columns if column != target)
        target = target or next(column for column in columns if column != source)
    if source is None or target is None:
        return None
    rest = [column for column in columns if column not in {source, target}]
    cluster = _named(rest, CLUSTER_NAMES)
    cells = [row.cells for row in first_rows]
    slices = [
        column
        for column in rest
        if column != cluster and _is_slice(column, [row.get(column) for row in cells])
    ]
    return Mapping(input=source, target=target, slices=tuple(slices), cluster=cluster)


def _named(columns: Sequence[str], names: str) -> str | None:
    """Return the column with the best of `names`, whole (`text`) or at its end (`mail_text`)."""
    plain = {_plain(column): column for column in columns}
    whole = (plain[name] for name in names.split() if name in plain)
    at_end = (plain[long] for name in names.split() for long in plain if long.endswith(f"_{name}"))
    return next(chain(whole, at_end), None)


def _plain(column: str) -> str:
    """Return `customerId`, `Customer ID` and `customer-id` as `customer_id`."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column.strip())
    return re.sub(r"\W+", "_", parted).casefold()


def _is_slice(column: str, cells: Sequence[JSONValue]) -> bool:
    texts = [cell for cell in cells if isinstance(cell, str) and cell.strip()]
    values = set(texts)
    return (
        not NO_SLICES.search(_plain(column))
        and 1 < len(values) <= MOST_SLICE_VALUES
        and len(texts) >= 2 * len(values)
        and all(map(_is_word, values))
    )


def _is_word(value: str) -> bool:
    return (
        len(value) <= LONGEST_SLICE_VALUE
        and any(map(str.isalpha, value))
        and (value.casefold() not in TRUTH_VALUES)
    )
