"""A run's trials as arrays by place and epoch: what rules over single samples read."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evals.domain.attempts import AttemptMetric
from evals.domain.sequential import Floats

Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """What stands at each place of the shuffled order that the plan asks about.

    `slices` has for each slice column the value at each place; `clusters` numbers the clusters, and
    is None where every sample stands for itself.
    """

    size: int
    slices: Mapping[str, NDArray[np.object_]]
    clusters: Whole | None = None

    def where(self, wanted: Mapping[str, str] | None) -> Flags:
        """Return which places lie in a slice, all of them where `wanted` is None.

        Raises:
            ValueError: If a column is no slice of the set.
        """
        found = np.ones(self.size, dtype=np.bool_)
        for column, value in (wanted or {}).items():
            if column not in self.slices:
                raise ValueError(f"slice {column!r}: found only {sorted(self.slices)}")
            found &= self.slices[column] == value
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrialTable:
    """One run's trials, in arrays of (places, epochs); nan is unscored or unknown.

    `judged` are ok, no_answer and model_error; `refused` are the model_errors among them, which are
    no fast answers however fast they came. `usd` is what each trial would cost in production, by an
    estimate where `is_estimated`; `most_usd` is the most that one can cost, None where no price
    says so. `first_token` has the seconds to the first token, None where no line asks for them.
    """

    stored: Flags
    judged: Flags
    refused: Flags
    scores: Mapping[str, Floats]
    seconds: Floats
    usd: Floats
    is_estimated: bool = False
    most_usd: float | None = None
    first_token: Floats | None = None

    @property
    def places(self) -> int:
        """How many places the plan asks about."""
        return int(self.stored.shape[0])

    @property
    def epochs(self) -> int:
        """How often each is asked."""
        return int(self.stored.shape[1])

    @property
    def prefix(self) -> int:
        """How many places from the first on have all their trials."""
        complete = self.stored.all(axis=1)
        return self.places if complete.all() else int(complete.argmin())


def error_scores(stored: Flags, judged: Flags, refused: Flags) -> Floats:
    """Return 1 for each trial that ended in an error and 0 for the others; see `measured`.

    nan is a trial that was never asked.
    """
    errors = (~judged | refused).astype(np.float64)
    return np.where(stored, errors, np.nan)


def attempt_scores(scores: Floats, metric: AttemptMetric) -> Floats:
    """Return how often k attempts pass: each sample's estimate in the place of its attempts.

    Args:
        scores: Of 0 and 1, in (places, epochs); nan is unscored, and makes its sample unknown.
        metric: Which k, and whether one or all of them have to pass.

    Raises:
        ValueError: If there are fewer than k epochs.
    """
    epochs = scores.shape[1]
    estimates = np.array([metric.estimate(epochs, passed) for passed in range(epochs + 1)])
    passed = np.nan_to_num(scores).sum(axis=1).round().astype(np.int64)
    each = np.where(np.isnan(scores).any(axis=1), np.nan, estimates[passed])
    return np.repeat(each[:, np.newaxis], epochs, axis=1)
