"""`make chaos`: what is lost and paid twice when things go wrong, as a table.

python -m tests.chaos [--short] [--no-peers] [--only WORDS…] [--out FOLDER]

Writes chaos.md and chaos.json; the exit status is 1 where a row does not hold.
"""

import argparse
import os
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from tests.chaos.paces import FULL, SHORT, Pace
from tests.chaos.rig import Rig, rig


def main() -> int:
    """Run the scenarios and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="seconds in place of minutes")
    parser.add_argument("--no-peers", action="store_true", help="only ours")
    parser.add_argument("--only", nargs="*", default=[], help="scenarios that hold these words")
    parser.add_argument("--out", type=Path, default=Path(), help="the folder of the results")
    given = parser.parse_args()
    pace = SHORT if given.short else FULL
    with tempfile.TemporaryDirectory(prefix="viability-chaos-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        with rig(Path(folder) / "home", pace) as parts:
            _set_up_django(parts, pace)
            show = import_module("tests.chaos.show")
            outcomes = show.perform(parts, pace, only=given.only)
    tables = import_module("tests.chaos.tables")
    peers = [] if given.no_peers else import_module("tests.chaos.peers").measured()
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "chaos.md").write_text(tables.markdown(outcomes, peers, pace=pace))
    (given.out / "chaos.json").write_text(tables.as_json(outcomes, peers, pace=pace))
    sys.stdout.write((given.out / "chaos.md").read_text())
    return int(any(found.problems for found in outcomes))


def _set_up_django(parts: Rig, pace: Pace) -> None:
    """Let this process work on the rig's database and ring at its broker."""
    os.environ.update(parts.environment)
    os.environ.update(ALLOW_PRIVATE_ENDPOINTS="1", SHARD_SIZE=str(pace.shard_size))
    parts.environment.update(ALLOW_PRIVATE_ENDPOINTS="1", SHARD_SIZE=str(pace.shard_size))
    import_module("viability.celery")
    import_module("django").setup()
    import_module("django.core.management").call_command("migrate", verbosity=0)


if __name__ == "__main__":
    sys.exit(main())
