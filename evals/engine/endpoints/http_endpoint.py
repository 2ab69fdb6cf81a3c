"""Asking over HTTP until there is a reply, a refusal that stands, or no time left."""

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from time import monotonic
from typing import Any

from evals.domain.budget import question_tokens
from evals.domain.trials import Question, Reply
from evals.engine.endpoints.dialect import Dialect, MalformedReplyError, decode
from evals.engine.endpoints.ratelimits import rate_hint
from evals.engine.endpoints.refusals import (
    Caller,
    Refusals,
    complaint_in,
    read_complaint,
    wrapped_status,
)
from evals.engine.endpoints.retries import TryAgain, retry_after_seconds
from evals.engine.endpoints.streams import EventStream
from evals.engine.endpoints.text import redacted, shortened
from evals.engine.endpoints.transport import Loss, Lost, Response, Transport
from evals.engine.gate import Gate
from evals.engine.limits import Outcome

DEADLINE_ATTEMPTS = 10  # a trial may take this many time-outs

_BAD_REQUEST = 400
_TOO_MANY = 429
_THROTTLING = frozenset({_TOO_MANY, 503, 529})
_LOG_EVERY_SECONDS = 5.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request as sent, and what came back."""

    request: dict[str, Any]
    outcome: Response | Lost
    verdict: Reply | TryAgain


class HttpEndpoint:
    """An endpoint over HTTP: one question per call, `concurrency` calls at once.

    `throttled` counts the 429s seen, `in_flight` the requests under way. Until `has_responded`,
    an address where nobody answers counts as a wrong one, and a failure is fatal.
    """

    batch_size = 1

    def __init__(  # noqa: PLR0913 - one argument for each part that it is made of
        self,
        *,
        dialect: Dialect,
        transport: Transport,
        caller: Caller,
        concurrency: int,
        timeout_seconds: float,
        max_tokens: int,
    ) -> None:
        self.concurrency = concurrency
        self.caller = caller
        self.transport = transport
        self.gate: Gate | None = None
        self.throttled = self.in_flight = 0
        self._dialect = dialect
        self._max_tokens = max_tokens
        self._timeout_seconds = timeout_seconds
        self._deadline_seconds = DEADLINE_ATTEMPTS * timeout_seconds
        self._refusals = Refusals(caller=caller, deadline_seconds=self._deadline_seconds)
        self.has_responded = False
        self._retries = 0
        self._logged_at = -_LOG_EVERY_SECONDS

    async def answer(self, questions: Sequence[Question]) -> list[Reply]:
        """Return one reply per question, each asked until its deadline."""
        return [await self._ask(question) for question in questions]

    async def try_once(self, question: Question) -> Exchange:
        """Return one attempt, or two where the first shows how to ask instead."""
        return await self._attempt(question, timeout_seconds=self._timeout_seconds)

    async def close(self) -> None:
        """Close the connections."""
        await self.transport.close()

    def most_tokens(self, question: Question) -> int:
        """Return the most tokens that a question can cost, prompt and answer together."""
        return question_tokens(question) + self._max_tokens

    async def _ask(self, question: Question) -> Reply:
        deadline = monotonic() + self._deadline_seconds
        for attempt in count(1):
            left = max(0.001, deadline - monotonic())
            exchange = await self._attempt(
                question, timeout_seconds=min(self._timeout_seconds, left)
            )
            verdict = exchange.verdict
            if isinstance(verdict, Reply):
                return verdict if attempt == 1 else replace(verdict, attempts=attempt)
            pause = verdict.pause_seconds(attempt)
            if verdict.is_last(attempt) or monotonic() + pause >= deadline:
                return verdict.given_up(attempt)
            self._log_retry(verdict.cause)
            await self._pause(pause, question)
        raise AssertionError("unreachable: counting does not end")

    async def _pause(self, seconds: float, question: Question) -> None:
        """Wait before the next attempt, out of the others' way; it counts as one more request."""
        if self.gate is None:
            await asyncio.sleep(seconds)
        else:
            await self.gate.pause(self.most_tokens(question), seconds)

    async def _attempt(self, question: Question, *, timeout_seconds: float) -> Exchange:
        request = self._dialect.request(question)
        outcome = await self._post(request, timeout_seconds=timeout_seconds)
        if isinstance(outcome, Lost):
            return Exchange(request, outcome, self._judge_loss(outcome))
        self.has_responded = True
        if outcome.status == _BAD_REQUEST:
            complaint = read_complaint(outcome.body).message
            if self._dialect.learns(request, complaint):
                return await self._attempt(question, timeout_seconds=timeout_seconds)
        return Exchange(request, outcome, self._judge(outcome))

    async def _post(self, request: dict[str, Any], *, timeout_seconds: float) -> Response | Lost:
        sent_at = monotonic()
        self.in_flight += 1
        try:
            outcome = await self.transport.post(
                json.dumps(request).encode(), timeout_seconds=timeout_seconds, listen=self._listen
            )
        finally:
            self.in_flight -= 1
        if self.gate is not None and isinstance(outcome, Response):
            self.gate.report(_seen(outcome, sent_at=sent_at, longest=self._deadline_seconds))
        return outcome

    def _listen(self) -> EventStream:
        return EventStream(self._dialect.assembly())

    def _judge(self, response: Response) -> Reply | TryAgain:
        if not 200 <= response.status < 300:  # noqa: PLR2004 - the family of successes
            return self._refused(response)
        try:
            content = _content(response)
            if content is None:
                cut = "the stream broke off in mid-answer"
                return self._judge_loss(Lost(Loss.BROKEN, cut, response.seconds))
            if content.get("error") and not content.get(self._dialect.holds):
                return self._error_in_success(response, content)
            reply = self._dialect.reply(content, seconds=response.seconds)
        except MalformedReplyError as error:
            return self._refusals.malformed(response, str(error))
        self._refusals.replied()
        if response.events is None:
            return reply
        return replace(reply, ttft_seconds=response.events.first_seconds)

    def _error_in_success(self, response: Response, content: dict[str, Any]) -> Reply | TryAgain:
        """Judge an error in a 200, as gateways and streams have it, by what it says inside."""
        status = wrapped_status(content["error"])
        return self._refusals.judge(replace(response, status=status), complaint_in(content))

    def _refused(self, response: Response) -> Reply | TryAgain:
        if response.status == _TOO_MANY:
            self.throttled += 1
        return self._refusals.judge(response, read_complaint(response.body))

    def _judge_loss(self, lost: Lost) -> Reply | TryAgain:
        verb = "cannot reach" if lost.loss in (Loss.UNREACHABLE, Loss.FORBIDDEN) else "asked"
        error = shortened(redacted(f"{verb} {self.caller.url}: {lost.error}", self.caller.key))
        is_new = not self.has_responded
        failure = TryAgain(
            cause=lost.loss.value,
            error=error,
            seconds=lost.seconds,
            is_fatal=is_new,
            is_unreached=is_new,
        )
        match lost.loss:
            case Loss.FORBIDDEN:
                return replace(failure, is_fatal=True, is_unreached=False).given_up(1)
            case Loss.TOO_LARGE:
                return replace(failure, is_fatal=False, is_unreached=False).given_up(1)
            case Loss.UNREACHABLE if is_new:
                return replace(failure, most_attempts=3, most_seconds=1.0)
            case Loss.BROKEN if is_new:
                return replace(failure, most_attempts=5)
        return failure

    def _log_retry(self, cause: str) -> None:
        """Log retries a few times a minute, however many a storm brings."""
        self._retries += 1
        if monotonic() - self._logged_at < _LOG_EVERY_SECONDS:
            return
        self._logged_at = monotonic()
        host = self.caller.host
        logger.warning("endpoint retry host=%s cause=%s retries=%d", host, cause, self._retries)


def _content(response: Response) -> dict[str, Any] | None:
    """Return what the body holds, None where a stream has no end."""
    return decode(response.body) if response.events is None else response.events.content()


def _seen(response: Response, *, sent_at: float, longest: float) -> Outcome:
    """Return what a limit should learn from a response.

    A wait longer than a trial's deadline ends the run with the vendor's words instead.
    """
    hint = rate_hint(response.headers)
    if response.status not in _THROTTLING:
        return Outcome(sent_at=sent_at, hint=hint)
    wait = retry_after_seconds(response.headers)
    return Outcome(
        sent_at=sent_at,
        is_throttled=True,
        wait_seconds=wait if wait is not None and wait <= longest else None,
        hint=hint,
    )
