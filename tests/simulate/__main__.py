"""`make simulate`: how often the rules err, how many samples they take, what intervals hold.

Ends with 1 where a rule that gates errs, or an interval that is guaranteed does not hold.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from rich.console import Console

from tests.simulate.coverages import coverage_rows
from tests.simulate.errors import error_rows
from tests.simulate.lengths import length_rows
from tests.simulate.products import product_rows
from tests.simulate.recorded import recorded_rows
from tests.simulate.tables import page

RUNS, QUICK = 2000, 100


def main() -> int:
    options = _options()
    started, rng = time.perf_counter(), np.random.default_rng(options.seed)
    runs = options.runs or (QUICK if options.quick else RUNS)
    errors = [*product_rows(rng, runs), *error_rows(rng, runs)]
    coverages = list(coverage_rows(rng, runs))
    written = page(
        lengths=list(length_rows(rng, runs)),
        errors=errors,
        coverages=coverages,
        recorded=list(recorded_rows()),
        seed=options.seed,
    )
    bad = [row for row in errors if row.errs] + [row for row in coverages if row.is_short]
    console = Console(soft_wrap=True)
    console.print(written, markup=False, highlight=False)
    console.print(f"{len(bad)} that err, {time.perf_counter() - started:.0f} s", highlight=False)
    if options.out:
        options.out.write_text(written, encoding="utf-8")
    return 1 if bad else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulate", description=__doc__)
    parser.add_argument("--out", type=Path, help="write the Markdown table here, too")
    parser.add_argument("--runs", type=int, help=f"runs for each row, {RUNS:,} more or less")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} runs for each row")
    parser.add_argument("--seed", type=int, default=20)
    return parser.parse_args()


sys.exit(main())
