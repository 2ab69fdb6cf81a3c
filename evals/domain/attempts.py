"""Several attempts at one sample: how often one of k, or all k, would pass.

As a metric they are figures of the first scorer's: `pass@3` and `pass^3`.
"""

import re
from dataclasses import dataclass
from math import comb

_METRIC = re.compile(r"pass(@|\^)([1-9]\d{0,2})")


@dataclass(frozen=True, slots=True)
class AttemptMetric:
    """`pass@k`, one of k attempts passes, or `pass^k`, all of them do."""

    k: int
    is_all: bool

    @classmethod
    def of(cls, name: str) -> "AttemptMetric | None":
        """Return the metric of that name, None for any other name."""
        found = _METRIC.fullmatch(name)
        return cls(k=int(found[2]), is_all=found[1] == "^") if found else None

    def estimate(self, attempts: int, passed: int) -> float:
        """Return what so many passes of so many attempts say; see the rules below."""
        rule = pass_all_k if self.is_all else pass_at_k
        return rule(attempts, passed, self.k)


def pass_at_k(attempts: int, passed: int, k: int) -> float:
    """Return the unbiased estimate that at least one of k attempts passes: 1 - C(n-c,k)/C(n,k).

    Args:
        attempts: Made, n.
        passed: Of those, c.
        k: In 1..n; fewer attempts than k say nothing about it.

    Raises:
        ValueError: If the counts are out of range.

    Source: Chen et al. (2021), arXiv:2107.03374, equation 1.
    """
    _check(attempts, passed, k)
    return 1 - comb(attempts - passed, k) / comb(attempts, k)


def pass_all_k(attempts: int, passed: int, k: int) -> float:
    """Return the unbiased estimate that all of k attempts pass, pass^k: C(c,k)/C(n,k).

    Source: Yao et al. (2024), arXiv:2406.12045.
    """
    _check(attempts, passed, k)
    return comb(passed, k) / comb(attempts, k)


def majority_rate(rate: float, k: int) -> float:
    """Return how often most of k independent attempts are right, each being right at `rate`.

    Right answers are taken to be alike and wrong ones too, the worst case: wrong answers that
    differ from each other do not outvote.

    Raises:
        ValueError: If k is not odd and positive, or the rate is no rate.

    Source: Condorcet (1785); house methods, section 4.
    """
    if k < 1 or k % 2 == 0 or not 0 <= rate <= 1:
        raise ValueError(f"need an odd k >= 1 and 0 <= rate <= 1, got k {k}, rate {rate}")
    needed = range(k // 2 + 1, k + 1)
    return sum(comb(k, right) * rate**right * (1 - rate) ** (k - right) for right in needed)


def _check(attempts: int, passed: int, k: int) -> None:
    if not (0 <= passed <= attempts and 1 <= k <= attempts):
        raise ValueError(
            f"need 0 <= passed <= n and 1 <= k <= n, got {passed} of {attempts}, k {k}"
        )
