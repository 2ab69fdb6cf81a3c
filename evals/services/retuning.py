"""Setting an endpoint's limits while it is asked; workers follow with their next swap."""

from django.db import transaction

from evals.models import Endpoint, EndpointLimit, User
from evals.services.audit import record

NAMES = ("concurrency", "requests_per_minute", "tokens_per_minute")


@transaction.atomic
def retune_endpoint(
    *,
    endpoint: Endpoint,
    concurrency: int | None,
    requests_per_minute: int | None,
    tokens_per_minute: int | None,
    user: User,
) -> bool:
    """Set what all workers together may ask; None: as the candidate's spec says.

    Returns:
        Whether that is anything new.
    """
    limit, _ = EndpointLimit.objects.select_for_update().get_or_create(endpoint=endpoint)
    before = {name: getattr(limit, name) for name in NAMES}
    limit.concurrency = concurrency
    limit.requests_per_minute = requests_per_minute
    limit.tokens_per_minute = tokens_per_minute
    limit.save(update_fields=NAMES)
    after = {name: getattr(limit, name) for name in NAMES}
    if after == before:
        return False
    record(team=endpoint.team, user=user, action="endpoint retuned", subject=endpoint.name, **after)
    return True
