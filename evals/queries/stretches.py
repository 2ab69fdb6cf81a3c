"""Parts of a run's shuffled order, as statements read them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stretch:
    """Places `start` to `stop` (exclusive) of a run's order; those of one `part` are summed up."""

    part: int
    run_id: int
    start: int
    stop: int

    @classmethod
    def of_run(cls, run_id: int, places: int) -> "Stretch":
        """Return the first so many places of a run as a part of their own."""
        return cls(run_id, run_id, 0, places)
