"""How the stand-in endpoint behaves: what becomes of a request, and what it answers."""

import json
import random
from dataclasses import dataclass
from hashlib import blake2b
from math import exp

_HASHES = 2**64


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How a request is met; the shares of the faults add up.

    `latency` is the median in seconds, `spread` the deviation of its logarithm. What a prompt is
    answered (`accuracy`, `filter_rate`, `permanent`) depends on its text alone; the passing faults
    fall on whatever request comes. Beyond `capacity` requests are refused, beyond `slots` they
    wait for one that is free; 0 is no limit.
    """

    latency: float = 0.0
    spread: float = 0.0
    throttle_rate: float = 0.0
    retry_after: float = -1.0  # below 0: not said
    error_rate: float = 0.0
    hang_rate: float = 0.0
    filter_rate: float = 0.0
    permanent: str = ""  # prompts that hold this text are refused with a 400
    capacity: int = 0
    slots: int = 0
    accuracy: float = 1.0
    answer: str = "yes"
    input_tokens: int = 42
    output_tokens: int = 3
    seed: int = 0

    @property
    def reads_prompts(self) -> bool:
        """Whether the text of a prompt changes anything."""
        return bool(self.permanent) or self.filter_rate > 0 or self.accuracy < 1


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one request; `status` 0 hangs for ever."""

    status: int
    text: str = ""
    finish: str = "stop"
    seconds: float = 0.0


def fate_of(behaviour: Behaviour, prompt: str, *, busy: int, chance: random.Random) -> Fate:
    """Return what becomes of a request while `busy` others are under way."""
    if behaviour.capacity and busy >= behaviour.capacity:
        return Fate(429)
    roll = chance.random()
    for share, status in (
        (behaviour.hang_rate, 0),
        (behaviour.throttle_rate, 429),
        (behaviour.error_rate, 500),
    ):
        if roll < share:
            return Fate(status)
        roll -= share
    seconds = behaviour.latency
    if behaviour.spread:
        seconds *= exp(chance.gauss(0, behaviour.spread))
    return _answered(behaviour, prompt, seconds=seconds)


def _answered(behaviour: Behaviour, prompt: str, *, seconds: float) -> Fate:
    if behaviour.permanent and behaviour.permanent in prompt:
        return Fate(400, seconds=seconds)
    if behaviour.filter_rate and _share(prompt, "filter") < behaviour.filter_rate:
        return Fate(200, finish="content_filter", seconds=seconds)
    is_right = behaviour.accuracy >= 1 or _share(prompt, "right") < behaviour.accuracy
    return Fate(200, behaviour.answer if is_right else "wrong", seconds=seconds)


def _share(prompt: str, salt: str) -> float:
    """Return a number in [0, 1) that the prompt alone decides on."""
    digest = blake2b(f"{salt} {prompt}".encode(errors="replace"), digest_size=8).digest()
    return int.from_bytes(digest) / _HASHES


def completion(fate: Fate, behaviour: Behaviour) -> bytes:
    """Return the body of a chat completion."""
    message = {"role": "assistant", "content": fate.text or None}
    usage = {
        "prompt_tokens": behaviour.input_tokens,
        "completion_tokens": behaviour.output_tokens,
        "total_tokens": behaviour.input_tokens + behaviour.output_tokens,
    }
    choice = {"index": 0, "message": message, "finish_reason": fate.finish}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": "bench",
        "choices": [choice],
        "usage": usage,
    }
    return json.dumps(body).encode()


def message(fate: Fate, behaviour: Behaviour) -> bytes:
    """Return the body of one of Anthropic's messages."""
    reason = "refusal" if fate.finish == "content_filter" else "end_turn"
    usage = {"input_tokens": behaviour.input_tokens, "output_tokens": behaviour.output_tokens}
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "bench",
        "content": [{"type": "text", "text": fate.text}] if fate.text else [],
        "stop_reason": reason,
        "usage": usage,
    }
    return json.dumps(body).encode()


def completion_events(fate: Fate, behaviour: Behaviour) -> tuple[bytes, bytes]:
    """Return the first token of a streamed completion, and all that follows."""
    usage = {
        "prompt_tokens": behaviour.input_tokens,
        "completion_tokens": behaviour.output_tokens,
    }
    first = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": fate.text}}]}
    last = {"choices": [{"index": 0, "delta": {}, "finish_reason": fate.finish}]}
    return _event(first), _event(last) + _event(
        {"choices": [], "usage": usage}
    ) + b"data: [DONE]\n\n"


def message_events(fate: Fate, behaviour: Behaviour) -> tuple[bytes, bytes]:
    """Return the first token of a streamed message, and all that follows."""
    counts = {"input_tokens": behaviour.input_tokens, "output_tokens": 0}
    start = {"type": "message_start", "message": {"usage": counts}}
    delta = {"type": "content_block_delta", "delta": {"type": "text_delta", "text": fate.text}}
    reason = "refusal" if fate.finish == "content_filter" else "end_turn"
    end = {
        "type": "message_delta",
        "delta": {"stop_reason": reason},
        "usage": {"output_tokens": behaviour.output_tokens},
    }
    return _event(start) + _event(delta), _event(end) + _event({"type": "message_stop"})


def refusal(status: int) -> bytes:
    """Return the body of an error, in a shape that both dialects read."""
    kind = {400: "invalid_request_error", 429: "rate_limit_error"}.get(status, "api_error")
    error = {"type": kind, "message": f"simulated {status}", "code": None}
    return json.dumps({"type": "error", "error": error}).encode()


def _event(content: object) -> bytes:
    return f"data: {json.dumps(content)}\n\n".encode()
