"""Trials as they leave the house: one plain value each, streamed."""

from collections.abc import Iterator
from typing import Any

from evals.models import Evaluation, Run, Trial

CHUNK = 2000
FIELDS = (
    "epoch",
    "state",
    "output",
    "answer",
    "scores",
    "input_tokens",
    "output_tokens",
    "latency_seconds",
    "attempts",
    "finish_reason",
    "error",
)


def trial_documents(evaluation: Evaluation) -> Iterator[dict[str, Any]]:
    """Yield every trial in the shape of the samples file: by candidate, row and epoch."""
    for run in evaluation.runs.select_related("candidate").order_by("position"):
        yield from run_trial_documents(run)


def run_trial_documents(run: Run) -> Iterator[dict[str, Any]]:
    """Yield the trials of one run, by row and epoch."""
    trials = Trial.objects.filter(run=run).order_by("sample__row", "epoch")
    values = trials.values("sample__row", "sample__target", "details__erased", *FIELDS)
    for value in values.iterator(chunk_size=CHUNK):
        row, target = value.pop("sample__row"), value.pop("sample__target")
        yield {
            "candidate": run.candidate.name,
            "sample": row,
            "epoch": value["epoch"],
            "state": value["state"],
            "output": None if value["details__erased"] else value["output"],
            "answer": value["answer"],
            "target": target,
            **{name: value[name] for name in FIELDS[4:]},
        }
