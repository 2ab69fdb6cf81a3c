"""What `viability worker` starts: a Celery worker for the pools that it is told."""

import argparse
import os
import sys
from collections.abc import Sequence


def worker_command(arguments: Sequence[str]) -> list[str]:
    """Return the command line of a worker; what is no option of ours is Celery's.

    Raises:
        ValueError: If no pool is named, or a number of processes is none.
    """
    parser = argparse.ArgumentParser(
        prog="viability worker", allow_abbrev=False, epilog="Other options are Celery's."
    )
    parser.add_argument("--pool", default="default", help="pools to serve: names and commas")
    parser.add_argument("--concurrency", help="jobs at the same time")
    options, others = parser.parse_known_args(list(arguments))
    pools = [pool.strip() for pool in options.pool.split(",")]
    if not all(pools):
        raise ValueError(f"--pool: found {options.pool!r}, expected names with commas between them")
    # A name of its own for each, so that several on one host are told apart.
    ours = ["--hostname", f"worker-{os.getpid()}@%h", "--queues", ",".join(dict.fromkeys(pools))]
    if (number := options.concurrency) is not None:
        if not (number.isdecimal() and int(number)):
            raise ValueError(f"--concurrency: found {number!r}, expected a number from 1 on")
        ours += ["--concurrency", number]
    # Celery takes the last of two: what was typed for it goes before ours.
    celery = [sys.executable, "-m", "celery", "-A", "viability", "worker", "--loglevel", "INFO"]
    return [*celery, *ours, *others]
