"""Real answers of two models to GSM8K, judged in the order of many seeds."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from evals.domain.bars import evidence_of
from evals.domain.order import shuffled_order
from evals.domain.specs import CriterionSpec
from tests.domain.tables import EACH, at_least, grounds, table, within

DATA = Path(__file__).parents[3] / "shared" / "data" / "gsm8k_recorded.csv"
OPEN, CLOSED = "mistralai/Mixtral-8x7B-Instruct-v0.1", "gpt-4-1106-preview"
SEEDS = 200
LINES = (
    (at_least(0.50), True),
    (at_least(0.60), True),
    (at_least(0.64), None),
    (at_least(0.75), False),
    (within(0.05), False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRow:
    """One line over all seeds. `false` is None where the whole set does not tell the truth."""

    line: str
    go: float
    no_go: float
    false: float | None
    mean_n: float
    total: int


@cache
def answers() -> tuple[np.ndarray, np.ndarray]:
    """Who got which question right, in the order of the file: the open model, the closed one."""
    with DATA.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    own, other = (np.array([row[name] == "True" for row in rows], float) for name in (OPEN, CLOSED))
    return own, other


def in_order(seed: int):
    """The grounds of the open model in the order of a seed."""
    own, other = answers()
    order = shuffled_order(len(own), seed=seed)
    return grounds(table(own[order]), incumbent=table(other[order]))


def recorded_rows(seeds: int = SEEDS) -> Iterator[RecordedRow]:
    """Every line under the stop rule; nothing where the file is not there."""
    if not DATA.is_file():
        return
    orders = [in_order(seed) for seed in range(seeds)]
    for line, truth in LINES:
        found = [evidence_of(line, own, stop_early=True).find(EACH) for own in orders]
        go = float(np.mean([each.is_above is True for each in found]))
        no_go = float(np.mean([each.is_above is False for each in found]))
        yield RecordedRow(
            line=_words(line),
            go=go,
            no_go=no_go,
            false=None if truth is None else no_go if truth else go,
            mean_n=float(np.mean([each.places for each in found])),
            total=len(answers()[0]),
        )


def _words(line: CriterionSpec) -> str:
    return f"{line.comparator.value} {line.threshold:g}"
