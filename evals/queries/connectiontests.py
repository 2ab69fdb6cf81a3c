"""The page of one connection test: what was sent, and what came back."""

from dataclasses import dataclass
from datetime import datetime

from evals.domain.trials import TrialState
from evals.models import ConnectionTest
from evals.queries import figures
from evals.queries.candidatefacts import Fact
from evals.queries.workers import MissingPool, missing, served_pools

WORDS = {
    TrialState.OK: "It answered",
    TrialState.NO_ANSWER: "It answered with nothing",
    TrialState.MODEL_ERROR: "It refused the request",
    TrialState.INFRA_ERROR: "No answer could be had",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionTestPage:
    """One request in full; until it is finished only who waits for it."""

    pk: int
    candidate_id: int
    candidate: str
    task_id: int
    task_name: str
    pool: str
    missing_pools: tuple[MissingPool, ...]
    started: str
    is_finished: bool
    state: str
    headline: str
    error: str
    output: str
    facts: tuple[Fact, ...]
    request: str
    response: str


def connection_test_page(test: ConnectionTest, *, now: datetime) -> ConnectionTestPage:
    """Return the page; select the candidate with its task and endpoint beforehand."""
    result, candidate = test.result, test.candidate
    state = result.get("state")
    is_met = state == TrialState.OK
    return ConnectionTestPage(
        pk=test.pk,
        candidate_id=candidate.pk,
        candidate=candidate.name,
        task_id=candidate.task_id,
        task_name=candidate.task.name,
        pool=candidate.endpoint.pool,
        missing_pools=_missing(test, now=now),
        started=figures.moment(test.created_at),
        is_finished=test.finished_at is not None,
        state="met" if is_met else "missed",
        headline=WORDS[TrialState(state)] if state else "It could not be asked",
        error=result.get("error") or "",
        output=result.get("output") or "",
        facts=tuple(_facts(result)),
        request=result.get("request") or "",
        response=result.get("response") or "",
    )


def _missing(test: ConnectionTest, *, now: datetime) -> tuple[MissingPool, ...]:
    pool = test.candidate.endpoint.pool
    is_waiting = test.finished_at is None and pool not in served_pools(now=now)
    return missing([(pool, test.candidate.name)]) if is_waiting else ()


def _facts(result: dict[str, object]) -> list[Fact]:
    status, seconds = result.get("status"), result.get("latency_seconds")
    facts = [
        ("HTTP status", None if status is None else str(status)),
        ("Time", figures.seconds(seconds) if isinstance(seconds, float | int) else None),
        ("Input tokens", result.get("input_tokens")),
        ("Output tokens", result.get("output_tokens")),
        ("Finish reason", result.get("finish_reason")),
    ]
    return [Fact(label, str(value)) for label, value in facts if value is not None]
