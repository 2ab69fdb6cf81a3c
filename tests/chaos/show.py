"""The scenarios one after the other, each on an evaluation and an endpoint of its own."""

import sys
import time
from collections.abc import Sequence

from evals.domain.evalsets import Mapping
from evals.domain.rows import Row, RowFile
from evals.models import Task
from evals.services.evalsets import Origin, create_version, eval_set_for
from tests.chaos.books import Outcome, differences, outcome
from tests.chaos.endpoint import booked_endpoint
from tests.chaos.paces import Pace
from tests.chaos.rig import READY_SECONDS, Rig
from tests.chaos.scenarios import SCENARIOS, Scenario
from tests.chaos.stage import Stage, make_task, start_run

ACCURACY = 0.8  # which prompts are answered rightly hangs on their text alone


def perform(rig: Rig, pace: Pace, *, only: Sequence[str] = ()) -> list[Outcome]:
    """Return what became of each scenario; the first is the one that nothing happens in."""
    task = make_task()
    create_samples(task, pace.samples)
    chosen = [scenario for scenario in SCENARIOS[1:] if _is_wanted(scenario, pace, only)]
    outcomes: list[Outcome] = []
    with rig.at_work():
        for scenario in (SCENARIOS[0], *chosen):
            found = _performed(rig, pace, task, scenario)
            found = differences(found, outcomes[0]) if outcomes else found
            outcomes.append(found)
            _tell(found)
            if not rig.until(rig.is_ready, seconds=READY_SECONDS):
                raise RuntimeError("a worker did not come back")
    return outcomes


def _is_wanted(scenario: Scenario, pace: Pace, only: Sequence[str]) -> bool:
    if only:
        return any(word in scenario.name for word in only)
    return pace.shows_all or not scenario.is_long


def create_samples(task: Task, samples: int) -> None:
    """Store rows whose target is what the endpoint answers when it is right."""
    rows = (
        Row(n, n + 2, {"text": f"chaos {n}", "queue": "yes", "channel": "mail"})
        for n in range(samples)
    )
    create_version(
        eval_set=eval_set_for(task=task, name="tickets"),
        rows=RowFile(("text", "queue", "channel"), rows),
        mapping=Mapping("text", "queue", ("channel",)),
        origin=Origin(name="tickets.csv", user=None),
    )


def _performed(rig: Rig, pace: Pace, task: Task, scenario: Scenario) -> Outcome:
    rig.calm()
    behaviour = {"latency": pace.latency, "accuracy": ACCURACY, **scenario.behaviour}
    with booked_endpoint(rig.home, **behaviour) as endpoint:
        started = time.monotonic()
        run = start_run(task, name=scenario.name, endpoint=endpoint, pace=pace)
        stage = Stage(rig, endpoint, pace, run)
        scenario.disturb(stage)
        stage.until(stage.has_ended, seconds=pace.patience)
        seconds = time.monotonic() - started
        rig.wait(pace.latency + 0.2)  # whatever is still on its way arrives
        return outcome(
            scenario.name,
            run,
            endpoint.book(),
            seconds=seconds,
            disturbed_at=stage.disturbed_at,
            over_at=stage.over_at,
            over_a_dead_line=scenario.cuts_the_line,
        )


def _tell(found: Outcome) -> None:
    said = "; ".join(found.problems) or "holds"
    sys.stderr.write(f"{found.scenario}: {said} ({found.seconds:.1f} s)\n")
