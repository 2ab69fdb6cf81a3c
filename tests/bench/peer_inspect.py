"""inspect-ai as a peer, run by an environment of its own; takes and prints as `clients.py`."""

import argparse
import json
import os
import sys
import tempfile

parser = argparse.ArgumentParser()
parser.add_argument("url")
parser.add_argument("--connections", type=int)
parser.add_argument("--samples", type=int)
parser.add_argument("--timeout", type=float, default=60.0)
given = parser.parse_args()
os.environ["OPENAI_BASE_URL"] = given.url
os.environ["OPENAI_API_KEY"] = "none"

from inspect_ai import Task, eval  # noqa: A004, E402
from inspect_ai.dataset import Sample  # noqa: E402
from inspect_ai.model import GenerateConfig, get_model  # noqa: E402
from inspect_ai.scorer import exact  # noqa: E402
from inspect_ai.solver import generate  # noqa: E402

PROMPT = "Message {}: my card has not come yet, what should I do?\nIntent:"
config = GenerateConfig(
    max_connections=given.connections,
    max_tokens=16,
    temperature=0.0,
    attempt_timeout=max(1, round(given.timeout)),
)
rows = [Sample(input=PROMPT.format(number), target="yes") for number in range(given.samples)]
(log,) = eval(
    Task(dataset=rows, solver=[generate()], scorer=exact(), config=config),
    model=get_model("openai/bench", responses_api=False, config=config),
    display="none",
    max_samples=given.connections,
    log_dir=tempfile.mkdtemp(),
    fail_on_error=False,
)
samples = log.samples or []
errors = sum(1 for sample in samples if sample.error)
metrics = log.results.scores[0].metrics if log.results else {}
states = {"ok": len(samples) - errors, "error": errors, log.status: 1}
score = next((metrics[name].value for name in ("accuracy", "mean") if name in metrics), None)
sys.stdout.write(json.dumps({"states": states, "score": score}) + "\n")
