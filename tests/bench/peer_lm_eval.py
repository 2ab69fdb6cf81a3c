"""lm-eval as a peer, run by an environment of its own; takes and prints what `clients.py` does."""

import argparse
import json
import os
import sys

os.environ.setdefault("OPENAI_API_KEY", "none")
parser = argparse.ArgumentParser()
parser.add_argument("url")
parser.add_argument("--connections", type=int)
parser.add_argument("--samples", type=int)
parser.add_argument("--timeout", type=float, default=60.0)
given = parser.parse_args()

import datasets  # noqa: E402
import lm_eval  # noqa: E402
from lm_eval.api.task import ConfigurableTask  # noqa: E402
from lm_eval.models.openai_completions import LocalChatCompletion  # noqa: E402

PROMPT = "Message {}: my card has not come yet, what should I do?\nIntent:"
rows = [{"q": PROMPT.format(number), "a": "yes"} for number in range(given.samples)]
task = ConfigurableTask(
    config={
        "task": "bench",
        "custom_dataset": lambda **_: {"test": datasets.Dataset.from_list(rows)},
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_text": "{{q}}",
        "doc_to_target": "{{a}}",
        "generation_kwargs": {"until": ["\n\n"], "max_gen_toks": 16, "temperature": 0},
        "metric_list": [{"metric": "exact_match"}],
    }
)
model = LocalChatCompletion(
    base_url=f"{given.url}/chat/completions",
    model="bench",
    num_concurrent=given.connections,
    max_retries=3,
    timeout=given.timeout,
)
found = lm_eval.evaluate(
    lm=model, task_dict={"bench": task}, bootstrap_iters=0, apply_chat_template=True
)
score = found["results"]["bench"]["exact_match,none"]
sys.stdout.write(json.dumps({"states": {"ok": given.samples}, "score": score}) + "\n")
