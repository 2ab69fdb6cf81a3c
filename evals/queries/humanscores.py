"""What people scored themselves, beside the automatic scores."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evals.domain.specs import GRADED, Spec
from evals.models import HumanScore, Run
from evals.queries import figures
from evals.queries.runarrays import RunArrays


@dataclass(frozen=True, slots=True, kw_only=True)
class PastScore:
    """One person's score of a trial, in words."""

    pk: int
    scorer: str
    value: str
    by: str
    note: str
    when: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanCard:
    """A trial's human scores, newest first, and what a form may offer.

    `choices` are each scorer with whether it gives partial credit.
    """

    scores: tuple[PastScore, ...]
    choices: tuple[tuple[str, bool], ...]


def human_card(spec: Spec, scores: Sequence[HumanScore]) -> HumanCard:
    """Return the card of a trial, whose human scores are given newest first."""
    return HumanCard(
        scores=tuple(_past(score) for score in scores),
        choices=tuple((scorer.name, scorer.name in GRADED) for scorer in spec.scorers),
    )


def human_rates(run: Run, spec: Spec, arrays: RunArrays) -> tuple[str, ...]:
    """Return what each rate would be with the human scores, in words, in one query.

    "exact match 0.880, with 3 human scores 0.884". They change no verdict.
    """
    found = HumanScore.objects.filter(trial__run=run, withdrawn_at__isnull=True)
    rows = list(found.values_list("scorer", "value", "trial__place", "trial__epoch"))
    names = [scorer.name for scorer in spec.scorers]
    return tuple(
        _rate(name, [row[1:] for row in rows if row[0] == name], arrays)
        for name in names
        if any(row[0] == name for row in rows)
    )


def _rate(name: str, humans: list[tuple[float, int, int]], arrays: RunArrays) -> str:
    scores = arrays.table.scores[name].copy()
    automatic = _mean(scores)
    values, places, epochs = (list(column) for column in zip(*humans, strict=True))
    at = arrays.positions_at(np.array(places))
    is_known = at >= 0  # a live run may have got more since its arrays were read
    scores[at[is_known], np.array(epochs)[is_known]] = np.array(values)[is_known]
    said = figures.plural(int(is_known.sum()), "human score")
    label = figures.metric_label(name)
    return f"{label} {figures.rate(automatic)}, with {said} {figures.rate(_mean(scores))}"


def _mean(scores: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> float | None:
    known = scores[~np.isnan(scores)]
    return float(known.mean()) if len(known) else None


def _past(score: HumanScore) -> PastScore:
    return PastScore(
        pk=score.pk,
        scorer=figures.metric_label(score.scorer),
        value=f"{score.value:g}",
        by=str(score.created_by or "somebody who has left"),
        note=score.note,
        when=figures.moment(score.created_at),
        is_current=score.withdrawn_at is None,
    )
