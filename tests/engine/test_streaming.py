"""Streamed chat completions, and whatever else a request may hold, over real connections."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.specs import HarnessSpec
from evals.domain.trials import TrialState, Usage
from evals.engine.endpoints import retries
from evals.engine.endpoints.openai import Chunks
from evals.engine.endpoints.streams import EventStream
from tests.engine.asking import ask_scripted
from tests.fakes import Answer, chunk, completion, event

STREAMED = HarnessSpec(prompt="", stream=True)
USAGE = {
    "prompt_tokens": 11,
    "completion_tokens": 7,
    "prompt_tokens_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 5},
}
DONE = event("[DONE]")
GOOD = Answer(events=[chunk(role="assistant", content=""), chunk(content="yes"), chunk("stop")])


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_SECONDS", 0.02)


def test_a_stream_is_put_together_with_the_time_of_its_first_token():
    events = [
        chunk(role="assistant", content=""),
        chunk(reasoning_content="hm"),
        chunk(content="y"),
        chunk(content="es"),
        chunk("stop"),
        chunk(usage=USAGE),
        DONE,
    ]
    reply, server = ask_scripted(Answer(events=events, gap_seconds=0.05), harness=STREAMED)
    body = server.requests[0].body
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})
    assert (reply.state, reply.output, reply.finish_reason) == (TrialState.OK, "yes", "stop")
    assert reply.usage == Usage(
        input_tokens=11, output_tokens=7, cached_tokens=4, reasoning_tokens=5
    )
    assert reply.ttft_seconds is not None
    assert reply.latency_seconds is not None
    assert 0.1 <= reply.ttft_seconds < 0.2
    assert reply.latency_seconds >= 0.35


def test_the_endpoint_may_ask_for_streams_too():
    reply, server = ask_scripted(GOOD, stream=True)
    assert server.requests[0].body["stream"] is True
    assert reply.output == "yes"


def test_a_server_that_does_not_stream_is_read_as_it_answers():
    reply, _ = ask_scripted(Answer(body=completion("yes")), harness=STREAMED)
    assert (reply.output, reply.ttft_seconds) == ("yes", None)


@pytest.mark.parametrize("is_reset", [True, False])
def test_a_stream_that_breaks_off_is_asked_again(is_reset):
    cut = Answer(events=[chunk(content="ye")], reset=is_reset)
    reply, _ = ask_scripted(cut, GOOD, harness=STREAMED)
    assert (reply.state, reply.output, reply.attempts) == (TrialState.OK, "yes", 2)


def test_a_stream_that_never_ends_well_is_an_infra_error():
    cut = Answer(events=[chunk(content="ye")])
    reply, server = ask_scripted(*[cut] * 200, harness=STREAMED, timeout_seconds=0.1)
    assert reply.state is TrialState.INFRA_ERROR
    assert "the stream broke off in mid-answer" in reply.error
    assert reply.attempts == len(server.requests) > 1


def test_a_stream_that_hangs_is_abandoned_and_asked_again():
    slow = Answer(events=[chunk(content="y")] * 20, gap_seconds=0.1)
    reply, _ = ask_scripted(slow, GOOD, harness=STREAMED, timeout_seconds=0.3)
    assert (reply.output, reply.attempts) == ("yes", 2)


def test_an_error_in_the_middle_of_a_stream_counts_as_the_error_it_is():
    busy = event({"error": {"message": "engine overloaded", "code": 503}})
    reply, _ = ask_scripted(Answer(events=[chunk(content="y"), busy]), GOOD, harness=STREAMED)
    assert (reply.output, reply.attempts) == ("yes", 2)


def test_an_end_without_a_reason_is_an_end_where_the_server_says_so():
    reply, _ = ask_scripted(Answer(events=[chunk(content="yes"), DONE]), harness=STREAMED)
    assert (reply.state, reply.output, reply.attempts) == (TrialState.OK, "yes", 1)


@pytest.mark.parametrize(
    ("delta", "finish", "why"),
    [
        ({"refusal": "I cannot"}, "stop", "refused: I cannot"),
        ({"content": "par"}, "content_filter", "content filter"),
        ({"content": ""}, "length", "max_tokens was reached"),
        ({"tool_calls": [{"id": "1"}]}, "tool_calls", "called a tool"),
    ],
)
def test_what_is_no_answer_is_none_when_streamed_either(delta, finish, why):
    reply, _ = ask_scripted(Answer(events=[chunk(**delta), chunk(finish)]), harness=STREAMED)
    assert reply.state is TrialState.NO_ANSWER
    assert why in reply.error


def test_a_server_that_knows_no_stream_options_is_asked_without():
    body = {"error": {"message": "Unrecognized request argument: stream_options"}}
    reply, server = ask_scripted(Answer(status=400, body=body), GOOD, harness=STREAMED)
    assert (reply.output, reply.attempts) == ("yes", 1)
    assert "stream_options" not in server.requests[1].body


@given(cuts=st.lists(st.integers(0, 400), max_size=20), ending=st.sampled_from([b"\n", b"\r\n"]))
def test_where_the_bytes_are_cut_changes_nothing(cuts, ending):
    whole = b"".join([chunk(content="y\u00e9"), chunk(content="s"), chunk("stop"), DONE])
    whole = whole.replace(b"\n", ending)
    places = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    stream = EventStream(Chunks())
    for seconds, (start, stop) in enumerate(pairwise(places)):
        stream.feed(whole[start:stop], seconds=seconds)
    content = stream.content()
    assert content is not None
    assert content["choices"][0]["message"]["content"] == "y\u00e9s"
    assert stream.first_seconds is not None


def test_parameters_go_into_the_request_as_they_are():
    harness = HarnessSpec(
        prompt="",
        temperature=None,
        reasoning={"effort": "low", "exclude": True},
        extra_body={"chat_template_kwargs": {"enable_thinking": False}, "top_k": 4},
    )
    extra = {"provider": {"order": ["a"]}, "chat_template_kwargs": {"depth": 2}, "top_k": 9}
    _, server = ask_scripted(harness=harness, extra_body=extra)
    body = server.requests[0].body
    assert "temperature" not in body
    assert body["reasoning"] == {"effort": "low", "exclude": True}
    assert body["chat_template_kwargs"] == {"depth": 2, "enable_thinking": False}
    assert (body["top_k"], body["provider"]) == (4, {"order": ["a"]})


def test_an_effort_is_sent_as_such():
    _, server = ask_scripted(harness=HarnessSpec(prompt="", reasoning="high"))
    assert server.requests[0].body["reasoning_effort"] == "high"
