"""Several attempts at one sample: how often one of k, or all k, would pass."""

from math import comb


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
    """Return how often most of k independent attempts pass, k odd.

    Source: Condorcet (1785).
    """
    if not 0 <= rate <= 1 or k < 1 or not k % 2:
        raise ValueError(f"need 0 <= rate <= 1 and an odd k, got {rate}, {k}")
    wins = range(k // 2 + 1, k + 1)
    return sum(comb(k, win) * rate**win * (1 - rate) ** (k - win) for win in wins)


def _check(attempts: int, passed: int, k: int) -> None:
    if not (0 <= passed <= attempts and 1 <= k <= attempts):
        raise ValueError(
            f"need 0 <= passed <= n and 1 <= k <= n, got {passed} of {attempts}, k {k}"
        )
