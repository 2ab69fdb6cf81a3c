"""One evaluation on the rig, and what a scenario may do to it. Needs Django to be set up."""

import signal
import time
from collections.abc import Callable
from typing import Any

from django.db import InterfaceError, OperationalError, connection

from evals.models import Evaluation, Run, Shard, Task, Trial
from evals.models.evaluations import FINAL, RunState, ShardState
from tests import make
from tests.chaos.endpoint import BookedEndpoint
from tests.chaos.paces import Pace
from tests.chaos.rig import Rig
from viability.children import Child
from viability.processes import Unit

STEP_SECONDS = 30  # for anything that should come soon


class Stage:
    """A rig, an endpoint, and the run that a scenario disturbs."""

    def __init__(self, rig: Rig, endpoint: BookedEndpoint, pace: Pace, run: Run) -> None:
        self.rig, self.endpoint, self.pace, self.run = rig, endpoint, pace, run
        self.disturbed_at: float | None = None
        self.over_at: float | None = None

    def mid_run(self) -> None:
        """Wait until a good part of the run is stored."""
        self.until(lambda: self.stored() >= self.pace.samples * 0.3)

    def stored(self) -> int:
        """Return how many trials are stored."""
        return Trial.objects.filter(run=self.run).count()

    def holder(self) -> Child:
        """Return a worker that holds a part of the run at this moment."""
        found: list[Child] = []

        def look() -> bool:
            held = Shard.objects.filter(run=self.run, state=ShardState.LEASED)
            pids = {int(name.rsplit(":", 3)[1]) for name in held.values_list("holder", flat=True)}
            found[:] = [w for w in self.rig.workers if pids & set(self.rig.processes_of(w))]
            return bool(found)

        self.until(look)
        return found[0]

    def kill(self, *units: Unit) -> None:
        """Kill -9; what starts them again is at work when somebody waits."""
        self.disturb()
        for unit in units:
            self.rig.send(unit, signal.SIGKILL)
        self.over()

    def ask_to_end(self, unit: Unit, number: signal.Signals = signal.SIGTERM) -> None:
        """End a part as a restart does, and wait until it has ended."""
        self.disturb()
        self.rig.send(unit, number)
        deadline = time.monotonic() + STEP_SECONDS
        while unit.exit_status() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        self.over()

    def disturb(self) -> None:
        """Note the moment at which things go wrong."""
        self.disturbed_at = time.time()

    def over(self) -> None:
        """Note the moment from which all could be well again."""
        self.over_at = time.time()

    def has_ended(self) -> bool:
        """Return whether the evaluation is closed with its verdicts, or waits for a person."""
        self.run.refresh_from_db()
        if self.run.state == RunState.PAUSED:
            return True
        evaluation = Evaluation.objects.get(pk=self.run.evaluation_id)
        return self.run.state in FINAL and evaluation.finished_at is not None

    def until(self, condition: Callable[[], Any], *, seconds: float = STEP_SECONDS) -> bool:
        """Wait for the condition; a database that is away means not yet."""
        return self.rig.until(lambda: _asked(condition), seconds=seconds)


def make_task() -> Task:
    """Make the task whose samples every scenario asks about."""
    return make.task(name="Chaos")


def start_run(task: Task, *, name: str, endpoint: BookedEndpoint, pace: Pace) -> Run:
    """Start an evaluation of one candidate, whose model nobody has asked before."""
    candidate = make.candidate_spec(
        name,
        base_url=endpoint.url,
        concurrency=pace.concurrency,
        timeout_seconds=pace.timeout,
    )
    evaluation = make.live_evaluation(task, samples=pace.samples, candidates=[candidate])
    return evaluation.runs.get()


def _asked(condition: Callable[[], Any]) -> bool:
    try:
        return bool(condition())
    except (OperationalError, InterfaceError):
        connection.close()
        return False
