"""What a run shows while several workers are on it."""

from django.db.models import Case, Exists, F, OuterRef, Value, When
from django.db.models.functions import Greatest
from django.utils import timezone

from evals.models import Run
from evals.queries.workforce import held_by_others


class RunCounters:
    """One worker's part in the counters of its run: calls under way, and refusals of too many."""

    def __init__(self, run_id: int, *, holder: str) -> None:
        self._run_id = run_id
        self._holder = holder
        self._in_flight = self._throttled = 0

    def show(self, *, in_flight: int, throttled: int) -> None:
        """Put what this worker has now in the place of what it had.

        Who is alone on the run says how it is: a worker that was killed took nothing back.
        """
        others = held_by_others(OuterRef("pk"), holder=self._holder, now=timezone.now())
        more = F("in_flight") + in_flight - self._in_flight
        Run.objects.filter(pk=self._run_id).update(
            in_flight=Case(
                When(Exists(others), then=Greatest(more, Value(in_flight))),
                default=Value(in_flight),
            ),
            throttled=F("throttled") + throttled - self._throttled,
        )
        self._in_flight, self._throttled = in_flight, throttled
