"""The Chat Completions dialect, as OpenAI, vLLM, SGLang, llama.cpp, Ollama and vendors speak it."""

import json
from typing import Any

from evals.domain.specs import HarnessSpec
from evals.domain.trials import Question, Reply, TrialState, Usage
from evals.engine.endpoints.text import shortened, storable

PATH = "/chat/completions"


class MalformedReplyError(ValueError):
    """A body that should hold a reply and does not; says what is missing."""


class ChatCompletions:
    """Writes requests for one model and harness, and reads what comes back."""

    def __init__(self, model: str, harness: HarnessSpec) -> None:
        settings = {
            "temperature": harness.temperature,
            "top_p": harness.top_p,
            "stop": list(harness.stop) or None,
            "seed": harness.seed,
        }
        self._settings = {name: value for name, value in settings.items() if value is not None}
        self._model = model
        self._max_tokens = harness.max_tokens
        self._limit = "max_tokens"

    def request(self, question: Question) -> dict[str, Any]:
        """Return the body that asks `question`."""
        messages = [{"role": "user", "content": question.prompt}]
        if question.system is not None:
            messages.insert(0, {"role": "system", "content": question.system})
        return {
            "model": self._model,
            "messages": messages,
            self._limit: self._max_tokens,
            **self._settings,
        }

    def learns(self, sent: dict[str, Any], complaint: str) -> bool:
        """Return whether a refusal of `sent` shows how to ask instead.

        Newer models of some vendors refuse `max_tokens` and name `max_completion_tokens`.
        """
        if "max_completion_tokens" not in complaint or "max_tokens" not in sent:
            return False
        self._limit = "max_completion_tokens"
        return True

    def reply(self, content: Any, *, seconds: float) -> Reply:
        """Return the reply in a decoded body.

        Raises:
            MalformedReplyError: If it holds no choice with a message.
        """
        choice = _first_choice(content)
        message = choice["message"]
        finish = choice.get("finish_reason")
        output = _text(message.get("content"))
        why_none = _why_no_answer(message, output=output, finish=finish)
        return Reply(
            state=TrialState.NO_ANSWER if why_none else TrialState.OK,
            output=output or None,
            error=why_none,
            finish_reason=finish if isinstance(finish, str) else None,
            usage=_usage(content.get("usage")),
            latency_seconds=seconds,
        )


def decode(body: bytes) -> dict[str, Any]:
    """Return the JSON object in `body`.

    Raises:
        MalformedReplyError: If there is none.
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedReplyError("expected JSON") from None
    if not isinstance(content, dict):
        raise MalformedReplyError("expected a JSON object")
    return content


def _first_choice(content: Any) -> dict[str, Any]:
    choices = content.get("choices")
    if not isinstance(choices, list) or not choices:
        raise MalformedReplyError("expected `choices` with one choice")
    choice = choices[0]
    if not isinstance(choice, dict) or not isinstance(choice.get("message"), dict):
        raise MalformedReplyError("expected a choice with a `message`")
    return choice


def _text(content: Any) -> str:
    """Return the text of a message, which is a string, a list of parts, or nothing."""
    if isinstance(content, list):
        content = "".join(
            part["text"]
            for part in content
            if isinstance(part, dict) and isinstance(part.get("text"), str)
        )
    return storable(content) if isinstance(content, str) else ""


def _why_no_answer(message: dict[str, Any], *, output: str, finish: Any) -> str:
    """Return why the message is no answer, or nothing where it is one."""
    if refusal := message.get("refusal"):
        return shortened(f"the model refused: {refusal}")
    if finish == "content_filter":
        return "the vendor's content filter stopped the answer"
    if output.strip():
        return ""
    if finish == "length":
        return "max_tokens was reached before any answer"
    if message.get("tool_calls"):
        return "the model called a tool and said nothing"
    return "the answer is empty"


def _usage(usage: Any) -> Usage:
    if not isinstance(usage, dict):
        return Usage()
    return Usage(
        input_tokens=_count(usage, "prompt_tokens"),
        output_tokens=_count(usage, "completion_tokens"),
        cached_tokens=_count(usage.get("prompt_tokens_details"), "cached_tokens"),
        reasoning_tokens=_count(usage.get("completion_tokens_details"), "reasoning_tokens"),
    )


def _count(counts: Any, name: str) -> int | None:
    """Return a token count; what is missing or odd is unknown, never 0."""
    count = counts.get(name) if isinstance(counts, dict) else None
    return count if type(count) is int and count >= 0 else None
