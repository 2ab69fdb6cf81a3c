"""How much people have looked at where a candidate and its incumbent disagree."""

from typing import Any

from django.db.models import CharField, Count, F, FloatField, Func, OuterRef, Subquery
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast

from evals.models import HumanScore, Team, Trial
from evals.queries.access import evaluations_for
from evals.queries.standings import speaking

SCORERS = "trial__run__evaluation__scorer_set__definitions"


def scored_differing(team: Team) -> dict[int, int]:
    """Return by run how many trials a person scored that its incumbent did otherwise on.

    In one query, by the first scorer, as where candidates are paired; of the evaluations that
    speak for the team's tasks.
    """
    spoken = speaking(evaluations_for(team)).values("pk")
    theirs = Trial.objects.filter(
        run__evaluation=OuterRef("trial__run__evaluation"),
        run__is_incumbent=True,
        sample=OuterRef("trial__sample"),
        epoch=OuterRef("trial__epoch"),
    ).annotate(figure=_figure("scores", OuterRef("metric")))
    standing = HumanScore.objects.filter(trial__run__evaluation__in=spoken, withdrawn_at=None)
    differing = (
        standing.annotate(metric=KeyTextTransform("name", KeyTransform("0", SCORERS)))
        .annotate(
            own=_figure("trial__scores", F("metric")), other=Subquery(theirs.values("figure")[:1])
        )
        .filter(own__isnull=False, other__isnull=False)
        .exclude(own=F("other"))
    )
    counted = differing.values("trial__run").annotate(trials=Count("trial", distinct=True))
    return dict(counted.values_list("trial__run", "trials"))


def _figure(scores: str, metric: Any) -> Cast:
    """Return a trial's score by a scorer whose name the database knows."""
    text = Func(F(scores), metric, function="jsonb_extract_path_text", output_field=CharField())
    return Cast(text, FloatField())
