"""Anthropic's Messages API, over real connections to a local server."""

import asyncio
import json
from typing import Any

import pytest

from evals.domain.specs import EndpointKind, HarnessSpec
from evals.domain.trials import Reply, TrialState, Usage
from evals.engine.endpoints import retries, try_endpoint
from tests.engine.asking import KEY, ask, ask_scripted, candidate
from tests.fakes import Answer, FakeOpenAI, event

USAGE = {
    "input_tokens": 10,
    "cache_creation_input_tokens": 200,
    "cache_read_input_tokens": 30,
    "output_tokens": 7,
}


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_SECONDS", 0.02)


def message(text: str = "yes", *, reason: str = "end_turn", usage: Any = None) -> Any:
    blocks = [{"type": "text", "text": text}] if text else []
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "content": blocks,
        "stop_reason": reason,
        "usage": usage,
    }


def refusal(kind: str, said: str) -> Any:
    return {"type": "error", "error": {"type": kind, "message": said}, "request_id": "req_1"}


def ask_one(*script: Answer, **options: Any) -> tuple[Reply, FakeOpenAI]:
    return ask_scripted(*script, kind=EndpointKind.ANTHROPIC, **options)


def test_the_request_is_a_message_with_all_that_the_harness_says():
    harness = HarnessSpec(
        prompt="",
        max_tokens=9,
        temperature=0.5,
        top_p=0.9,
        stop=("\n",),
        seed=3,
        reasoning={"type": "enabled", "budget_tokens": 1024},
        extra_body={"metadata": {"user_id": "u"}, "top_k": 5},
    )
    with FakeOpenAI(script=[Answer(body=message())]) as server:
        spec = candidate(server.base_url, kind=EndpointKind.ANTHROPIC, harness=harness)
        reply = ask(spec, system="Be kind.")
    (request,) = server.requests
    assert reply.output == "yes"
    assert (request.method, request.path) == ("POST", "/v1/messages")
    assert request.headers["x-api-key"] == KEY
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert "authorization" not in request.headers
    assert request.body == {
        "model": "model-1",
        "max_tokens": 9,
        "system": "Be kind.",
        "messages": [{"role": "user", "content": "hello"}],
        "temperature": 0.5,
        "top_p": 0.9,
        "stop_sequences": ["\n"],
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "metadata": {"user_id": "u"},
        "top_k": 5,
    }


def test_an_effort_and_no_temperature_are_sent_as_such():
    harness = HarnessSpec(prompt="", temperature=None, reasoning="low")
    _, server = ask_one(Answer(body=message()), harness=harness)
    body = server.requests[0].body
    assert body["output_config"] == {"effort": "low"}
    assert set(body) == {"model", "messages", "max_tokens", "output_config"}


def test_input_tokens_include_what_the_cache_read_and_wrote():
    reply, _ = ask_one(Answer(body=message(usage=USAGE)))
    assert reply.usage == Usage(
        input_tokens=240, output_tokens=7, cached_tokens=30, cache_write_tokens=200
    )


def test_tokens_that_are_not_reported_are_unknown():
    reply, _ = ask_one(Answer(body=message(usage={"output_tokens": 2})))
    assert reply.usage == Usage(output_tokens=2)


@pytest.mark.parametrize(
    ("said", "reason", "state", "finish"),
    [
        ("yes", "end_turn", TrialState.OK, "stop"),
        ("yes", "stop_sequence", TrialState.OK, "stop"),
        ("half an", "max_tokens", TrialState.OK, "length"),
        ("", "max_tokens", TrialState.NO_ANSWER, "length"),
        ("half an", "model_context_window_exceeded", TrialState.OK, "length"),
        ("I cannot", "refusal", TrialState.NO_ANSWER, "refusal"),
        ("", "end_turn", TrialState.NO_ANSWER, "stop"),
        ("", "tool_use", TrialState.NO_ANSWER, "tool_calls"),
        ("yes", "pause_turn", TrialState.OK, "pause_turn"),
    ],
)
def test_why_a_message_ended_is_said_in_the_usual_words(said, reason, state, finish):
    reply, server = ask_one(Answer(body=message(said, reason=reason)))
    assert (reply.state, reply.finish_reason) == (state, finish)
    assert bool(reply.error) == (state is TrialState.NO_ANSWER)
    assert len(server.requests) == 1


def test_thoughts_are_no_part_of_the_answer():
    blocks = [
        {"type": "thinking", "thinking": "hm", "text": "hm"},
        {"type": "text", "text": "a\x00"},
        {"type": "text", "text": "b"},
    ]
    reply, _ = ask_one(Answer(body={**message(), "content": blocks}))
    assert reply.output == "a\ufffdb"


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (401, "authentication_error", "invalid x-api-key"),
        (403, "permission_error", "not for you"),
        (404, "not_found_error", "model: model-1"),
        (402, "billing_error", "pay"),
        (400, "invalid_request_error", "Your credit balance is too low to access the API."),
    ],
)
def test_a_key_model_or_account_that_will_not_do_is_fatal(status, kind, said):
    reply, server = ask_one(Answer(status=status, body=refusal(kind, said)))
    assert (reply.state, reply.is_fatal) == (TrialState.MODEL_ERROR, True)
    assert f"HTTP {status} from 127.0.0.1" in reply.error
    assert said in reply.error
    assert len(server.requests) == 1


def test_a_bad_request_is_a_model_error_and_the_run_goes_on():
    body = refusal("invalid_request_error", "max_tokens: too large")
    reply, _ = ask_one(Answer(status=400, body=body))
    assert (reply.state, reply.is_fatal) == (TrialState.MODEL_ERROR, False)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, "rate_limit_error"), (500, "api_error"), (529, "overloaded_error")],
)
def test_a_passing_failure_is_tried_again(status, kind):
    busy = Answer(status=status, body=refusal(kind, "later"), headers={"retry-after": "0"})
    reply, server = ask_one(busy, Answer(body=message()))
    assert (reply.state, reply.attempts, len(server.requests)) == (TrialState.OK, 2, 2)


@pytest.mark.parametrize("base", ["", "/v1", "/v1/messages", "/gateway", "/gateway/v1/"])
def test_the_address_may_be_written_with_or_without_its_end(base):
    with FakeOpenAI(script=[Answer(body=message())]) as server:
        url = server.base_url.removesuffix("/v1") + base
        ask(candidate(url, kind=EndpointKind.ANTHROPIC))
    gateway = "/gateway" if "gateway" in base else ""
    assert server.requests[0].path == f"{gateway}/v1/messages"


def test_something_else_at_the_address_is_said():
    reply, _ = ask_one(*[Answer(body={"choices": []})] * 3)
    assert reply.is_fatal
    assert "expected `content`, a list of blocks" in reply.error
    assert "check that base_url is an Anthropic-compatible API" in reply.error


def test_the_key_is_nowhere_even_where_the_vendor_echoes_it():
    answer = Answer(status=401, body=refusal("authentication_error", f"bad key {KEY}"))
    with FakeOpenAI(script=[answer]) as server:
        spec = candidate(server.base_url, kind=EndpointKind.ANTHROPIC)
        tried = asyncio.run(try_endpoint(spec, api_key=KEY))
    shown = json.loads(tried.request_shown)
    assert shown["headers"]["x-api-key"] == "[key]"
    assert "bad key [key]" in tried.reply.error
    assert KEY not in tried.request_shown + tried.response_shown + tried.reply.error


def started(usage: Any) -> bytes:
    return event({"type": "message_start", "message": {"usage": usage}})


def said(text: str, kind: str = "text") -> bytes:
    delta = {"type": f"{kind}_delta", kind: text}
    return event({"type": "content_block_delta", "index": 0, "delta": delta})


def ended(reason: str, usage: Any) -> bytes:
    return event({"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage})


STOP = event({"type": "message_stop"})


def test_a_streamed_message_is_put_together_with_the_time_of_its_first_token():
    events = [
        b": a comment\n\n",
        b"event: message_start\n" + started({**USAGE, "output_tokens": 1}),
        event({"type": "ping"}),
        said("hm", "thinking"),
        said("ye"),
        said("s"),
        ended("end_turn", {"output_tokens": 7}),
        STOP,
    ]
    harness = HarnessSpec(prompt="", stream=True)
    reply, server = ask_one(Answer(events=events, gap_seconds=0.05), harness=harness)
    assert server.requests[0].body["stream"] is True
    assert (reply.state, reply.output, reply.finish_reason) == (TrialState.OK, "yes", "stop")
    assert reply.usage == Usage(
        input_tokens=240, output_tokens=7, cached_tokens=30, cache_write_tokens=200
    )
    assert reply.ttft_seconds is not None
    assert reply.latency_seconds is not None
    assert 0.2 <= reply.ttft_seconds < 0.3
    assert reply.latency_seconds >= 0.4


def test_an_error_in_the_middle_of_a_stream_counts_as_the_error_it_is():
    overloaded = event(refusal("overloaded_error", "Overloaded"))
    good = Answer(events=[started(USAGE), said("yes"), ended("end_turn", {}), STOP])
    reply, _ = ask_one(Answer(events=[started(USAGE), said("y"), overloaded]), good, stream=True)
    assert (reply.state, reply.output, reply.attempts) == (TrialState.OK, "yes", 2)
    wrong = event(refusal("invalid_request_error", "no"))
    refused, _ = ask_one(Answer(events=[wrong]), stream=True)
    assert (refused.state, refused.attempts) == (TrialState.MODEL_ERROR, 1)


def test_a_stream_without_an_end_is_asked_again():
    cut = Answer(events=[started(USAGE), said("y")])
    good = Answer(events=[started(USAGE), said("yes"), ended("max_tokens", {}), STOP])
    reply, _ = ask_one(cut, good, stream=True)
    assert (reply.output, reply.finish_reason, reply.attempts) == ("yes", "length", 2)
