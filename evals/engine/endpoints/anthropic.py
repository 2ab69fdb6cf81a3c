"""The Messages dialect of Anthropic, which gateways and some open servers speak too."""

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

PATH = "/messages"
VERSION = "2023-06-01"

# In the words that the other dialect and the pages have; what is not here stays as it is.
_FINISHES = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
}


class Messages:
    """Writes requests for one model and harness, and reads what comes back.

    A `reasoning` that is a text is sent as `output_config.effort`, a mapping as `thinking`.
    `extra` is merged over everything else. The API knows no seed, so none is sent.
    """

    holds = "content"

    def __init__(
        self,
        model: str,
        harness: HarnessSpec,
        *,
        is_streamed: bool = False,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        settings = {
            "model": model,
            "max_tokens": harness.max_tokens,
            "temperature": harness.temperature,
            "top_p": harness.top_p,
            "stop_sequences": list(harness.stop) or None,
            "stream": is_streamed or None,
            **_reasoning(harness.reasoning),
        }
        said = {name: value for name, value in settings.items() if value is not None}
        self.is_streamed = is_streamed
        self._settings = said
        self._extra = extra

    def request(self, question: Question) -> dict[str, Any]:
        """Return the body that asks `question`."""
        body: dict[str, Any] = {
            **self._settings,
            "messages": [{"role": "user", "content": question.prompt}],
        }
        if question.system:  # an empty text block is refused
            body["system"] = question.system
        return merged(body, self._extra) if self._extra else body

    def learns(self, _sent: dict[str, Any], _complaint: str, /) -> bool:
        """Return False: no refusal of this API shows another way to say the same."""
        return False

    def reply(self, content: dict[str, Any], *, seconds: float) -> Reply:
        """Return the reply in a decoded body.

        Raises:
            MalformedReplyError: If it holds no list of content blocks.
        """
        blocks = content.get("content")
        if not isinstance(blocks, list):
            raise MalformedReplyError("expected `content`, a list of blocks")
        said = [block for block in blocks if _kind(block) == "text"]
        reason = content.get("stop_reason")
        output = texts_of(said)
        return reply_of(
            output,
            why_none=_why_no_answer(reason, output=output),
            finish=_FINISHES.get(reason, reason) if isinstance(reason, str) else None,
            usage=_usage(content.get("usage")),
            seconds=seconds,
        )

    def assembly(self) -> "Events":
        """Return where the next streamed reply is put together."""
        return Events()


class Events:
    """Puts the events of one message together; the last counts of tokens hold."""

    def __init__(self) -> None:
        self.has_begun = self.is_done = False
        self._said: list[str] = []
        self._usage: dict[str, Any] = {}
        self._reason: Any = None
        self._error: Any = None

    def add(self, event: dict[str, Any]) -> None:
        """Take in one event."""
        match event.get("type"):
            case "message_start":
                message = event.get("message")
                self._count(message.get("usage") if isinstance(message, dict) else None)
            case "content_block_delta":
                self._take(event.get("delta"))
            case "message_delta":
                delta = event.get("delta")
                self._reason = delta.get("stop_reason") if isinstance(delta, dict) else None
                self._count(event.get("usage"))
            case "error":
                self._error = event.get("error")

    def content(self) -> dict[str, Any] | None:
        """Return the message, an error that came in its place, or None without an end."""
        if self._error:
            return {"error": self._error}
        if self._reason is None:
            return None
        return {
            "content": [{"type": "text", "text": "".join(self._said)}],
            "stop_reason": self._reason,
            "usage": self._usage,
        }

    def _take(self, delta: Any) -> None:
        if not isinstance(delta, dict):
            return
        self.has_begun |= bool(delta.get("text") or delta.get("thinking"))
        if isinstance(text := delta.get("text"), str):
            self._said.append(text)

    def _count(self, usage: Any) -> None:
        if isinstance(usage, dict):
            self._usage |= {name: value for name, value in usage.items() if value is not None}


def _reasoning(reasoning: str | Mapping[str, Any] | None) -> dict[str, Any]:
    if isinstance(reasoning, str):
        return {"output_config": {"effort": reasoning}}
    return {"thinking": reasoning}


def _kind(block: Any) -> Any:
    return block.get("type") if isinstance(block, dict) else None


def _why_no_answer(reason: Any, *, output: str) -> str:
    """Return why a message is no answer, or nothing where it is one."""
    if reason == "refusal":
        return "the model refused"
    if output.strip():
        return ""
    if reason == "max_tokens":
        return "max_tokens was reached before any answer"
    if reason == "tool_use":
        return "the model called a tool and said nothing"
    return "the answer is empty"


def _usage(usage: Any) -> Usage:
    """Return the tokens as everybody else counts them: input includes what the cache did."""
    if not isinstance(usage, dict):
        return Usage()
    fresh, read = count_in(usage, "input_tokens"), count_in(usage, "cache_read_input_tokens")
    written = count_in(usage, "cache_creation_input_tokens")
    whole = None if fresh is None else fresh + (read or 0) + (written or 0)
    return Usage(
        input_tokens=whole,
        output_tokens=count_in(usage, "output_tokens"),
        cached_tokens=read,
        cache_write_tokens=written,
        reasoning_tokens=count_in(usage.get("output_tokens_details"), "thinking_tokens"),
    )
