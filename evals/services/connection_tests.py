"""“Test this endpoint”: one request by a worker, kept to be shown in full."""

import asyncio
from datetime import datetime
from typing import Any

from django.db import transaction

from evals.engine.endpoints import EndpointError, EndpointTrial, try_endpoint
from evals.models import ConnectionTest
from evals.queries.specs import candidate_spec
from evals.services.connections import browser_policy, stored_key
from evals.services.secrets import UnreadableSecretError


def carry_out(test_id: int, *, now: datetime) -> None:
    """Ask a candidate's endpoint one thing and keep what came back; a second call does nothing."""
    waiting = ConnectionTest.objects.filter(finished_at__isnull=True).select_related(
        "candidate__endpoint__secret", "candidate__model", "candidate__harness"
    )
    test = waiting.filter(pk=test_id).first()
    if test is None:
        return
    result = _result(test)
    with transaction.atomic():
        ConnectionTest.objects.filter(pk=test_id, finished_at__isnull=True).update(
            finished_at=now, result=result
        )


def _result(test: ConnectionTest) -> dict[str, Any]:
    spec = candidate_spec(test.candidate)
    if spec.endpoint.api_key_env is not None:
        return {"error": "api_key_env: only the command line may read the environment"}
    try:
        key = stored_key(test.candidate)
    except UnreadableSecretError as error:
        return {"error": str(error)}
    try:
        return _shown(asyncio.run(try_endpoint(spec, api_key=key, allow=browser_policy())))
    except EndpointError as error:
        return {"error": str(error)}


def _shown(trial: EndpointTrial) -> dict[str, Any]:
    reply = trial.reply
    return {
        "request": trial.request_shown,
        "status": trial.status,
        "response": trial.response_shown,
        "state": reply.state.value,
        "output": reply.output,
        "error": reply.error,
        "finish_reason": reply.finish_reason,
        "latency_seconds": reply.latency_seconds,
        "input_tokens": reply.usage.input_tokens,
        "output_tokens": reply.usage.output_tokens,
    }
