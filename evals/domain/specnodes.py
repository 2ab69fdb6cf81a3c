"""A YAML text as nodes that know where they are written, with aliases and merge keys resolved."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

import yaml

from evals.domain.specproblems import Path, Position, Problems

MAX_DEPTH = 40
MAX_VALUES = 100_000
# YAML 1.1 reads 1e-3, 1.5e3 and -.5 as text; everybody means the numbers.
LIKE_A_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")


class ScalarKind(Enum):
    """What YAML makes of a scalar. BROKEN stands for a value whose problem is already noted."""

    TEXT = auto()
    NUMBER = auto()
    FLAG = auto()
    NOTHING = auto()
    BROKEN = auto()


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value, as the text it was written as."""

    kind: ScalarKind
    text: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A node with the place of its key, or of itself where it is an item of a list."""

    node: "Node"
    position: Position


@dataclass(frozen=True, slots=True)
class Items:
    """A list. `size` counts the values in it, however deep, each as often as it is aliased."""

    entries: tuple[Entry, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping, merge keys resolved. `size` as in a list."""

    entries: Mapping[str, Entry]
    size: int


Node = Scalar | Items | Table
BROKEN = Scalar(ScalarKind.BROKEN)
_TAG = "tag:yaml.org,2002:"
_SCALARS = {
    "str": ScalarKind.TEXT,
    "timestamp": ScalarKind.TEXT,
    "value": ScalarKind.TEXT,
    "merge": ScalarKind.TEXT,
    "int": ScalarKind.NUMBER,
    "float": ScalarKind.NUMBER,
    "bool": ScalarKind.FLAG,
    "null": ScalarKind.NOTHING,
}


def read_nodes(text: str, problems: Problems) -> Entry:
    """Return the root of a YAML text; what is wrong with the text itself goes to `problems`."""
    try:
        root = yaml.SafeLoader(text).get_single_node()
    except RecursionError:
        problems.note((), f"nested too deeply, expected at most {MAX_DEPTH} levels")
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        message = f"found the character {chr(error.character)!r}, which YAML does not allow"
        problems.note((), message, position=(line, 0))
    except yaml.MarkedYAMLError as error:
        problems.note((), _syntax_message(error), position=_position(error.problem_mark))
    else:
        if root is not None:
            return Entry(_Converter(problems).convert(root, ()), _position(root.start_mark))
        problems.note((), "the file is empty, expected a spec with task, eval_set, scorers, …")
    return Entry(BROKEN, (1, 0))


def position_of(root: Entry, path: Path) -> Position:
    """Return where `path` is written, or the nearest thing around it that is."""
    entry = root
    for step in path:
        match entry.node:
            case Table(entries) if isinstance(step, str) and step in entries:
                entry = entries[step]
            case Items(entries=items) if isinstance(step, int):
                entry = items[step]
            case _:
                return entry.position
    return entry.position


def _position(mark: yaml.Mark | None) -> Position:
    return (mark.line + 1, mark.column) if mark else (1, 0)


def _syntax_message(error: yaml.MarkedYAMLError) -> str:
    if "'\\t'" in str(error.problem):
        return "found a tab, expected spaces: YAML does not allow tabs for indentation"
    if "document" in str(error.context):
        return "found a second document, expected one: remove the line that starts with ---"
    return f"not valid YAML: {', '.join(filter(None, (error.context, error.problem)))}"


class _Converter:
    """Turns composed nodes into ours, each once, however many aliases point at it."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._done: dict[int, Node] = {}
        self._open: set[int] = set()

    def convert(self, node: yaml.Node, path: Path) -> Node:
        if id(node) not in self._done:
            self._open.add(id(node))
            converted = self._converted(node, path)
            if isinstance(converted, Items | Table) and converted.size > MAX_VALUES:
                self._note(node, path, f"aliases make more than {MAX_VALUES:,} values of this")
                converted = BROKEN
            self._done[id(node)] = converted
            self._open.remove(id(node))
        return self._done[id(node)]

    def _converted(self, node: yaml.Node, path: Path) -> Node:
        tag = node.tag.removeprefix(_TAG)
        if len(path) > MAX_DEPTH:
            self._note(node, path, f"nested too deeply, expected at most {MAX_DEPTH} levels")
        elif isinstance(node, yaml.ScalarNode) and tag in _SCALARS:
            return Scalar(_scalar_kind(node, tag), node.value)
        elif isinstance(node, yaml.SequenceNode) and tag == "seq":
            return self._items(node, path)
        elif isinstance(node, yaml.MappingNode) and tag == "map":
            return self._table(node, path)
        else:
            self._note(node, path, f"found the YAML tag {node.tag!r}, expected none")
        return BROKEN

    def _note(self, node: yaml.Node, path: Path, message: str) -> None:
        self._problems.note(path, message, position=_position(node.start_mark))

    def _items(self, node: yaml.SequenceNode, path: Path) -> Items:
        items = enumerate(node.value)
        entries = tuple(self._entry(item, item, (*path, index)) for index, item in items)
        return Items(entries, _size(entries))

    def _entry(self, key: yaml.Node, node: yaml.Node, path: Path) -> Entry:
        if id(node) in self._open:
            self._note(key, path, "found an alias to what it is itself part of")
            return Entry(BROKEN, _position(key.start_mark))
        return Entry(self.convert(node, path), _position(key.start_mark))

    def _table(self, node: yaml.MappingNode, path: Path) -> Table:
        own: dict[str, Entry] = {}
        merged: dict[str, Entry] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._note(key, path, "found a list or a mapping as a key, expected text")
                continue
            entry = self._entry(key, value, (*path, key.value))
            if key.tag == f"{_TAG}merge":
                merged = self._merged(entry, (*path, key.value)) | merged
            elif key.value in own:
                message = f"duplicate key, first on line {own[key.value].position[0]}"
                self._note(key, (*path, key.value), message)
            else:
                own[key.value] = entry
        entries = own | {name: merged[name] for name in merged if name not in own}
        return Table(entries, _size(entries.values()))

    def _merged(self, entry: Entry, path: Path) -> dict[str, Entry]:
        sources = entry.node.entries if isinstance(entry.node, Items) else (entry,)
        merged: dict[str, Entry] = {}
        for source in sources:
            if isinstance(source.node, Table):
                merged = {**source.node.entries, **merged}
            elif source.node is not BROKEN:
                message = "found no mapping after <<, expected an alias to one"
                self._problems.note(path, message, position=source.position)
        return merged


def _size(entries: Iterable[Entry]) -> int:
    nodes = (entry.node for entry in entries)
    return sum(1 if isinstance(node, Scalar) else 1 + node.size for node in nodes)


def _scalar_kind(node: yaml.ScalarNode, tag: str) -> ScalarKind:
    if tag == "str" and node.style is None and LIKE_A_NUMBER.fullmatch(node.value):
        return ScalarKind.NUMBER
    return _SCALARS[tag]
