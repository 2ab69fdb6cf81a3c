"""Problems that the domain found, put beside the fields that they are about."""

from collections.abc import Mapping
from typing import Any

from django.forms import BaseForm

from evals.domain.problems import InputError
from evals.domain.specfile import SpecError
from evals.domain.specproblems import Path


def add_spec_problems(
    form: BaseForm, error: SpecError, *, under: Path = (), names: Mapping[str, str] | None = None
) -> None:
    """Put each problem beside the field of its place; `under` is where the form's part begins.

    A field is found by the steps of a path joined with `_`, or by what `names` calls those.
    """
    for problem in error.problems:
        field = _field(form, problem.path[len(under) :], names or {})
        where = [] if field else [problem.where]
        message = ": ".join(filter(None, [*where, problem.message]))
        form.add_error(field, _sentence(message))


def add_input_problems(form: BaseForm, error: InputError, *, field: str | None = None) -> None:
    """Put each problem of an input beside `field`, with its line."""
    form.add_error(field, [str(problem) for problem in error.problems])


def _field(form: BaseForm, path: Path, names: Mapping[str, str]) -> str | None:
    texts = [str(step) for step in path if not isinstance(step, int)]
    for length in range(len(texts), 0, -1):
        name = "_".join(texts[:length])
        name = names.get(name, name)
        if name in form.fields:
            return name
    return None


def _sentence(message: str) -> str:
    return message[:1].upper() + message[1:] + "." * (not message.endswith((".", "?")))


def lines_of(text: str) -> list[str]:
    """Return the lines of a text area that say something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def cleaned(form: BaseForm, *names: str) -> dict[str, Any]:
    """Return the fields that were read, blanks as None."""
    data = form.cleaned_data
    return {name: None if data.get(name) in ("", None) else data[name] for name in names}
