"""Regular expressions that users write: Python's meaning, and a time limit.

`re` cannot be interrupted, so patterns run on the `regex` module, which can. Where the two read
a pattern differently, it is rewritten here to what `re` (and so stock lm-eval) would have read.
"""

import re
import warnings
from typing import Any

import regex

TIMEOUT_SECONDS = 0.5

_WORD = r"\p{L}\p{N}_"  # what `re` calls \w; `regex` also counts combining marks
_SPACE = r"\s\x1c-\x1f"
_OUTSIDE = {
    r"\w": f"[{_WORD}]",
    r"\W": f"[^{_WORD}]",
    r"\s": f"[{_SPACE}]",
    r"\S": f"[^{_SPACE}]",
    r"\b": f"(?:(?<=[{_WORD}])(?![{_WORD}])|(?<![{_WORD}])(?=[{_WORD}]))",
    r"\B": f"(?:(?<=[{_WORD}])(?=[{_WORD}])|(?<![{_WORD}])(?![{_WORD}])(?!\\A\\Z))",
    "{": r"\{",  # not a repeat count: literal in `re`, fuzzy matching in `regex`
}
_TOKEN = re.compile(
    r"\\N\{[^}]*\} | \\. | \[\^?\]?(?:\\.|[^\]\\])*\] | \{(?=[\d,])\d*,?\d*\} | .",
    re.DOTALL | re.VERBOSE,
)
_CLASS_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class PatternError(ValueError):
    """A pattern that cannot be used, with what is wrong and where."""


class PatternTimeoutError(TimeoutError):
    """A pattern that did not finish on one text."""


class Pattern:
    """One compiled pattern whose methods behave as those of `re.compile` and never hang.

    Every method raises PatternTimeoutError after TIMEOUT_SECONDS on one text.

    Raises:
        PatternError: If `source` is not a pattern to `re`, or may mean two things.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self._pattern = _compile(source)

    def search(self, text: str) -> "regex.Match[str] | None":
        """Return the first match, or None."""
        found: regex.Match[str] | None = self._run("search", text)
        return found

    def findall(self, text: str) -> list[Any]:
        """Return every match: texts, or tuples of groups where there are several."""
        # Not `regex`'s own findall: it wraps the one group of "(a)+" in a tuple, `re` does not.
        return [_found(match, self._pattern.groups) for match in self._run("finditer", text)]

    def sub(self, replacement: str, text: str) -> str:
        """Return `text` with every match replaced."""
        return str(self._run("sub", replacement, text))

    def first(self, text: str) -> str | None:
        """Return the first match's first group that holds text (or the whole match), stripped.

        This is what lm-eval's `regex` filter takes; None where nothing matched, or where a
        pattern with several groups matched with all of them empty.
        """
        match = self.search(text)
        if match is None:
            return None
        found = _found(match, self._pattern.groups)
        if isinstance(found, tuple):
            found = next(filter(None, found), None)
        return None if found is None else found.strip()

    def _run(self, method: str, *arguments: str) -> Any:
        try:
            result = getattr(self._pattern, method)(*arguments, timeout=TIMEOUT_SECONDS)
            return list(result) if method == "finditer" else result
        except TimeoutError as error:
            raise PatternTimeoutError(
                f"the pattern {self.source!r} took longer than {TIMEOUT_SECONDS} s"
            ) from error


def _found(match: "regex.Match[str]", groups: int) -> Any:
    """Return what `re.findall` lists for one match."""
    if groups == 0:
        return match[0]
    return match[1] or "" if groups == 1 else match.groups("")


def _compile(source: str) -> "regex.Pattern[str]":
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            flags = re.compile(source).flags
            return regex.compile(_translated(source, flags), regex.VERSION0)
    except (re.error, regex.error, FutureWarning, OverflowError, RecursionError) as error:
        raise PatternError(f"{source!r} is not a usable pattern: {error}") from error


def _translated(source: str, flags: int) -> str:
    """Return `source` in the words of `regex`; verbose and ASCII patterns mean the same in both."""
    if flags & (re.VERBOSE | re.ASCII):
        return source
    return "".join(_translated_token(token) for token in _TOKEN.findall(source))


def _translated_token(token: str) -> str:
    if token.startswith("[") and len(token) > 1:
        return _CLASS_ESCAPE.sub(_translated_escape, token)
    return _OUTSIDE.get(token, token)


def _translated_escape(escape: re.Match[str]) -> str:
    return {"w": _WORD, "s": _SPACE}.get(escape[1], escape[0])
