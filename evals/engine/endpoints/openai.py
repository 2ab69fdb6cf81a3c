"""The Chat Completions dialect, as OpenAI, vLLM, SGLang, llama.cpp, Ollama and vendors speak it."""

from collections.abc import Mapping
from typing import Any

from evals.domain.specs import HarnessSpec
from evals.domain.trials import Question, Reply, Usage
from evals.engine.endpoints.dialect import (
    MalformedReplyError,
    count_in,
    merged,
    reply_of,
    texts_of,
)
from evals.engine.endpoints.text import shortened

PATH = "/chat/completions"
_PARTS = ("content", "reasoning_content", "reasoning", "refusal")  # of a streamed message


class ChatCompletions:
    """Writes requests for one model and harness, and reads what comes back.

    A `reasoning` that is a text is sent as `reasoning_effort`, a mapping as `reasoning`. `extra`
    is merged over everything else.
    """

    holds = "choices"

    def __init__(
        self,
        model: str,
        harness: HarnessSpec,
        *,
        is_streamed: bool = False,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        settings = {
            "temperature": harness.temperature,
            "top_p": harness.top_p,
            "stop": list(harness.stop) or None,
            "seed": harness.seed,
            **_reasoning(harness.reasoning),
        }
        said = {name: value for name, value in settings.items() if value is not None}
        stream = {"stream": True, "stream_options": {"include_usage": True}}
        self.is_streamed = is_streamed
        self._settings = merged(said, stream if is_streamed else {}, extra)
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

    def learns(self, sent: dict[str, Any], complaint: str, /) -> bool:
        """Return whether a refusal of `sent` shows how to ask instead.

        Newer models of some vendors refuse `max_tokens` and name `max_completion_tokens`; some
        servers refuse `stream_options`, and then say nothing about usage.
        """
        if "max_completion_tokens" in complaint and "max_tokens" in sent:
            self._limit = "max_completion_tokens"
            return True
        if "stream_options" in complaint and "stream_options" in sent:
            self._settings.pop("stream_options", None)
            return True
        return False

    def reply(self, content: dict[str, Any], *, seconds: float) -> Reply:
        """Return the reply in a decoded body.

        Raises:
            MalformedReplyError: If it holds no choice with a message.
        """
        choice = _first_choice(content)
        message = choice["message"]
        finish = choice.get("finish_reason")
        output = texts_of(message.get("content"))
        return reply_of(
            output,
            why_none=_why_no_answer(message, output=output, finish=finish),
            finish=finish if isinstance(finish, str) else None,
            usage=_usage(content.get("usage")),
            seconds=seconds,
        )

    def assembly(self) -> "Chunks":
        """Return where the next streamed reply is put together."""
        return Chunks()


class Chunks:
    """Puts the chunks of one completion together; usage comes with the last of them."""

    def __init__(self) -> None:
        self.has_begun = self.is_done = False
        self._said: dict[str, list[str]] = {}
        self._finish: Any = None
        self._usage: Any = None
        self._error: Any = None
        self._calls_tool = False

    def add(self, event: dict[str, Any]) -> None:
        """Take in one chunk."""
        self._usage = event.get("usage") or self._usage
        self._error = event.get("error") or self._error
        choices = event.get("choices")
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            self._finish = choices[0].get("finish_reason") or self._finish
            delta = choices[0].get("delta")
            self._take(delta if isinstance(delta, dict) else {})

    def content(self) -> dict[str, Any] | None:
        """Return the completion, an error that came in its place, or None without an end."""
        if self._error:
            return {"error": self._error}
        if self._finish is None and not self.is_done:
            return None
        said = {name: "".join(parts) for name, parts in self._said.items()}
        message = {**said, "tool_calls": self._calls_tool}
        return {
            "choices": [{"message": message, "finish_reason": self._finish}],
            "usage": self._usage,
        }

    def _take(self, delta: Mapping[str, Any]) -> None:
        self._calls_tool |= bool(delta.get("tool_calls"))
        for name in _PARTS:
            if isinstance(text := delta.get(name), str) and text:
                self._said.setdefault(name, []).append(text)
                self.has_begun = True


def _reasoning(reasoning: str | Mapping[str, Any] | None) -> dict[str, Any]:
    name = "reasoning_effort" if isinstance(reasoning, str) else "reasoning"
    return {name: reasoning}


def _first_choice(content: Any) -> dict[str, Any]:
    choices = content.get("choices")
    if not isinstance(choices, list) or not choices:
        raise MalformedReplyError("expected `choices` with one choice")
    choice = choices[0]
    if not isinstance(choice, dict) or not isinstance(choice.get("message"), dict):
        raise MalformedReplyError("expected a choice with a `message`")
    return choice


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
    read = usage.get("prompt_tokens_details")
    return Usage(
        input_tokens=count_in(usage, "prompt_tokens"),
        output_tokens=count_in(usage, "completion_tokens"),
        cached_tokens=count_in(read, "cached_tokens"),
        cache_write_tokens=count_in(read, "cache_write_tokens"),
        reasoning_tokens=count_in(usage.get("completion_tokens_details"), "reasoning_tokens"),
    )
