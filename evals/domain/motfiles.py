"""The Model Openness Tool's YAML files, one for each release, as the tool and people write them.

What the tool passes over is passed over here too, and said; what makes a file none of the tool's
is refused.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from evals.domain.licences import AND, counts_as_open, licence_called
from evals.domain.modelfacts import Component, LicenceKind, ModelFacts, Source
from evals.domain.openness import (
    FINAL_WEIGHTS,
    NO_LICENCE,
    NOT_INCLUDED,
    Openness,
    assess,
    close_component,
    component_called,
)
from evals.domain.specnodes import Entry, Items, Node, Scalar, ScalarKind, Table
from evals.domain.specnodes import position_of as written_at
from evals.domain.specnodes import read_nodes as nodes_in
from evals.domain.specproblems import Path, Problems, SpecError, SpecProblem, one_of
from evals.domain.specvalues import UNSTORABLE, found

PENDING = "pending evaluation"
TOOL = "https://github.com/lfai/model_openness_tool"
_HUB = re.compile(r"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/+([^/\s?#]+/[^/\s?#]+)")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_NO_REPOSITORIES = {"collections", "datasets", "spaces", "docs", "papers", "blog", "models"}
# As files have it today; before May 2025 the tool called it `license_name`.
_LICENCE_KEYS = ("license", "license_name", "licence")


@dataclass(frozen=True, slots=True, kw_only=True)
class MotRelease:
    """A release as a file describes it. `components` None: the file has no list of them."""

    file: str
    name: str
    repository: str | None  # at Hugging Face
    producer: str | None
    licences: tuple[tuple[LicenceKind, str], ...]
    components: tuple[Component, ...] | None
    dated: date | None
    warnings: tuple[str, ...]

    @property
    def file_name(self) -> str:
        """The name of its file, without the folder."""
        return self.file.replace("\\", "/").rpartition("/")[2]

    @property
    def openness(self) -> Openness:
        """Its class and progress; without components nothing counts."""
        return assess(self.components or (), self.licences)

    @property
    def _publishes_weights(self) -> bool | None:
        """True where it names both weights and where they lie; files list some closed ones too."""
        is_there = self.openness.of(FINAL_WEIGHTS).is_included and self.repository is not None
        return True if is_there else None

    def into(self, before: ModelFacts, *, today: date) -> ModelFacts:
        """Return what was known before with what the file says; it says nothing of the rest."""
        dated = f" of {self.dated}" if self.dated else ""
        source = Source(url=TOOL, opened_on=today, says=f"openness: {self.file_name}{dated}")
        others = (each for each in before.sources if each.url != TOOL)
        return replace(
            before,
            developer=before.developer or self.producer,
            is_open=self._publishes_weights if before.is_open is None else before.is_open,
            licences=self.licences or before.licences,
            components=self.components if self.components is not None else before.components,
            sources=(*others, source),
            noted_on=today,
        )


def read_mot_file(text: str, *, file: str) -> MotRelease:
    """Return the release in the text of one file.

    Raises:
        SpecError: If it is no file of the tool; each problem says file, line, found and expected.
    """
    reader = _Reader(file, text)
    release = reader.release()
    if problems := reader.problems.told(reader.position_of):
        raise SpecError(problems)
    return release


class _Reader:
    """Reads one file and collects what is wrong with it, and what is only odd."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.problems = Problems(file)
        self._odd = Problems(file)
        self._root = self._parsed(text)
        self._refuse_unstorable(self._root.node, ())

    def position_of(self, path: Path) -> tuple[int, int]:
        """Return line and column of a path."""
        return written_at(self._root, path)

    def release(self) -> MotRelease:
        """Return the release; a blank one where there are problems."""
        release = self._mapping(self._root, "framework and release", ()).get("release")
        self._check_framework()
        if release is None and not self.problems.are_under(()):
            self.problems.note((), "the key 'release' is missing, expected framework and release")
        keys = self._mapping(release, "name and components", ("release",)) if release else {}
        name = self._text(keys, "name")
        if release and not name and not self.problems.are_under(("release",)):
            self.problems.note(("release",), "the key 'name' is missing or blank, expected a name")
        licences, components = tuple(self._licences(keys)), self._components(keys)
        return MotRelease(
            file=self.file,
            name=name,
            repository=_repository(self._text(keys, "huggingface")),
            producer=self._text(keys, "producer") or None,
            licences=licences,
            components=components,
            dated=self._date(keys),
            warnings=self._warnings(),
        )

    def _parsed(self, text: str) -> Entry:
        if not text.strip():
            self.problems.note((), "the file is empty, expected framework and release")
            return Entry(Table({}, 0), (1, 0))
        problems = Problems(self.file)
        root = nodes_in(text, problems)
        if problems.are_under(()) and "\t" in text:
            spaced, again = Problems(self.file), nodes_in(_without_tabs(text), Problems(self.file))
            nodes_in(_without_tabs(text), spaced)
            if not spaced.are_under(()):
                line = text.count("\n", 0, text.index("\t")) + 1
                self._odd.note((), "found tabs, read as spaces", position=(line, 0))
                return again
        self.problems = problems
        return root

    def _refuse_unstorable(self, node: Node, path: Path) -> None:
        """Note each text with a character that no table can hold; YAML writes one as an escape."""
        if isinstance(node, Scalar):
            if UNSTORABLE.search(node.text):
                message = "found a NUL or half a character, which cannot be stored"
                self.problems.note(path, message)
            return
        entries = node.entries.items() if isinstance(node, Table) else enumerate(node.entries)
        for key, entry in entries:
            self._refuse_unstorable(entry.node, (*path, key))

    def _warnings(self) -> tuple[str, ...]:
        told: tuple[SpecProblem, ...] = self._odd.told(self.position_of)
        return tuple(str(problem) for problem in told)

    def _mapping(self, entry: Entry, expected: str, path: Path) -> Mapping[str, Entry]:
        if isinstance(entry.node, Table):
            return entry.node.entries
        if not self.problems.are_under(path):
            message = f"found {found(entry.node)}, expected a mapping with {expected}"
            self.problems.note(path, message)
        return {}

    def _check_framework(self) -> None:
        entries = self._root.node.entries if isinstance(self._root.node, Table) else {}
        if entries and "framework" not in entries:
            self._odd.note((), "the key 'framework' is missing; read all the same")

    def _text(self, keys: Mapping[str, Entry], key: str) -> str:
        """Return a text, "" where there is none. A name may be a number, or `on`."""
        entry = keys.get(key)
        if entry is None:
            return ""
        if isinstance(entry.node, Scalar):
            return "" if entry.node.kind is ScalarKind.NOTHING else entry.node.text.strip()
        path = ("release", key)
        said = f"found {found(entry.node)}, expected text"
        (self.problems if key == "name" else self._odd).note(path, said)
        return ""

    def _date(self, keys: Mapping[str, Entry]) -> date | None:
        if not (written := self._text(keys, "date")):
            return None
        try:
            return date.fromisoformat(written[:10])
        except ValueError:
            message = f"found {written!r}, expected a day as in 2024-12-15; passed over"
            self._odd.note(("release", "date"), message)
            return None

    def _licences(self, keys: Mapping[str, Entry]) -> Iterator[tuple[LicenceKind, str]]:
        entry = keys.get("license") or keys.get("licence")
        if entry is None:
            return
        path: Path = ("release", "license" if "license" in keys else "licence")
        if not isinstance(entry.node, Table):
            if said := self._licence(entry.node, path):
                message = "found a licence for the whole, read as that of the distribution"
                self._odd.note(path, message)
                yield LicenceKind.DISTRIBUTION, said
            return
        for key, item in entry.node.entries.items():
            if key not in set(LicenceKind):
                self._odd.note((*path, key), f"unknown kind {key!r}, {one_of(list(LicenceKind))}")
            elif said := self._licence(item.node, (*path, key)):
                yield LicenceKind(key), said

    def _components(self, keys: Mapping[str, Entry]) -> tuple[Component, ...] | None:
        entry = keys.get("components")
        if entry is None or _is_nothing(entry.node):
            message = "no list of components: which came with it is unknown, so none counts"
            self._odd.note(("release", "components"), message)
            return None
        if not isinstance(entry.node, Items):
            message = f"found {found(entry.node)}, expected a list of components"
            self.problems.note(("release", "components"), message)
            return ()
        items = enumerate(entry.node.entries)
        named = [self._component(item, ("release", "components", i)) for i, item in items]
        return self._each_once([component for component in named if component is not None])

    def _component(self, entry: Entry, path: Path) -> Component | None:
        node = entry.node
        if isinstance(node, Scalar) and node.kind is ScalarKind.TEXT:
            node = Table({"name": entry}, 1)
        keys = self._mapping(Entry(node, entry.position), "a name", path)
        named = keys.get("name")
        name = named.node.text.strip() if named and isinstance(named.node, Scalar) else ""
        if not name:
            if not self.problems.are_under(path):
                self.problems.note(path, "found a component without a name, expected one of 17")
            return None
        if component_called(name) is None:
            self._note_unknown(name, path)
        key = next((key for key in _LICENCE_KEYS if key in keys), None)
        if key is None or _is_nothing(keys[key].node):
            return Component(name=name)
        return Component(name=name, licence=self._licence(keys[key].node, (*path, key)))

    def _note_unknown(self, name: str, path: Path) -> None:
        meant = close_component(name)
        hint = f"; did you mean {meant.name!r}?" if meant else ""
        message = f"{name!r} is none of the 17 components and counts for nothing{hint}"
        self._odd.note(path, message)

    def _each_once(self, components: list[Component]) -> tuple[Component, ...]:
        last = {component_called(each.name) or each.name: each for each in components}
        for name in {each.name for each in components if each not in last.values()}:
            self._odd.note(("release", "components"), f"{name!r} is there twice: the last counts")
        return tuple(last.values())

    def _licence(self, node: Node, path: Path) -> str:
        """Return a licence as written, "" for none; several are joined by AND."""
        if isinstance(node, Table):
            inner = node.entries.get("name")
            return self._licence(inner.node, path) if inner else ""
        if isinstance(node, Items):
            return self._several([self._licence(item.node, path) for item in node.entries], path)
        if node.kind is ScalarKind.NOTHING or not node.text.strip():
            return ""
        self._note_licence(node.text, path)
        return node.text

    def _several(self, licences: list[str], path: Path) -> str:
        if len(licences) > 1:
            message = f"found {len(licences)} licences: it counts if each of them is open"
            self._odd.note(path, message)
        return AND.join(licence or "unlicensed" for licence in licences)

    def _note_licence(self, written: str, path: Path) -> None:
        if counts_as_open(written) or written.casefold() in {*NO_LICENCE, NOT_INCLUDED}:
            return
        known = licence_called(written)
        if written.casefold() == PENDING:
            message = "the licence is still to be evaluated; until then it counts as not open"
        elif known.is_open:
            message = f"{written!r} is no identifier; only {known.name!r} would count as open"
        elif known.is_open is None:
            message = f"{written!r} is no licence that is known here; it counts as not open"
        else:
            return
        self._odd.note(path, message)


def _is_nothing(node: Node) -> bool:
    return isinstance(node, Scalar) and node.kind is ScalarKind.NOTHING


def _repository(address: str) -> str | None:
    """Return "openai/gpt-oss-20b" from its address at Hugging Face."""
    hub = _HUB.match(address)
    name = hub[1] if hub else address
    is_one = _REPOSITORY.fullmatch(name) and name.split("/")[0] not in _NO_REPOSITORIES
    return name if is_one else None


def _without_tabs(text: str) -> str:
    """Return the text with two spaces for each tab that indents, one for any other."""
    lines = []
    for line in text.split("\n"):
        rest = line.lstrip(" \t")
        indent = line[: len(line) - len(rest)].replace("\t", "  ")
        lines.append(indent + rest.replace("\t", " "))
    return "\n".join(lines)
