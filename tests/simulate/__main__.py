"""`make simulate`: how often the rules err, how many samples they take, what intervals hold."""

import argparse
import time
from pathlib import Path

import numpy as np
from rich.console import Console

from tests.simulate.coverages import coverage_rows
from tests.simulate.errors import error_rows
from tests.simulate.lengths import length_rows
from tests.simulate.tables import page


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.simulate", description=__doc__)
    parser.add_argument("--out", type=Path, help="write the Markdown table here, too")
    parser.add_argument("--runs", type=int, default=2000, help="runs for each row, more or less")
    parser.add_argument("--seed", type=int, default=20)
    options = parser.parse_args()
    started, rng = time.perf_counter(), np.random.default_rng(options.seed)
    written = page(
        lengths=list(length_rows(rng, options.runs)),
        errors=list(error_rows(rng, options.runs)),
        coverages=list(coverage_rows(rng, options.runs)),
        seed=options.seed,
    )
    console = Console(soft_wrap=True)
    console.print(written, markup=False, highlight=False)
    console.print(f"{time.perf_counter() - started:.0f} s", highlight=False)
    if options.out:
        options.out.write_text(written, encoding="utf-8")


main()
