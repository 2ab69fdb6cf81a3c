"""One mapping of a spec file: its keys are read from a table, and any other key is a problem."""

from collections.abc import Collection, Mapping
from typing import Any

from evals.domain.specnodes import BROKEN, Table
from evals.domain.specproblems import Problems, close_match, one_of, one_of_with_hint
from evals.domain.specunbuilt import is_not_built, not_built
from evals.domain.specvalues import Read, Value


class Section:
    """Reads the keys of one mapping. `noun` says which names are known but not built yet."""

    def __init__(self, value: Value, *, noun: str = "") -> None:
        self.value = value
        self.noun = noun
        self._table = Table({}, 0)
        self._problems = value.problems
        if isinstance(value.node, Table):
            self._table = value.node
        else:
            value.refuse("a mapping")
            self._problems = Problems(value.problems.file)  # one problem is enough

    def has(self, key: str) -> bool:
        """Return whether the key is there, with or without a value."""
        return key in self._table.entries

    def given(self, *keys: str) -> list[str]:
        """Return those of `keys` that are there."""
        return [key for key in keys if self.has(key)]

    def has_only(self, known: Collection[str]) -> bool:
        """Return whether every key that is there is one of `known`."""
        return all(key in known for key in self.keys())

    def keys(self) -> list[str]:
        """Return the keys in the order of the file."""
        return list(self._table.entries)

    def item(self, key: str) -> Value:
        """Return the value of a key; a missing one reads as blank."""
        entry = self._table.entries.get(key)
        return Value(entry.node if entry else BROKEN, (*self.value.path, key), self._problems)

    def note(self, message: str, *, key: str | None = None) -> None:
        """Note a problem of the whole mapping or of one key."""
        path = self.value.path if key is None else (*self.value.path, key)
        self._problems.note(path, message)

    def read(
        self,
        keys: Mapping[str, Read],
        *,
        required: Collection[str] = (),
        elsewhere: Collection[str] = (),
    ) -> dict[str, Any]:
        """Return the values of the keys that are there, blanks for required ones that are not.

        Keys in `elsewhere` are read by somebody else.
        """
        meant = {self._refuse(key, keys) for key in self.keys() if key not in {*keys, *elsewhere}}
        for key in required:
            if not self.has(key) and key not in meant:
                self.note(f"required key {key!r} is missing", key=key)
        wanted = (key for key in keys if self.has(key) or key in required)
        return {key: keys[key](self.item(key)) for key in wanted}

    def _refuse(self, key: str, known: Collection[str]) -> str | None:
        if is_not_built(self.noun, key):
            self.note(f"{not_built(key)}, {one_of(known)}", key=key)
            return None
        self.note(f"unknown key {key!r}, {one_of_with_hint(key, known)}", key=key)
        return close_match(key, known)
