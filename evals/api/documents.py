"""What the API's own document says beside names and types: errors, bodies, examples."""

from typing import Any

from evals.api.schemas import Refusal

SPEC_EXAMPLE = """\
task: {name: Support intent, interactive: true, monthly_volume: 200000}
eval_set: {file: banking.csv, input: text, target: category, slices: [channel]}
scorers: [{exact_match: {ignore_case: true}}]
bar:
  - {metric: exact_match, at_least: 0.85}
candidates:
  - name: gpt-x
    model: {id: gpt-x-2026-06, lab: ExampleAI, open: false}
    endpoint: {kind: openai, base_url: https://api.example.com/v1, secret: Example key}
    price: {input_usd_per_mtok: 2.5, output_usd_per_mtok: 10}
incumbent: gpt-x
plan: {alpha: 0.05, seed: 7, stop_early: true, budget_usd: 5}
"""
RESULT_EXAMPLE: dict[str, Any] = {
    "schema": "viability.evaluation/1",
    "task": "Support intent",
    "evaluation": 1,
    "state": "completed",
    "created_at": "2026-06-01T12:00:00+00:00",
    "eval_set": {"sha256": "9f2c…", "samples": 3080},
    "plan": {"alpha": 0.05, "seed": 7, "epochs": 1, "stop_early": True},
    "incumbent": "gpt-x",
    "candidates": [
        {
            "name": "olmo-local",
            "open": True,
            "verdict": "go",
            "trials": {"ok": 812, "no_answer": 5, "model_error": 3, "skipped": 2260},
            "metrics": [{"metric": "exact_match", "slice": None, "value": 0.882, "n": 820}],
        }
    ],
    "verdict": "go",
}
EVALUATION_EXAMPLE = {
    "candidates": ["gpt-x", "olmo-local"],
    "plan": {"stop_early": True, "budget_usd": 5},
    "allow_host": ["api.example.com"],
}
WORDS = {
    403: "The token only reads.",
    404: "There is none of that number that the token's team owns.",
    409: "It is not in a state in which that can be done.",
    413: "The file or the text is larger than this instance takes.",
    422: "Something of the request cannot be used; every problem is named.",
}


def replies(told: Any, *refused: int, status: int = 200) -> dict[int, Any]:
    """Return the shapes of an operation's replies: all can be refused without a token."""
    return {status: told, 401: Refusal, **dict.fromkeys(refused, Refusal)}


def example(value: Any, *, media: str = "application/json", status: int = 200) -> dict[str, Any]:
    """Return an operation's example of what comes out."""
    return {"responses": {status: {"content": {media: {"example": value}}}}}


def body(content: dict[str, Any]) -> dict[str, Any]:
    """Return an operation's body, by media type."""
    return {"requestBody": {"required": True, "content": content}}


def file_reply(*media: str) -> dict[str, Any]:
    """Return an operation's reply that is a file."""
    content = {each: {"schema": {"type": "string", "format": "binary"}} for each in media}
    return {"responses": {200: {"content": content}}}


SPEC_BODY = body(
    {
        "application/yaml": {"schema": {"type": "string"}, "example": SPEC_EXAMPLE},
        "application/json": {"schema": {"type": "object"}},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["spec"],
                "properties": {
                    "spec": {"type": "string", "description": "The YAML or JSON text, or a file."},
                    "files": {
                        "type": "array",
                        "items": {"type": "string", "format": "binary"},
                        "description": "The files that the spec names, under those names.",
                    },
                },
            }
        },
    }
)
