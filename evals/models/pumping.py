"""What workers share while they ask: an endpoint's limits, and who is about."""

from django.db import models
from django.db.models import Q

MOST_AT_ONCE = 4096  # calls to one endpoint, whatever its limit is set to while workers ask


class EndpointLimit(models.Model):
    """How an endpoint may be asked by all workers together. Null: as the candidate's spec says.

    `sharing` is the state of `engine.sharing`, swapped under a lock of this row.
    """

    endpoint = models.OneToOneField("Endpoint", on_delete=models.CASCADE, related_name="limit")
    concurrency = models.PositiveIntegerField(null=True)
    requests_per_minute = models.PositiveIntegerField(null=True)
    tokens_per_minute = models.PositiveIntegerField(null=True)
    sharing = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(concurrency__isnull=True) | Q(concurrency__gte=1),
                name="endpoint_limit_lets_something_through",
            ),
        ]

    def __str__(self) -> str:
        return f"limit of endpoint {self.endpoint_id}"


class Worker(models.Model):
    """A worker process that serves some pools; one not seen for a while is gone."""

    name = models.CharField(max_length=200, unique=True)
    host = models.CharField(max_length=200)
    pid = models.PositiveIntegerField()
    pools = models.JSONField()  # names, sorted
    processes = models.PositiveIntegerField(default=1)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.name
