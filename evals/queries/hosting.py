"""Hosting plans with all that they are costed from, for any number of candidates at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from evals.domain.goodput import Goodput, goodput
from evals.domain.hardware import Hardware
from evals.domain.hostingplans import HostingFigures, read_hosting
from evals.domain.memoryneeds import ModelSize
from evals.models import HostingPlan, Team, ThroughputTest
from evals.models.prices import ThroughputState
from evals.queries.hardware import hardware_for
from evals.queries.modelsizes import model_sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A throughput test of the candidate on the plan's hardware.

    `best` None: no level kept to the latency bar, so the goodput is unknown.
    """

    pk: int
    on: datetime
    best: Goodput | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosting:
    """A plan with what belongs to it; None: off the team's list, never measured."""

    plan: HostingFigures
    hardware: Hardware | None
    size: ModelSize
    measured: Measured | None


def hostings(team: Team, models: Mapping[int, str]) -> dict[int, Hosting]:
    """Return the hosting of each candidate that has a plan, in four queries or in one.

    Args:
        team: Whose hardware and facts on models count.
        models: The candidates' ids with the identifiers of their models.
    """
    plans = HostingPlan.objects.filter(candidate_id__in=models)
    found = {row.candidate_id: read_hosting(row.figures) for row in plans}
    if not found:
        return {}
    hardware = hardware_for(team.pk)
    sizes = model_sizes(team, (models[pk] for pk in found))
    tests = _measured(found)
    return {
        pk: Hosting(
            plan=plan,
            hardware=hardware.get(plan.hardware_key),
            size=sizes.get(models[pk], ModelSize()),
            measured=tests.get(pk),
        )
        for pk, plan in found.items()
    }


def _measured(plans: Mapping[int, HostingFigures]) -> dict[int, Measured]:
    """Return the latest completed test of each candidate on the hardware of its plan."""
    tests = ThroughputTest.objects.filter(
        candidate_id__in=plans, state=ThroughputState.COMPLETED, finished_at__isnull=False
    )
    found: dict[int, Measured] = {}
    for test in tests.order_by("pk"):
        if test.settings.get("hardware_key") == plans[test.candidate_id].hardware_key:
            on = test.finished_at or test.created_at
            found[test.candidate_id] = Measured(pk=test.pk, on=on, best=goodput(test.levels))
    return found
