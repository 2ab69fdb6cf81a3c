"""API tokens: who a script is, by the hash of what it shows."""

import hashlib
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from evals.models import ApiToken, Membership

SAY_USED = timedelta(minutes=1)  # a busy script is one write a minute, not one a request


def token_holder(*, token: str, now: datetime) -> ApiToken | None:
    """Return the row of a token that holds, with its team and its maker; None for any other.

    One that was revoked or has expired holds no more, nor does that of somebody who has left.
    """
    still_there = Membership.objects.filter(team=OuterRef("team"), user=OuterRef("created_by"))
    found = (
        ApiToken.objects.filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=now),
            Exists(still_there),
            token_hash=hashlib.sha256(token.encode()).hexdigest(),
            revoked_at__isnull=True,
            created_by__is_active=True,
        )
        .select_related("team", "created_by")
        .first()
    )
    if found and (found.last_used_at is None or found.last_used_at <= now - SAY_USED):
        ApiToken.objects.filter(pk=found.pk).update(last_used_at=now)
    return found
