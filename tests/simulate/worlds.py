"""Made-up runs: arrays of scores in the shuffled order, one row for each run."""

import heapq

import numpy as np


def coins(rng, *, runs, n, rate):
    """Independent scores of 0 and 1."""
    return (rng.random((runs, n)) < rate).astype(float)


def pairs(rng, *, runs, n, discordance, gap):
    """Paired scores to bet on: 0 lost, 1/2 alike, 1 won."""
    drawn, won = rng.random((runs, n)), (discordance + gap) / 2
    return np.where(drawn < won, 1.0, np.where(drawn < discordance, 0.0, 0.5))


def cluster_rates(rng, *, runs, count, rate, correlation):
    """The pass rate of each cluster, so that two of its samples correlate as told."""
    if not correlation:
        return np.full((runs, count), rate)
    weight = 1 / correlation - 1
    return rng.beta(rate * weight, (1 - rate) * weight, (runs, count))


def cluster_passes(rng, *, runs, count, rate, correlation, size):
    """How many samples of each cluster pass."""
    rates = cluster_rates(rng, runs=runs, count=count, rate=rate, correlation=correlation)
    return rng.binomial(size, rates)


def graded(rng, *, runs, n, mean, weight):
    """Scores with partial credit; a small weight makes them all or nothing."""
    return rng.beta(mean * weight, (1 - mean) * weight, (runs, n))


def rare_losses(rng, *, runs, n, loss):
    """Paired graded differences: mostly none, now and then all is lost."""
    return np.where(rng.random((runs, n)) < loss, -1.0, 0.0)


def rivals(rng, *, runs, n, rate, count, correlation):
    """Scores of several candidates on the same samples: [candidate][run, sample]."""
    shared = rng.standard_normal((runs, n))
    limit = np.quantile(rng.standard_normal(200_000), rate)
    own = (rng.standard_normal((runs, n)) for _ in range(count))
    return [
        (np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * noise < limit).astype(float)
        for noise in own
    ]


def arrival_orders(rng, scores, *, slots, slowness):
    """The places of each run in the order in which their answers come.

    So many are asked at once; a wrong answer takes `slowness` times as long on average.
    """
    seconds = rng.exponential(np.where(scores > 0, 1.0, slowness))
    return np.array([_finished(run, slots) for run in seconds])


def _finished(seconds, slots):
    asked = [(second, place) for place, second in enumerate(seconds[:slots])]
    heapq.heapify(asked)
    order, following = [], slots
    while asked:
        now, place = heapq.heappop(asked)
        order.append(place)
        if following < len(seconds):
            heapq.heappush(asked, (now + seconds[following], following))
            following += 1
    return order
