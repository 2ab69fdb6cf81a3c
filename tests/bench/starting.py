"""`viability evaluate` as somebody runs it who has nothing running: with a database of its own."""

import os
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.measuring import Load, Measure, run_program
from tests.bench.serving import stand_in
from tests.bench.specs import write_spec
from tests.bench.wholepath import VIABILITY

_SERVICES = ("DATABASE_URL", "BROKER_URL")


class FreshHome:
    """The first command in a home: PostgreSQL makes its data folder, every table is new."""

    name = "viability evaluate, fresh home"
    missing = ""

    def measure(self, load: Load, *, timeout: float = 60.0, **behaviour: Any) -> Measure:
        """Carry out one evaluation in a new home."""
        with TemporaryDirectory() as folder:
            return _evaluate(self.name, Path(folder), load, timeout=timeout, **behaviour)


class UsedHome:
    """The second command in a home."""

    name = "viability evaluate, used home"
    missing = ""

    def measure(self, load: Load, *, timeout: float = 60.0, **behaviour: Any) -> Measure:
        """Carry out two evaluations in a new home, and measure the second."""
        with TemporaryDirectory() as folder:
            _evaluate(self.name, Path(folder), load, timeout=timeout, **behaviour)
            return _evaluate(self.name, Path(folder), load, timeout=timeout, **behaviour)


def _evaluate(name: str, folder: Path, load: Load, *, timeout: float, **behaviour: Any) -> Measure:
    with stand_in(latency=load.seconds, **behaviour) as server:
        write_spec(folder, load, url=server.url, timeout=timeout)
        home = ("--home", str(folder / "home"))
        command = (*VIABILITY, "evaluate", str(folder / "spec.yaml"), *home)
        unset = ["env", *(f"--unset={name}" for name in _SERVICES if name in os.environ)]
        found = run_program(name, (*unset, *command), server)
        # 1 and 2 are verdicts.
        return replace(found, exit_status=found.exit_status if found.exit_status > 2 else 0)
