"""Prompts: one sample's columns put into a template that a user wrote."""

import keyword
import re
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache, wraps
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

COLUMNS = "columns"  # in a template: the mapping of all columns, for names with spaces
_RESERVED = frozenset({COLUMNS, "true", "false", "none", *keyword.kwlist})
_WIDEST = 10_000  # the largest number that a filter or a method takes: widths, counts
_UNDEFINED = re.compile(r"(['\"])(.*)\1 is undefined", re.DOTALL)


class PromptError(ValueError):
    """A template that gives no prompt. `template`, `line` and `column` say where it fails."""

    def __init__(
        self, message: str, *, template: str, line: int | None = None, column: str | None = None
    ) -> None:
        super().__init__(f"prompt line {line}: {message}" if line else f"prompt: {message}")
        self.template = template
        self.line = line
        self.column = column


def column_template(name: str) -> str:
    """Return the template that gives column `name` as it is; any name will do."""
    if name.isidentifier() and name not in _RESERVED:
        return f"{{{{ {name} }}}}"
    return f"{{{{ {COLUMNS}[{text_literal(name)}] }}}}"


def text_literal(text: str) -> str:
    """Return Jinja's literal of `text`; a bare carriage return would be read as a line feed."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "\\r")
    return f'"{escaped}"'


def render(template: str, columns: Mapping[str, Any], *, target: str | None = None) -> str:
    """Return the prompt for one sample.

    Args:
        template: Jinja over the names of `columns`, and `columns["any name"]`.
        columns: The sample's columns.
        target: The column that holds the right answer. No prompt may see it.

    Raises:
        PromptError: If the template is not Jinja, names a column that is not there or is the
            target, or does what the sandbox forbids.
    """
    visible = _Columns({name: value for name, value in columns.items() if name != target})
    compiled = _compiled(template)
    try:
        return compiled.render({**visible, COLUMNS: visible})
    except UndefinedError as error:
        raise _undefined(error, template, visible, target) from error
    except _FAILURES as error:
        raise PromptError(str(error), template=template, line=_line(error)) from error


class _Columns(dict[str, Any]):
    """The columns by name; a wrong name fails as an undefined one does."""

    def __missing__(self, name: object) -> Any:
        raise UndefinedError(f"{name!r} is undefined")


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja that reaches nothing but the columns and cannot blow a text up by widening it."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def wrap_str_format(self, value: Any) -> None:
        if super().wrap_str_format(value) is not None:
            raise SecurityError("a prompt may not use format, which takes any width")

    def call(self, context: Any, obj: Any, *args: Any, **named: Any) -> Any:
        _check_widths([*args, *named.values()])
        return super().call(context, obj, *args, **named)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" or not all(isinstance(side, int | float) for side in (left, right)):
            raise SecurityError(f"a prompt may not use {operator} here")
        return super().call_binop(context, operator, left, right)


def _check_widths(arguments: Iterable[Any]) -> None:
    if any(isinstance(given, int | float) and given > _WIDEST for given in arguments):
        raise SecurityError(f"a prompt may not use numbers over {_WIDEST:,} here")


def _bounded(found: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that refuses large numbers beside the value that it filters."""
    first = 2 if hasattr(found, "jinja_pass_arg") else 1

    @wraps(found)
    def checked(*args: Any, **named: Any) -> Any:
        _check_widths([*args[first:], *named.values()])
        return found(*args, **named)

    return checked


_ENVIRONMENT = _Environment(keep_trailing_newline=True, undefined=StrictUndefined)
_ENVIRONMENT.globals.clear()
_ENVIRONMENT.filters = {
    name: _bounded(found) for name, found in _ENVIRONMENT.filters.items() if name != "format"
}
# What a filter or an operator raises on a value of the wrong kind.
_FAILURES = (
    *(TemplateError, TypeError, ValueError, ArithmeticError, LookupError, NameError),
    *(RecursionError, MemoryError),
)


@lru_cache(maxsize=256)
def _compiled(template: str) -> Template:
    try:
        return _ENVIRONMENT.from_string(template)
    except TemplateSyntaxError as error:
        raise PromptError(str(error.message), template=template, line=error.lineno) from error
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        # Jinja's parser and Python's compiler have limits of their own.
        raise PromptError(
            f"this is nested too deep or too large: {error}", template=template
        ) from error


def _undefined(
    error: UndefinedError, template: str, known: Iterable[str], target: str | None
) -> PromptError:
    message = str(error)
    match = _UNDEFINED.fullmatch(message)
    column = match[2] if match else None
    if column is not None:
        message = _missing(column, list(known), target)
    return PromptError(message, template=template, line=_line(error), column=column)


def _missing(column: str, known: Sequence[str], target: str | None) -> str:
    names = ", ".join(known) or "none"
    if column == target:
        return f"{column!r} is the target column, which no prompt may see; columns: {names}"
    close = get_close_matches(column, known, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return f"there is no column {column!r}{hint}; columns: {names}"


def _line(error: BaseException) -> int | None:
    """Return the template's line; Jinja rewrites tracebacks so that they hold it."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == "<template>"]
    return lines[-1] if lines else None
