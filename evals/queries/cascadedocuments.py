"""An evaluation's replayed cascades as part of its result file."""

from typing import Any

from evals.models import Evaluation
from evals.models.facts import ReplayState
from evals.queries.cascades import amount, replays_of

Document = dict[str, Any]


def cascade_documents(evaluation: Evaluation) -> list[Document]:
    """Return what each completed replay found, oldest first; empty where there is none."""
    completed = replays_of(evaluation).filter(state=ReplayState.COMPLETED).order_by("pk")
    return [
        {**replay.result["names"], "signal": replay.signal, **_found(replay.result)}
        for replay in completed
    ]


def replay_document(result: Document) -> Document:
    """Return a whole result with amounts as numbers, as a file of its own."""
    return {
        name: amount(value) if name.endswith("usd") and isinstance(value, str) else _deeper(value)
        for name, value in result.items()
    }


def _found(result: Document) -> Document:
    reported = result["reported"]
    point, quality = reported["point"], reported["quality"]
    return {
        "metric": result["metric"],
        "replayed": True,
        "n": reported["n"],
        "threshold": point["threshold"],
        "escalation": point["escalation"],
        "value": quality["value"],
        "low": quality["low"],
        "high": quality["high"],
        "per_task_usd": amount(point["usd"]),
        "per_accepted_usd": amount(reported["per_accepted_usd"]),
        "p95_seconds": point["p95_seconds"],
        "ceiling": result["ceiling"],
        "sha256": result["sha256"],
    }


def _deeper(value: Any) -> Any:
    if isinstance(value, dict):
        return replay_document(value)
    return [_deeper(each) for each in value] if isinstance(value, list) else value
