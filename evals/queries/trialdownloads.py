"""The trials of a run as they are filtered, as plain values, in the order they were asked."""

from collections.abc import Iterator, Mapping
from typing import Any

from evals.models import HumanScore, Run, Trial
from evals.queries.runview import RunView, run_view
from evals.queries.trialcosts import cost_of
from evals.queries.trials import FIELDS

CHUNK = 500


def shown_documents(run: Run, parameters: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Return one value for each trial that the address shows, read in chunks.

    The shape is that of the samples file, with the input, the cost and what people scored beside.
    Select the run's evaluation and version beforehand.
    """
    return _documents(run_view(run, parameters))


def _documents(view: RunView) -> Iterator[dict[str, Any]]:
    places = view.found.all_places()
    wanted = set(view.found.keys.tolist())
    for start in range(0, len(places), CHUNK):
        trials = Trial.objects.filter(run=view.run, place__in=places[start : start + CHUNK])
        rows = list(trials.select_related("sample").order_by("place", "epoch"))
        humans = _humans(rows)
        for row in rows:
            if row.place * view.found.epochs + row.epoch in wanted:
                yield _document(view, row, humans.get(row.pk, {}))


def _humans(rows: list[Trial]) -> dict[int, dict[str, float]]:
    found: dict[int, dict[str, float]] = {}
    for score in HumanScore.objects.filter(trial__in=rows, withdrawn_at__isnull=True):
        found.setdefault(score.trial_id, {})[score.scorer] = score.value
    return found


def _document(view: RunView, trial: Trial, humans: Mapping[str, float]) -> dict[str, Any]:
    candidate = view.spec.candidates[view.run.position]
    cost = cost_of(trial, candidate)
    values = {name: getattr(trial, name) for name in FIELDS}
    return {
        "candidate": candidate.name,
        "sample": trial.sample.row,
        "input": trial.sample.input.get(view.spec.eval_set.input),
        "target": trial.sample.target,
        **values,
        "cost_usd": None if cost.usd is None else float(cost.usd),
        "human_scores": dict(humans),
    }
