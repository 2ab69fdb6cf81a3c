"""What a month costs at rising volumes on the incumbent and hosted, for a chart."""

from evals.domain.curves import CostByVolume, VolumePoint
from evals.queries.costcards import CostCard
from evals.queries.hostedlines import HostedLine


def volume_curves(card: CostCard) -> tuple[CostByVolume, ...]:
    """Return one curve for each hosting plan that has a cost."""
    incumbent = next((row.name.name for row in card.rows if row.name.is_incumbent), "the API")
    return tuple(_curve(incumbent, line) for line in card.hosted if line.series)


def _curve(incumbent: str, line: HostedLine) -> CostByVolume:
    hosted = f"{line.name}, hosted"
    even = next((point.tasks for point in line.series if point.is_break_even), None)
    return CostByVolume(
        key=f"volumes-{line.candidate_id}",
        names=(incumbent, hosted),
        points=tuple(
            VolumePoint(
                monthly_volume=point.tasks,
                usd={incumbent: point.api_usd, hosted: point.hosted_usd},
            )
            for point in line.series
        ),
        break_even=even,
        cheaper=hosted,
        today=next((point.tasks for point in line.series if point.is_yours), None),
        estimated=frozenset({hosted} if line.is_estimated else ()),
    )
