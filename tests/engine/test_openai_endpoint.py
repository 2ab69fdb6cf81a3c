"""The OpenAI-compatible endpoint, over real connections to a local server."""

import asyncio
import json
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from evals.domain.specs import (
    CandidateSpec,
    EndpointKind,
    EndpointSpec,
    HarnessSpec,
    ModelSpec,
)
from evals.domain.trials import Question, Reply, TrialState, Usage
from evals.engine.endpoints import (
    AddressPolicy,
    EndpointError,
    Throttled,
    open_endpoint,
    retries,
    try_endpoint,
)
from evals.engine.endpoints.addresses import address_problem
from evals.engine.endpoints.retries import retry_after_seconds
from tests.fakes import Answer, FakeOpenAI, completion

KEY = "sk-very-secret-1234"


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_SECONDS", 0.02)


def candidate(
    base_url: str | None, *, harness: HarnessSpec | None = None, **endpoint: Any
) -> CandidateSpec:
    endpoint = {"timeout_seconds": 5.0, "api_key_env": "EXAMPLE_KEY", **endpoint}
    return CandidateSpec(
        name="gpt-x",
        model=ModelSpec(id="gpt-x-1", open=False),
        endpoint=EndpointSpec(kind=EndpointKind.OPENAI, base_url=base_url, **endpoint),
        harness=harness or HarnessSpec(prompt="{{ text }}"),
    )


def ask(
    spec: CandidateSpec, *prompts: str, api_key: str | None = KEY, **options: Any
) -> list[Reply]:
    """Return the replies to prompts asked one after the other."""

    async def main() -> Any:
        endpoint = open_endpoint(spec, api_key=api_key, **options)
        try:
            questions = [Question(sample=i, epoch=0, prompt=text) for i, text in enumerate(prompts)]
            return [(await endpoint.answer([question]))[0] for question in questions]
        finally:
            await endpoint.close()

    return asyncio.run(main())


def ask_one(
    *script: Answer, api_key: str | None = KEY, **endpoint: Any
) -> tuple[Reply, FakeOpenAI]:
    """Return the reply to one question where the server answers by `script` first."""
    with FakeOpenAI(script=script) as server:
        spec = candidate(server.base_url, **endpoint)
        return ask(spec, "hello", api_key=api_key)[0], server


def error(message: str, code: str | None = None) -> Any:
    return {"error": {"message": message, "code": code}}


def test_the_request_holds_what_the_harness_says_and_nothing_else():
    harness = HarnessSpec(prompt="", max_tokens=9, temperature=0.5, stop=("\n",), seed=3, top_p=0.9)
    with FakeOpenAI() as server:
        spec = candidate(server.base_url + "/", harness=harness)
        question = Question(sample=0, epoch=0, prompt="hi", system="Be kind.")
        asyncio.run(_answer(spec, question))
        ask(candidate(server.base_url), "bare", api_key=None)
    full, bare = server.requests
    assert (full.method, full.path) == ("POST", "/v1/chat/completions")
    assert full.headers["authorization"] == f"Bearer {KEY}"
    assert full.body == {
        "model": "gpt-x-1",
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "hi"},
        ],
        "max_tokens": 9,
        "temperature": 0.5,
        "top_p": 0.9,
        "stop": ["\n"],
        "seed": 3,
    }
    assert "authorization" not in bare.headers
    assert set(bare.body) == {"model", "messages", "max_tokens", "temperature"}


async def _answer(spec: CandidateSpec, question: Question) -> Any:
    endpoint = open_endpoint(spec, api_key=KEY)
    try:
        return await endpoint.answer([question])
    finally:
        await endpoint.close()


def test_tokens_latency_and_finish_reason_are_kept():
    usage = {
        "prompt_tokens": 11,
        "completion_tokens": 7,
        "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 6},
        "completion_tokens_details": {"reasoning_tokens": 5},
    }
    with FakeOpenAI(usage=usage, latency_seconds=0.05) as server:
        reply = ask(candidate(server.base_url), "hello")[0]
    assert reply.state is TrialState.OK
    assert reply.output == "yes"
    assert reply.usage == Usage(
        input_tokens=11,
        output_tokens=7,
        cached_tokens=4,
        cache_write_tokens=6,
        reasoning_tokens=5,
    )
    assert reply.latency_seconds is not None
    assert 0.05 <= reply.latency_seconds < 2
    assert (reply.finish_reason, reply.attempts) == ("stop", 1)


def test_tokens_that_a_server_does_not_report_are_unknown():
    reply, _ = ask_one(Answer(body=completion("yes", usage={"prompt_tokens": 3})))
    assert reply.usage == Usage(input_tokens=3)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
def test_a_passing_failure_is_tried_again(status):
    reply, server = ask_one(Answer(status=status, body=error("busy")))
    assert (reply.state, reply.attempts, len(server.requests)) == (TrialState.OK, 2, 2)


def test_retry_after_is_honoured():
    loop_seconds: list[float] = []

    async def main(base_url: str) -> Any:
        endpoint = open_endpoint(candidate(base_url))
        started = asyncio.get_running_loop().time()
        reply = (await endpoint.answer([Question(sample=0, epoch=0, prompt="hi")]))[0]
        loop_seconds.append(asyncio.get_running_loop().time() - started)
        await endpoint.close()
        assert isinstance(endpoint, Throttled)
        assert endpoint.throttled == 1
        return reply

    with FakeOpenAI(script=[Answer(status=429, headers={"Retry-After": "1"})]) as server:
        reply = asyncio.run(main(server.base_url))
    assert reply.state is TrialState.OK
    assert loop_seconds[0] >= 1


def test_retry_after_may_be_seconds_milliseconds_or_a_date():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    until = format_datetime(now + timedelta(seconds=90), usegmt=True)
    date = format_datetime(now, usegmt=True)
    assert retry_after_seconds({"Retry-After": "2.5"}) == 2.5
    assert retry_after_seconds({"retry-after-ms": "250", "Retry-After": "1"}) == 0.25
    assert retry_after_seconds({"Retry-After": until, "Date": date}) == 90
    assert retry_after_seconds({"Retry-After": until}) == 0
    assert retry_after_seconds({"Retry-After": "soon"}) is None
    assert retry_after_seconds({"Retry-After": "nan"}) is None
    assert retry_after_seconds({}) is None


def test_a_wait_longer_than_the_deadline_pauses_the_run():
    reply, server = ask_one(
        Answer(status=429, headers={"Retry-After": "3600"}, body=error("daily quota"))
    )
    assert (reply.state, reply.is_fatal) == (TrialState.INFRA_ERROR, True)
    assert "daily quota (asks to wait 3,600 s)" in reply.error
    assert len(server.requests) == 1


def test_an_empty_account_pauses_the_run_at_once():
    reply, _ = ask_one(Answer(status=429, body=error("no credit", "insufficient_quota")))
    assert (reply.state, reply.is_fatal, reply.attempts) == (TrialState.INFRA_ERROR, True, 1)


def test_the_deadline_ends_the_retries():
    script = [Answer(status=500, body=error("boom"))] * 100
    reply, server = ask_one(*script, timeout_seconds=0.1)
    assert reply.state is TrialState.INFRA_ERROR
    assert reply.attempts == len(server.requests) > 1
    assert "HTTP 500 from 127.0.0.1" in reply.error
    assert f"boom ({reply.attempts} attempts)" in reply.error


@pytest.mark.parametrize("status", [400, 422])
def test_a_bad_request_is_a_model_error_at_once_and_the_run_goes_on(status):
    reply, server = ask_one(Answer(status=status, body=error("prompt too long")))
    assert (reply.state, reply.is_fatal) == (TrialState.MODEL_ERROR, False)
    assert reply.error.endswith("for model 'gpt-x-1': prompt too long")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (401, "check the API key in the environment variable EXAMPLE_KEY"),
        (402, "has to be topped up"),
        (403, "check the API key in the environment variable EXAMPLE_KEY and what it may use"),
        (404, "check model.id, and that base_url is right (http://127.0.0.1"),
        (405, "check base_url"),
    ],
)
def test_a_wrong_key_model_or_address_is_fatal_and_says_what_to_check(status, hint):
    reply, _ = ask_one(Answer(status=status, body=error("no way")))
    assert (reply.state, reply.is_fatal) == (TrialState.MODEL_ERROR, True)
    assert f"HTTP {status} from 127.0.0.1" in reply.error
    assert "for model 'gpt-x-1': no way" in reply.error
    assert hint in reply.error


def test_no_key_at_all_is_said():
    reply, _ = ask_one(Answer(status=401, body=error("no way")), api_key=None)
    assert "no API key was sent" in reply.error


def test_a_403_amid_answers_is_one_prompt_and_three_in_a_row_are_the_key():
    forbidden = Answer(status=403, body=error("flagged"))
    ok = Answer(body=completion())
    script = [ok, forbidden, forbidden, ok, forbidden, forbidden, forbidden]
    with FakeOpenAI(script=script) as server:
        replies = ask(candidate(server.base_url), *"abcdefg")
    assert [reply.is_fatal for reply in replies] == [False] * 6 + [True]


def test_a_redirect_is_not_followed():
    answer = Answer(status=307, headers={"Location": "http://elsewhere.example/v1"}, body={})
    reply, server = ask_one(answer)
    assert reply.is_fatal
    assert "redirects to http://elsewhere.example/v1 (not followed)" in reply.error
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": "plain text"}, "plain text"),
        ({"object": "error", "message": "vllm says"}, "vllm says"),
        ({"detail": [{"loc": ["body"], "msg": "field required"}]}, "field required"),
        ([{"error": {"message": "in a list"}}], "in a list"),
        (b"<h1>Bad\n\n  gateway</h1>", "<h1>Bad gateway</h1>"),
        (b"", "no reason given"),
        ({"error": {"odd": 1}}, '{"odd": 1}'),
        ("just a string", "just a string"),
    ],
)
def test_whatever_shape_an_error_has_its_message_is_shown(body, said):
    reply, _ = ask_one(Answer(status=400, body=body))
    assert said in reply.error


def test_the_key_is_nowhere_even_where_the_vendor_echoes_it(caplog):
    long = "x" * 270 + f" {KEY} " + "y" * 600
    for answer in (
        Answer(status=400, body=b"[" * 100_000),
        Answer(status=401, body=error(f"Incorrect API key: {KEY}")),
        Answer(status=400, body=error(long)),
        Answer(status=302, headers={"Location": f"http://example.com/?key={KEY}"}, body={}),
    ):
        reply, _ = ask_one(answer)
        assert KEY[:6] not in reply.error
        assert len(reply.error) <= 500
    reply, _ = ask_one(*[Answer(body=f"key {KEY}")] * 3)
    assert "[key]" in reply.error
    assert KEY not in caplog.text


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_nobody_listening_is_fatal_within_seconds():
    reply = ask(candidate(f"http://127.0.0.1:{_free_port()}/v1"), "hello")[0]
    assert (reply.state, reply.is_fatal, reply.attempts) == (TrialState.INFRA_ERROR, True, 3)
    assert "cannot reach http://127.0.0.1" in reply.error
    assert "connection refused" in reply.error


def test_an_unknown_host_is_fatal_and_named():
    reply = ask(candidate("http://no-such-host.invalid/v1"), "hello")[0]
    assert reply.is_fatal
    assert "cannot reach http://no-such-host.invalid/v1" in reply.error
    assert "no address found" in reply.error


@pytest.mark.parametrize("host", [".example", "a..b", "x" * 70 + ".example"])
def test_a_host_that_cannot_be_one_is_fatal(host):
    reply = ask(candidate(f"http://{host}/v1"), "hello")[0]
    assert (reply.state, reply.is_fatal) == (TrialState.INFRA_ERROR, True)
    assert "cannot reach" in reply.error


def test_a_retry_is_logged_without_what_was_said(caplog):
    ask_one(Answer(status=503, body=error("about your prompt")))
    assert "cause=HTTP 503 retries=1" in caplog.text
    assert "about your prompt" not in caplog.text


def test_speaking_tls_to_a_plain_server_is_fatal():
    with FakeOpenAI() as server:
        url = server.base_url.replace("http:", "https:")
        reply = ask(candidate(url), "hello")[0]
    assert (reply.state, reply.is_fatal) == (TrialState.INFRA_ERROR, True)
    assert "cannot reach https://" in reply.error


def test_an_endpoint_that_answered_once_is_waited_for():
    async def main() -> Any:
        with FakeOpenAI() as server:
            endpoint = open_endpoint(candidate(server.base_url, timeout_seconds=0.1))
            first = await endpoint.answer([Question(sample=0, epoch=0, prompt="a")])
        second = await endpoint.answer([Question(sample=1, epoch=0, prompt="b")])
        await endpoint.close()
        return first[0], second[0]

    first, second = asyncio.run(main())
    assert first.state is TrialState.OK
    assert (second.state, second.is_fatal) == (TrialState.INFRA_ERROR, False)
    assert second.attempts > 3


def test_a_hung_request_is_abandoned_and_asked_again():
    reply, server = ask_one(Answer(seconds=30), timeout_seconds=0.3)
    assert (reply.state, reply.attempts, len(server.requests)) == (TrialState.OK, 2, 2)
    assert reply.latency_seconds is not None
    assert reply.latency_seconds < 0.3


def test_a_connection_that_breaks_off_in_mid_body_is_tried_again():
    reply, _ = ask_one(Answer(body=completion("half"), reset=True))
    assert (reply.state, reply.output, reply.attempts) == (TrialState.OK, "yes", 2)


@pytest.mark.parametrize(
    ("message", "finish", "why"),
    [
        ({"text": ""}, "stop", "empty"),
        ({"text": "  \n"}, "stop", "empty"),
        ({"text": None}, "length", "max_tokens was reached before any answer"),
        ({"text": None, "refusal": "I cannot help"}, "stop", "refused: I cannot help"),
        ({"text": "par"}, "content_filter", "content filter"),
        ({"text": None, "tool_calls": [{"id": "1"}]}, "tool_calls", "called a tool"),
    ],
)
def test_what_is_no_answer_is_counted_apart_with_its_reason(message, finish, why):
    reply, server = ask_one(Answer(body=completion(finish=finish, **message)))
    assert reply.state is TrialState.NO_ANSWER
    assert why in reply.error
    assert reply.finish_reason == finish
    assert len(server.requests) == 1


def test_a_prompt_that_the_vendor_filters_is_no_answer():
    reply, _ = ask_one(Answer(status=400, body=error("filtered", "content_filter")))
    assert (reply.state, reply.finish_reason) == (TrialState.NO_ANSWER, "content_filter")


def test_a_truncated_answer_is_ok_and_marked():
    reply, _ = ask_one(Answer(body=completion("half an ans", finish="length")))
    assert (reply.state, reply.output, reply.finish_reason) == (
        TrialState.OK,
        "half an ans",
        "length",
    )


def test_content_in_parts_is_joined_and_made_storable():
    parts = [{"type": "text", "text": "a\x00"}, {"type": "thinking"}, {"text": "b\ud800"}]
    reply, _ = ask_one(Answer(body=completion(parts)))
    assert reply.output == "a\ufffdb\ufffd"


@pytest.mark.parametrize(
    "body",
    [b"<html>welcome</html>", {"choices": []}, {}, [1], {"choices": [{}]}, b'{"cho', b"\xff"],
)
def test_a_success_that_holds_no_reply_is_an_infra_error_that_shows_what_came(body):
    reply, server = ask_one(*[Answer(body=body)] * 3)
    assert (reply.state, reply.attempts) == (TrialState.INFRA_ERROR, 3)
    assert len(server.requests) == 3
    assert reply.is_fatal
    assert "expected" in reply.error
    assert "found" in reply.error


def test_an_error_inside_a_success_counts_as_the_error_it_is():
    wrapped = {"error": {"message": "upstream busy", "code": 429}}
    reply, _ = ask_one(Answer(body=wrapped))
    assert (reply.state, reply.attempts) == (TrialState.OK, 2)
    refused, _ = ask_one(Answer(body={"error": {"message": "bad", "code": 400}}))
    assert refused.state is TrialState.MODEL_ERROR


def test_the_endpoint_learns_once_that_a_server_wants_max_completion_tokens():
    refusal = error("Unsupported parameter: use 'max_completion_tokens' instead.")
    with FakeOpenAI(script=[Answer(status=400, body=refusal)]) as server:
        replies = ask(candidate(server.base_url), "a", "b")
    assert [reply.state for reply in replies] == [TrialState.OK] * 2
    names = [[name for name in request.body if "tokens" in name] for request in server.requests]
    assert names == [["max_tokens"], ["max_completion_tokens"], ["max_completion_tokens"]]


def test_a_body_past_the_limit_is_not_read_on(monkeypatch):
    monkeypatch.setattr("evals.engine.endpoints.transport.MOST_BYTES", 1000)
    reply, server = ask_one(Answer(body=completion("x" * 5000)))
    assert reply.state is TrialState.INFRA_ERROR
    assert "more than 1,000 bytes" in reply.error
    assert len(server.requests) == 1


def test_connections_are_kept_and_never_more_than_allowed():
    async def main(base_url: str) -> Any:
        endpoint = open_endpoint(candidate(base_url, concurrency=4))
        questions = [Question(sample=i, epoch=0, prompt=str(i)) for i in range(40)]
        await asyncio.gather(*(endpoint.answer([question]) for question in questions))
        await endpoint.close()

    with FakeOpenAI(latency_seconds=0.01) as server:
        asyncio.run(main(server.base_url))
    assert server.most_in_flight == 4
    assert server.connections_opened == 4


@pytest.mark.parametrize(
    ("address", "public", "private"),
    [
        ("8.8.8.8", True, True),
        ("2606:4700::1111", True, True),
        ("127.0.0.1", False, True),
        ("0.0.0.0", False, True),  # noqa: S104 - an address to refuse, not to bind
        ("::1", False, True),
        ("10.1.2.3", False, True),
        ("192.168.0.9", False, True),
        ("100.64.0.1", False, True),
        ("fd12::1", False, True),
        ("169.254.169.254", False, False),
        ("169.254.7.7", False, False),
        ("fe80::1%eth0", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("::ffff:127.0.0.1", False, True),
        ("64:ff9b::a9fe:a9fe", False, False),
        ("2002:a9fe:a9fe::1", False, False),
        ("fd00:ec2::254", False, False),
        ("168.63.129.16", False, False),
        ("224.0.0.1", False, False),
    ],
)
def test_which_addresses_each_policy_lets_through(address, public, private):
    assert (address_problem(address, AddressPolicy.PUBLIC) is None) is public
    assert (address_problem(address, AddressPolicy.PRIVATE) is None) is private
    assert address_problem(address, AddressPolicy.ANYWHERE) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_a_forbidden_address_is_refused_where_the_connection_is_made(host):
    with FakeOpenAI() as server:
        url = server.base_url.replace("127.0.0.1", host)
        reply = ask(candidate(url), "hello", allow=AddressPolicy.PUBLIC)[0]
        assert (reply.state, reply.is_fatal, reply.attempts) == (TrialState.INFRA_ERROR, True, 1)
        assert "refused here" in reply.error
        assert server.requests == []
        allowed = ask(candidate(server.base_url), "hello", allow=AddressPolicy.PRIVATE)[0]
    assert allowed.state is TrialState.OK


def test_the_metadata_address_is_refused_even_with_the_admins_setting():
    spec = candidate("http://169.254.169.254/v1")
    reply = ask(spec, "hello", allow=AddressPolicy.PRIVATE)[0]
    assert reply.is_fatal
    assert "169.254.169.254 is a link-local or metadata address" in reply.error


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        (None, "found None, expected something like http://host:8000/v1"),
        ("host/v1", "found 'host/v1'"),
        ("ftp://host/v1", "found 'ftp://host/v1'"),
        ("http://host:99999999/v1", "expected something like"),
        ("http://me:pw@host/v1", "holds a user name or password"),
    ],
)
def test_an_odd_base_url_is_refused_before_anything_is_asked(url, complaint):
    with pytest.raises(EndpointError, match=r"endpoint\.base_url") as caught:
        open_endpoint(candidate(url))
    assert complaint in str(caught.value)
    assert "pw" not in str(caught.value).replace("password", "")


def test_a_key_with_a_line_break_inside_is_refused_and_one_at_the_end_is_not():
    with pytest.raises(EndpointError, match="line break"):
        open_endpoint(candidate("http://host/v1"), api_key="a\nb")
    reply, server = ask_one(api_key=KEY + "\n")
    assert reply.state is TrialState.OK
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_query_in_the_base_url_stays_behind_the_path():
    with FakeOpenAI() as server:
        ask(candidate(server.base_url + "?api-version=1"), "hello")
        ask(candidate(server.base_url + "/chat/completions"), "hello")
    paths = [request.path for request in server.requests]
    assert paths == ["/v1/chat/completions?api-version=1", "/v1/chat/completions"]


def test_trying_an_endpoint_shows_one_request_whole_without_the_key():
    script = [Answer(status=401, body=error(f"bad key {KEY}"))]
    with FakeOpenAI(script=script) as server:
        spec = candidate(server.base_url)
        refused = asyncio.run(try_endpoint(spec, api_key=KEY))
        fine = asyncio.run(try_endpoint(spec, api_key=KEY))
    shown = json.loads(fine.request_shown)
    assert shown["url"] == server.base_url + "/chat/completions"
    assert shown["headers"]["Authorization"] == "Bearer [key]"
    assert shown["body"] == server.requests[1].body
    assert (fine.status, fine.reply.state, fine.reply.output) == (200, TrialState.OK, "yes")
    assert '"content": "yes"' in fine.response_shown
    assert (refused.status, refused.reply.is_fatal) == (401, True)
    assert "bad key [key]" in refused.response_shown
    assert KEY not in refused.response_shown + refused.reply.error + refused.request_shown


def test_trying_asks_once_even_where_a_run_would_ask_again():
    with FakeOpenAI(script=[Answer(status=503, body=error("loading"))]) as server:
        tried = asyncio.run(try_endpoint(candidate(server.base_url)))
    assert (tried.status, tried.reply.state) == (503, TrialState.INFRA_ERROR)
    assert len(server.requests) == 1


def test_trying_says_when_nobody_listens():
    tried = asyncio.run(try_endpoint(candidate(f"http://127.0.0.1:{_free_port()}/v1")))
    assert (tried.status, tried.response_shown) == (None, "connection refused")


def test_trying_a_simulated_endpoint_shows_what_it_would_be_asked():
    spec = candidate(None)
    spec = replace(spec, endpoint=EndpointSpec(kind=EndpointKind.STAND_IN))
    tried = asyncio.run(try_endpoint(spec))
    assert json.loads(tried.request_shown)["kind"] == "stand_in"
    assert tried.response_shown == tried.reply.output


def test_trying_a_recorded_endpoint_is_refused():
    spec = replace(candidate(None), endpoint=EndpointSpec(kind=EndpointKind.RECORDED))
    with pytest.raises(EndpointError, match="nothing to ask"):
        asyncio.run(try_endpoint(spec))
