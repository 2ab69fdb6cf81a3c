"""A task that the stock `lm_eval` command runs, with the same score for every sample.

The folder holds STEM.yaml, its rows in STEM.jsonl, and STEM_rows.py, which reads them from beside
itself: lm-eval looks for data files in the working directory, and its JSON reader would turn a
target like 2024-05-01 into a date. Prompts are stored as rendered, and not rendered again.
"""

import json
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import yaml

from evals.domain.prompts import render, text_literal
from evals.domain.scoring import is_in_house
from evals.domain.specs import CandidateSpec, HarnessSpec, ScorerSpec, Spec
from evals.engine.stock import TAKE_FIRST, StockForm, stock_form

PROMPT_COLUMN = "viability_prompt"
TARGET_COLUMN = "viability_target"
LONGEST_NAME = 60  # lm-eval puts it twice into the name of one file of its log
MAX_STOPS = 4  # lm-eval's chat completions send no more

_READER = '''"""Reads the rows beside this file, so that the folder may be moved."""

import json
from pathlib import Path

import datasets


def load(**_):
    with Path(__file__).with_name("{rows}").open(encoding="utf-8") as lines:
        return {{"test": datasets.Dataset.from_list([json.loads(line) for line in lines])}}
'''


class ExportRefusedError(ValueError):
    """What stock lm-eval cannot do, with the reason."""


class ExportSample(Protocol):
    """What an exported row needs of a sample."""

    @property
    def input(self) -> Mapping[str, Any]:
        """All columns as read."""

    @property
    def target(self) -> str:
        """The right answer, as text."""


def export_task(
    spec: Spec, samples: Iterable[ExportSample], *, candidate: CandidateSpec, folder: Path
) -> Path:
    """Write the task into `folder` and return its YAML file, whose stem is the task's name.

    `doc_id` in lm-eval's log is the place of a sample in `samples`. Several scorers are filters
    of one task where they share a metric and a target; where not, the YAML holds a group of
    tasks, one for each pair of those, and each of them asks the model again.

    Raises:
        ExportRefusedError: If a scorer or the harness needs what stock lm-eval does not have.
        PromptError: If the template does not fit a sample.
    """
    forms = _forms(spec.scorers)
    _check_harness(candidate.harness)
    rows = list(_rows(spec, samples, candidate.harness, forms))
    if not rows:
        raise ExportRefusedError("there is no sample, and stock lm_eval needs at least one")
    _unify(rows)
    name = task_name(spec.task.name)
    columns = {column for row in rows for column in row}
    config = _config(name, forms, candidate.harness, columns=columns)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.jsonl").open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    reader = _READER.format(rows=f"{name}.jsonl")
    (folder / f"{name}_rows.py").write_text(reader, encoding="utf-8")
    path = folder / f"{name}.yaml"
    text = yaml.dump(config, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    path.write_text(text, encoding="utf-8")
    return path


def task_name(name: str) -> str:
    """Return the task's name as lm-eval takes one: lower-case ASCII letters, digits and `_`.

    It is cut where the names of files made from it would become too long.
    """
    return re.sub(r"[^a-z0-9]+", "_", name.lower())[:LONGEST_NAME].strip("_") or "task"


class _Function(str):
    """The name of a Python function, written with lm-eval's `!function` tag."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """YAML without aliases, with lm-eval's tag."""

    def ignore_aliases(self, _: Any) -> bool:
        return True


_Dumper.add_representer(
    _Function, lambda dumper, name: dumper.represent_scalar("!function", str(name))
)


def _forms(scorers: Iterable[ScorerSpec]) -> list[StockForm]:
    forms = [_form(scorer) for scorer in scorers]
    names = [form.name for form in forms]
    for name in names:
        if names.count(name) > 1:
            raise ExportRefusedError(f"two scorers are called {name!r} in lm-eval's log")
    return forms


def _form(scorer: ScorerSpec) -> StockForm:
    if is_in_house(scorer):
        what = f"{scorer.name} with tolerance" if scorer.name == "last_number" else scorer.name
        raise ExportRefusedError(
            f"scorer {what}: stock lm_eval has no such metric; it can do exact_match, "
            "last_number without tolerance, and lm_eval"
        )
    form = stock_form(scorer)
    if any(step["function"] == "multi_choice_regex" for step in form.filters):
        raise ExportRefusedError(
            f"scorer {scorer.name}: multi_choice_regex reads a list from the row, "
            "and only scalar columns are exported"
        )
    return form


def _check_harness(harness: HarnessSpec) -> None:
    if len(harness.stop) > MAX_STOPS:
        raise ExportRefusedError(
            f"harness.stop has {len(harness.stop)} texts, stock lm_eval sends the first {MAX_STOPS}"
        )
    if harness.system == "":
        raise ExportRefusedError("harness.system is empty, stock lm_eval sends no empty message")
    if harness.temperature is None:
        raise ExportRefusedError("harness.temperature is null, stock lm_eval then sends 0")
    if harness.reasoning is not None or harness.extra_body is not None:
        raise ExportRefusedError("harness.reasoning and extra_body: stock lm_eval sends no such")


def _rows(
    spec: Spec, samples: Iterable[ExportSample], harness: HarnessSpec, forms: Sequence[StockForm]
) -> Iterator[dict[str, Any]]:
    for sample in samples:
        row = {name: cell for name, cell in sample.input.items() if _is_scalar(cell)}
        row[PROMPT_COLUMN] = render(harness.prompt, sample.input, target=spec.eval_set.target)
        row[TARGET_COLUMN] = sample.target
        for form in forms:
            row[form.target_column] = form.reduce_target(sample.target)
        yield row


def _is_scalar(cell: Any) -> bool:
    return cell is None or isinstance(cell, str | int | float | bool)


def _unify(rows: Sequence[dict[str, Any]]) -> None:
    """Make text of every column that holds cells of several kinds, since a column has one."""
    for name in dict.fromkeys(name for row in rows for name in row):
        cells = [row.get(name) for row in rows]
        if len({type(cell) for cell in cells} - {type(None)}) > 1:
            for row in rows:
                cell = row.get(name)
                row[name] = cell if cell is None or isinstance(cell, str) else json.dumps(cell)


def _config(
    name: str, forms: Sequence[StockForm], harness: HarnessSpec, *, columns: Container[str]
) -> dict[str, Any]:
    shared = {
        "custom_dataset": _Function(f"{name}_rows.load"),
        "test_split": "test",
        "output_type": "generate_until",
        **_description(harness.system, columns),
        "doc_to_text": PROMPT_COLUMN,
        "generation_kwargs": _generation(harness),
    }
    tasks = [
        {"task": f"{name}_{task_name(part[0].name)}", **shared, **_scoring(part)}
        for part in _parts(forms)
    ]
    if len(tasks) == 1:
        return {**tasks[0], "task": name}
    return {"group": name, "task": tasks}


def _parts(forms: Iterable[StockForm]) -> list[list[StockForm]]:
    """Return the scorers in groups that share a metric and a target, as one lm-eval task must."""
    parts: list[list[StockForm]] = []
    for form in forms:
        key = (form.metric, form.target_column)
        fitting = (part for part in parts if (part[0].metric, part[0].target_column) == key)
        if part := next(fitting, None):
            part.append(form)
        else:
            parts.append([form])
    return parts


def _scoring(forms: Sequence[StockForm]) -> dict[str, Any]:
    first = forms[0]
    scoring = {"doc_to_target": first.target_column, "metric_list": [dict(first.metric)]}
    if len(forms) == 1 and first.filters == (TAKE_FIRST,):
        return scoring  # the chain that lm-eval has by itself, under its name "none"
    return {
        **scoring,
        "filter_list": [
            {"name": form.name, "filter": [dict(step) for step in form.filters]} for form in forms
        ],
    }


def _description(system: str | None, columns: Container[str]) -> dict[str, str]:
    """Return the system prompt so that lm-eval, which reads it as a template, keeps every byte."""
    if system is None:
        return {}
    if system not in columns and not re.search(r"\{[{%#]|\r", system):
        return {"description": system}
    return {"description": f"{{{{ {text_literal(system)} }}}}"}


def _generation(harness: HarnessSpec) -> dict[str, Any]:
    settings = {
        "until": list(harness.stop),
        "max_gen_toks": harness.max_tokens,
        "temperature": harness.temperature,
        "do_sample": bool(harness.temperature),
        "top_p": harness.top_p,
        "seed": harness.seed,
    }
    return {name: value for name, value in settings.items() if value is not None}
