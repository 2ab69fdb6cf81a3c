"""Stores a spec's evaluation and rings for workers, as the browser does: `begin SPEC RINGS`.

It prints the monotonic time of the ring. A ring that finds nothing left to lease does no harm.
"""

import json
import os
import sys
import time
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "viability.settings")
django.setup()

from django.utils import timezone  # noqa: E402 - after the set-up

import viability.celery  # noqa: E402, F401 - or the ring would go to no broker
from evals.engine.inputs import read_inputs  # noqa: E402
from evals.services.evaluations import ring  # noqa: E402
from evals.services.intake import store_inputs  # noqa: E402

spec, rings = Path(sys.argv[1]), int(sys.argv[2])
inputs = read_inputs(spec, limit_bytes=spec.with_name("rows.csv").stat().st_size)
evaluation = store_inputs(inputs=inputs, now=timezone.now())
rung_at = time.monotonic()
for _ in range(rings):
    ring(evaluation.runs.all(), now=timezone.now())
sys.stdout.write(json.dumps({"rung_at": rung_at}) + "\n")
