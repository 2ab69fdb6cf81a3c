"""What the database says of a task's only run, once it has ended."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import psycopg

_ENDED = """
SELECT extract(epoch FROM run.finished_at)::float8
FROM evals_run run
JOIN evals_evaluation evaluation ON evaluation.id = run.evaluation_id
JOIN evals_task task ON task.id = evaluation.task_id
WHERE task.name = %s AND run.finished_at IS NOT NULL
"""
_STATES = """
SELECT trial.state, count(*), coalesce(sum((trial.scores ->> 'exact_match')::float8), 0)
FROM evals_trial trial
JOIN evals_run run ON run.id = trial.run_id
JOIN evals_evaluation evaluation ON evaluation.id = run.evaluation_id
JOIN evals_task task ON task.id = evaluation.task_id
WHERE task.name = %s GROUP BY trial.state
"""
_JUDGED = {"ok", "no_answer", "model_error"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """When the run ended, by the monotonic clock, and what became of its samples."""

    ended_at: float
    states: dict[str, int]
    score: float | None


def stored(task: str, *, goes_on: Callable[[], bool]) -> Stored | None:
    """Return what was stored once the task's run has ended, None where `goes_on` says so first."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        while (ended := connection.execute(_ENDED, [task]).fetchone()) is None:
            if not goes_on():
                return None
            time.sleep(0.1)
        rows = connection.execute(_STATES, [task]).fetchall()
    states = {state: count for state, count, _ in rows}
    judged = sum(count for state, count in states.items() if state in _JUDGED)
    passed = sum(score for _, _, score in rows)
    return Stored(
        ended_at=ended[0] - (time.time() - time.monotonic()),
        states=states,
        score=passed / judged if judged else None,
    )
