"""A short simulation: bounds that a broken rule would break."""

import subprocess
import sys
from functools import partial

import numpy as np
import pytest

from evals.domain.betting import BetPath
from tests.domain.tables import at_least, grounds, table, within
from tests.simulate import rules, worlds
from tests.simulate.coverages import anytime, quantiles, rates
from tests.simulate.errors import arrivals, error_rows
from tests.simulate.judged import Race, call_alone, calls_alone, calls_together
from tests.simulate.lengths import length_rows
from tests.simulate.products import product_rows
from tests.simulate.products import worlds as worlds_of
from tests.simulate.rules import ALPHA

RUNS = 300


def seeded():
    return np.random.default_rng(99)


@pytest.fixture(scope="module")
def errors():
    return list(error_rows(seeded(), RUNS))


def test_no_gate_calls_go_or_no_go_at_the_bar_in_more_than_alpha(errors):
    assert len({row.rule for row in errors if row.gates}) >= 10
    assert [row for row in errors if row.errs] == []


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


def test_the_product_calls_go_or_no_go_at_the_bar_in_at_most_alpha():
    rows = list(product_rows(seeded(), 100))
    assert len({(row.rule, row.world) for row in rows if row.gates}) >= 60
    assert [row for row in rows if row.errs] == []
    assert next(row for row in rows if row.rule.endswith("order of samples")).excess > 1


@pytest.mark.parametrize("stop_early", [False, True])
def test_the_fast_rules_of_the_simulation_are_those_of_the_product(stop_early):
    rule = rules.stop_rate if stop_early else rules.fixed_rate
    scores = worlds.coins(seeded(), runs=60, n=250, rate=0.8)
    fast = rule(scores, bar=0.85)
    for run, go, no_go, n in zip(scores, fast.go, fast.no_go, fast.n, strict=True):
        race = Race(bar=(at_least(0.85),), grounds=(grounds(table(run)),), stop_early=stop_early)
        assert call_alone(race) == (go, no_go, n)


def test_the_fast_bets_on_pairs_are_those_of_the_product():
    scores = worlds.pairs(seeded(), runs=40, n=250, discordance=0.3, gap=0.1)
    fast = rules.stop_bet(scores, bar=(1 - 0.05) / 2)
    for run, go, no_go, n in zip(scores, fast.go, fast.no_go, fast.n, strict=True):
        own, other = table(run >= 0.75), table(run <= 0.25)
        race = Race(bar=(within(0.05),), grounds=(grounds(own, incumbent=other),), stop_early=True)
        assert call_alone(race) == (go, no_go, n)


def test_a_call_without_bounds_is_that_of_judge_all():
    for _, graded, draw in worlds_of(seeded()):
        line, own = draw()
        for stop_early in (False, True):
            race = Race(bar=(line,), grounds=(own,), stop_early=stop_early, graded=graded)
            alone = calls_alone(partial(_same, race), 1)
            together = calls_together(partial(_same, race), 1)
            assert (alone.go, alone.no_go, alone.n) == (together.go, together.no_go, together.n)


def _same(race: Race) -> Race:
    return race


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
        [sys.executable, "-m", "tests.simulate", "--runs", "20", "--out", out],
        check=True,
        capture_output=True,
    )
    written = out.read_text(encoding="utf-8")
    assert "| stop rule: closed form | yes |" in written
    assert "| 0.85 | 0.95 | 1 | 70.0 |" in written
    assert "| errs |" not in written
