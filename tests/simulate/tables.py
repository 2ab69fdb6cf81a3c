"""The figures of a simulation as Markdown."""

from tests.simulate.rules import ALPHA

INTRODUCTION = """# How often the rules err, and what they cost

Seed {seed}; alpha {alpha:g}, one-sided. Every true value is exactly at its bar, where errors are
most frequent; a rule that gates may call GO, and may call NO-GO, in at most alpha of the runs.
The last column says by how many standard errors of the simulation the larger of the two exceeds
alpha, where it does.
"""
LENGTHS = """
## Samples to a verdict

Ours is the mean of the number of samples read when the stop rule settles the bar, computed from
every path with at most 3,000 samples and simulated beside it. Wald's floor is
((1-b) ln((1-b)/a) + b ln(b/(1-a))) / KL(rate || bar) with a = b = 0.05, the least that any test
of the bar against that very rate takes on average there; ours does not know the rate. "Fixed n"
has power 0.95 at that rate. With four candidates GO takes four times the evidence.

| bar | true rate | candidates | mean | simulated | Wald's floor | ratio | fixed n | GO |
|---|---|---|---|---|---|---|---|---|
"""
ERRORS = """
## False verdicts at the bar

| rule | gates | world | runs | false GO | false NO-GO | mean n | above alpha |
|---|---|---|---|---|---|---|---|
"""
COVERAGES = """
## Coverage of the two-sided 95 % intervals

"Guaranteed" ones must hold the truth in at least 95 % of the runs, anytime ones after every sample.

| interval | guaranteed | world | runs | coverage |
|---|---|---|---|---|
"""


def page(*, lengths, errors, coverages, seed):
    """The whole page."""
    return "".join(
        [
            INTRODUCTION.format(seed=seed, alpha=ALPHA),
            LENGTHS,
            *map(length_line, lengths),
            ERRORS,
            *map(error_line, errors),
            COVERAGES,
            *map(coverage_line, coverages),
        ]
    )


def length_line(row):
    return (
        f"| {row.bar:g} | {row.rate:g} | {row.candidates} | {row.mean:.1f} | {row.simulated:.1f} "
        f"| {row.wald:.1f} | {row.ratio:.2f} | {row.fixed} | {row.go:.4f} |\n"
    )


def error_line(row):
    excess = (max(row.go, row.no_go) - ALPHA) / row.noise
    above = f"{excess:.1f}" if excess > 0 else ""
    return (
        f"| {row.rule} | {'yes' if row.gates else 'no'} | {row.world} | {row.runs:,} "
        f"| {row.go:.4f} | {row.no_go:.4f} | {row.mean_n:.0f} | {above} |\n"
    )


def coverage_line(row):
    return (
        f"| {row.interval} | {'yes' if row.is_guaranteed else 'no'} | {row.world} "
        f"| {row.runs:,} | {row.share:.4f} |\n"
    )
