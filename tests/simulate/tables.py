"""The figures of a simulation as Markdown."""

from tests.simulate.rules import ALPHA

INTRODUCTION = """# How often the rules err, and what they cost

Seed {seed}; alpha {alpha:g}, one-sided. Every true value is exactly at its bar, where errors are
most frequent; a rule that gates may call GO, and may call NO-GO, in at most alpha of the runs.
It "errs" where the larger of the two exceeds alpha by more than 3.5 standard errors of the
simulation; the column before says how many there are. Of several candidates any false GO counts;
their NO-GOs share nothing, so theirs may be more. "Product" rows judge tables of trials by the
product's own `judge_all` and `evidence_of`; the others run its rules on many arrays at once.
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

| rule | gates | world | runs | false GO | false NO-GO | mean n | above alpha | verdict |
|---|---|---|---|---|---|---|---|---|
"""
COVERAGES = """
## Coverage of the two-sided 95 % intervals

"Guaranteed" ones must hold the truth in at least 95 % of the runs, anytime ones after every sample.

| interval | guaranteed | world | runs | coverage | verdict |
|---|---|---|---|---|---|
"""
RECORDED = """
## GSM8K, recorded answers, stop rule, 200 seeds

| line | GO | NO-GO | false verdicts | mean samples | of all |
|---|---|---|---|---|---|
"""


def page(*, lengths, errors, coverages, recorded, seed):
    """The whole page."""
    parts = [
        INTRODUCTION.format(seed=seed, alpha=ALPHA),
        LENGTHS,
        *map(length_line, lengths),
        ERRORS,
        *map(error_line, errors),
        COVERAGES,
        *map(coverage_line, coverages),
    ]
    return "".join([*parts, RECORDED, *map(recorded_line, recorded)] if recorded else parts)


def length_line(row):
    return (
        f"| {row.bar:g} | {row.rate:g} | {row.candidates} | {row.mean:.1f} | {row.simulated:.1f} "
        f"| {row.wald:.1f} | {row.ratio:.2f} | {row.fixed} | {row.go:.4f} |\n"
    )


def error_line(row):
    above = f"{row.excess:.1f}" if row.excess > 0 else ""
    verdict = "" if not row.gates else "errs" if row.errs else "holds"
    return (
        f"| {row.rule} | {'yes' if row.gates else 'no'} | {row.world} | {row.runs:,} "
        f"| {row.go:.4f} | {row.no_go:.4f} | {row.mean_n:.0f} | {above} | {verdict} |\n"
    )


def coverage_line(row):
    verdict = "" if not row.is_guaranteed else "errs" if row.is_short else "holds"
    return (
        f"| {row.interval} | {'yes' if row.is_guaranteed else 'no'} | {row.world} "
        f"| {row.runs:,} | {row.share:.4f} | {verdict} |\n"
    )


def recorded_line(row):
    false = "" if row.false is None else f"{row.false:.4f}"
    share = f"{row.mean_n / row.total:.0%}"
    return (
        f"| {row.line} | {row.go:.4f} | {row.no_go:.4f} | {false} | {row.mean_n:.0f} | {share} |\n"
    )
