"""A short simulation: bounds that a broken rule would break."""

import subprocess
import sys

import numpy as np
import pytest

from evals.domain.betting import BetPath
from tests.simulate import rules, worlds
from tests.simulate.coverages import anytime, quantiles, rates
from tests.simulate.errors import COSTS, arrivals, error_rows
from tests.simulate.lengths import length_rows
from tests.simulate.rules import ALPHA

RUNS = 300


def seeded():
    return np.random.default_rng(99)


@pytest.fixture(scope="module")
def errors():
    return list(error_rows(seeded(), RUNS))


def test_no_gate_calls_go_or_no_go_at_the_bar_in_more_than_alpha(errors):
    gates = [row for row in errors if row.gates and row.rule != COSTS]
    assert len({row.rule for row in gates}) >= 10
    too_often = [row for row in gates if max(row.go, row.no_go) > ALPHA + 3.5 * row.noise]
    assert too_often == []


def test_the_simulation_sees_each_broken_rule(errors):
    """What it would say of a rule that reads too often, or counts what it should not."""
    seen = {row.rule for row in errors if max(row.go, row.no_go) > ALPHA + 5 * row.noise}
    assert seen >= {
        "Clopper-Pearson after every sample",
        "clustered t",
        "fixed n, extended 5 times",
        "stop rule on whatever has arrived",
        "stop rule that takes epochs for samples",
        "stop rule uncorrected",
    }


def test_stopping_on_whatever_has_arrived_is_biased_and_on_the_complete_prefix_is_not():
    prefix, arrived = arrivals(seeded(), 400)
    assert prefix.go <= ALPHA + 3 * prefix.noise
    assert arrived.go > 0.4


def test_one_candidate_takes_at_most_one_and_a_half_times_walds_floor():
    lengths = {(row.bar, row.rate, row.candidates): row for row in length_rows(seeded(), RUNS)}
    assert lengths[0.85, 0.95, 1].ratio <= 1.5
    assert lengths[0.80, 0.90, 1].ratio <= 1.5
    assert all(row.simulated == pytest.approx(row.mean, rel=0.15) for row in lengths.values())
    assert all(row.go > 0.99 for row in lengths.values())


def test_guaranteed_intervals_hold_the_truth_in_95_of_100_runs():
    rows = [row for part in (rates, anytime, quantiles) for row in part(seeded(), RUNS)]
    noise = [3.5 * (0.05 * 0.95 / row.runs) ** 0.5 for row in rows]
    short = [
        row
        for row, slack in zip(rows, noise, strict=True)
        if row.is_guaranteed and row.share < 0.95 - slack
    ]
    assert short == []


def test_the_fast_bets_of_the_simulation_are_those_of_the_domain():
    scores = worlds.graded(seeded(), runs=3, n=150, mean=0.7, weight=2.0)
    fast = rules.bet_path(scores, 0.65)
    for run, path in zip(scores, fast, strict=True):
        assert path == pytest.approx(BetPath(0.65).extend(run), abs=1e-9)
    assert fast[:, -1] == pytest.approx(rules.bet_end(scores, 0.65))


def test_the_table_is_written(tmp_path):
    out = tmp_path / "simulation.md"
    subprocess.run(
        [sys.executable, "-m", "tests.simulate", "--runs", "40", "--out", out],
        check=True,
        capture_output=True,
    )
    written = out.read_text(encoding="utf-8")
    assert "| stop rule: closed form | yes |" in written
    assert "| 0.85 | 0.95 | 1 | 70.0 |" in written
