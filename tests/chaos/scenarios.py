"""What goes wrong, one function each: it returns when nothing more will."""

import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from evals.queue import Job, enqueue
from tests.chaos.stage import STEP_SECONDS, Stage

RINGS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A name, what goes wrong in mid-run, and how the endpoint behaves throughout.

    `cuts_the_line`: attempts fail before they reach the endpoint. `is_long`: it waits for much
    to start again, or resembles another, so that the short form leaves it out.
    """

    name: str
    disturb: Callable[[Stage], None]
    behaviour: Mapping[str, float] = field(default_factory=dict)
    cuts_the_line: bool = False
    is_long: bool = False


def nothing(_stage: Stage) -> None:
    """Leave it alone."""


def kill_one_worker(stage: Stage) -> None:
    stage.mid_run()
    stage.kill(stage.holder())


def kill_both_workers(stage: Stage) -> None:
    stage.mid_run()
    stage.kill(*stage.rig.workers)


def kill_broker(stage: Stage) -> None:
    stage.mid_run()
    if stage.rig.broker is not None:
        stage.kill(stage.rig.broker)


def kill_database(stage: Stage) -> None:
    stage.mid_run()
    if stage.rig.database is not None:
        stage.kill(stage.rig.database)


def restart_worker(stage: Stage) -> None:
    stage.mid_run()
    stage.ask_to_end(stage.holder())


def restart_broker(stage: Stage) -> None:
    stage.mid_run()
    if stage.rig.broker is not None:
        stage.ask_to_end(stage.rig.broker)


def restart_database(stage: Stage) -> None:
    stage.mid_run()
    if stage.rig.database is not None:
        stage.ask_to_end(stage.rig.database, signal.SIGINT)  # PostgreSQL's fast stop


def storm(stage: Stage) -> None:
    stage.mid_run()
    stage.disturb()
    stage.endpoint.behave(throttle_rate=1.0)
    stage.rig.wait(stage.pace.outage)
    stage.endpoint.behave(throttle_rate=0.0)
    stage.over()


def endpoint_down(stage: Stage) -> None:
    stage.mid_run()
    stage.disturb()
    stage.endpoint.kill()
    stage.rig.wait(stage.pace.outage)
    stage.endpoint.start()
    stage.over()


def endpoint_and_worker_down(stage: Stage) -> None:
    """Let a worker come to the run while nobody answers at the endpoint."""
    stage.mid_run()
    holder = stage.holder()
    stage.disturb()
    stage.endpoint.kill()
    stage.rig.send(holder, signal.SIGKILL)
    stage.rig.wait(stage.pace.outage)
    stage.endpoint.start()
    stage.over()


def freeze_worker(stage: Stage) -> None:
    """Stop a worker for longer than its lease, while the other takes over; then let it go on."""
    stage.mid_run()
    holder = stage.holder()
    frozen = stage.rig.processes_of(holder)
    stage.disturb()
    stage.rig.send(holder, signal.SIGSTOP)
    before = stage.stored()
    try:
        stage.rig.wait(stage.pace.frozen)
        stage.until(lambda: stage.stored() > before)
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
        stage.over()


def race(stage: Stage) -> None:
    """Ring for one run again and again, so that both workers come to it at once."""
    for _ in range(RINGS):
        enqueue(Job.WORK_ON_RUN, stage.run.pk)
    stage.until(lambda: stage.stored() > 0, seconds=STEP_SECONDS)
    for _ in range(RINGS):
        enqueue(Job.WORK_ON_RUN, stage.run.pk)


SCENARIOS = (
    Scenario(name="nothing", disturb=nothing),
    Scenario(name="kill -9 of one worker", disturb=kill_one_worker),
    Scenario(name="kill -9 of both workers", disturb=kill_both_workers, is_long=True),
    Scenario(name="kill -9 of the broker", disturb=kill_broker, is_long=True),
    Scenario(name="kill -9 of PostgreSQL", disturb=kill_database),
    Scenario(name="restart of one worker", disturb=restart_worker, is_long=True),
    Scenario(name="restart of the broker", disturb=restart_broker, is_long=True),
    Scenario(name="restart of PostgreSQL", disturb=restart_database, is_long=True),
    Scenario(
        name="5 % 500s, 5 % 429s, 1 % hung sockets",
        disturb=nothing,
        behaviour={"error_rate": 0.05, "throttle_rate": 0.05, "hang_rate": 0.01},
    ),
    Scenario(name="429 storm", disturb=storm, is_long=True),
    Scenario(name="endpoint down", disturb=endpoint_down, cuts_the_line=True, is_long=True),
    Scenario(
        name="endpoint down, worker killed",
        disturb=endpoint_and_worker_down,
        cuts_the_line=True,
        is_long=True,
    ),
    Scenario(name="worker frozen past its lease", disturb=freeze_worker),
    Scenario(name="two workers race", disturb=race, is_long=True),
)
