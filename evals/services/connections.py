"""What a worker may use to reach an endpoint: the key, and how far it may reach."""

import os

from django.conf import settings

from evals.engine.endpoints import AddressPolicy, EndpointError
from evals.models import Candidate, Evaluation
from evals.queries.work import RunWork
from evals.services.secrets import reveal


def api_key(work: RunWork) -> str | None:
    """Return the key in the clear, from the stored secret or, on the command line, the environment.

    Raises:
        EndpointError: If the named environment variable is not set or may not be read.
        UnreadableSecretError: If no key of the instance decrypts the secret.
    """
    name = work.candidate.endpoint.api_key_env
    if name is None:
        return stored_key(work.run.candidate)
    if not is_from_command_line(work.run.evaluation):
        raise EndpointError(f"api_key_env {name}: only the command line may read the environment")
    if not os.environ.get(name):
        raise EndpointError(f"the environment variable {name} (api_key_env) is not set")
    return os.environ[name]


def stored_key(candidate: Candidate) -> str | None:
    """Return the key of the endpoint's stored secret, None where it has none."""
    secret = candidate.endpoint.secret
    return reveal(secret) if secret else None


def policy(evaluation: Evaluation) -> AddressPolicy:
    """Return how far the evaluation's endpoints may reach."""
    return AddressPolicy.ANYWHERE if is_from_command_line(evaluation) else browser_policy()


def browser_policy() -> AddressPolicy:
    """Return how far endpoints that were entered in the browser may reach."""
    return AddressPolicy.PRIVATE if settings.ALLOW_PRIVATE_ENDPOINTS else AddressPolicy.PUBLIC


def is_from_command_line(evaluation: Evaluation) -> bool:
    """Return whether a spec on the command line made it, which may use what this machine has."""
    return evaluation.identity is not None
