"""Asking over HTTP until there is a reply, a refusal that stands, or no time left."""

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from time import monotonic
from typing import Any

from evals.domain.trials import Question, Reply
from evals.engine.endpoints.openai import ChatCompletions, MalformedReplyError, decode
from evals.engine.endpoints.refusals import Caller, Refusals, complaint_in, read_complaint
from evals.engine.endpoints.retries import TryAgain
from evals.engine.endpoints.text import redacted, shortened
from evals.engine.endpoints.transport import Loss, Lost, Response, Transport

DEADLINE_ATTEMPTS = 10  # a trial may take this many time-outs

_BAD_REQUEST = 400
_TOO_MANY = 429
_BAD_GATEWAY = 502
_ERRORS = range(400, 600)
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

    `throttled` counts the 429s seen.
    """

    batch_size = 1

    def __init__(
        self,
        *,
        dialect: ChatCompletions,
        transport: Transport,
        caller: Caller,
        concurrency: int,
        timeout_seconds: float,
    ) -> None:
        self.concurrency = concurrency
        self.caller = caller
        self.transport = transport
        self.throttled = 0
        self._dialect = dialect
        self._timeout_seconds = timeout_seconds
        self._deadline_seconds = DEADLINE_ATTEMPTS * timeout_seconds
        self._refusals = Refusals(caller=caller, deadline_seconds=self._deadline_seconds)
        self._has_responded = False
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
            await asyncio.sleep(pause)
        raise AssertionError("unreachable: counting does not end")

    async def _attempt(self, question: Question, *, timeout_seconds: float) -> Exchange:
        request = self._dialect.request(question)
        body = json.dumps(request).encode()
        outcome = await self.transport.post(body, timeout_seconds=timeout_seconds)
        if isinstance(outcome, Lost):
            return Exchange(request, outcome, self._judge_loss(outcome))
        self._has_responded = True
        if outcome.status == _BAD_REQUEST:
            complaint = read_complaint(outcome.body).message
            if self._dialect.learns(request, complaint):
                return await self._attempt(question, timeout_seconds=timeout_seconds)
        return Exchange(request, outcome, self._judge(outcome))

    def _judge(self, response: Response) -> Reply | TryAgain:
        if not 200 <= response.status < 300:  # noqa: PLR2004 - the family of successes
            return self._refused(response)
        try:
            content = decode(response.body)
            if content.get("error") and not content.get("choices"):
                return self._error_in_success(response, content)
            reply = self._dialect.reply(content, seconds=response.seconds)
        except MalformedReplyError as error:
            return self._refusals.malformed(response, str(error))
        self._refusals.replied()
        return reply

    def _error_in_success(self, response: Response, content: dict[str, Any]) -> Reply | TryAgain:
        """Judge an error that a gateway wraps in a 200, by the status it carries inside."""
        error = content["error"]
        code = error.get("code") if isinstance(error, dict) else None
        status = code if isinstance(code, int) and code in _ERRORS else _BAD_GATEWAY
        return self._refusals.judge(replace(response, status=status), complaint_in(content))

    def _refused(self, response: Response) -> Reply | TryAgain:
        if response.status == _TOO_MANY:
            self.throttled += 1
        return self._refusals.judge(response, read_complaint(response.body))

    def _judge_loss(self, lost: Lost) -> Reply | TryAgain:
        verb = "cannot reach" if lost.loss in (Loss.UNREACHABLE, Loss.FORBIDDEN) else "asked"
        error = shortened(redacted(f"{verb} {self.caller.url}: {lost.error}", self.caller.key))
        is_new = not self._has_responded
        failure = TryAgain(
            cause=lost.loss.value, error=error, seconds=lost.seconds, is_fatal=is_new
        )
        match lost.loss:
            case Loss.FORBIDDEN:
                return replace(failure, is_fatal=True).given_up(1)
            case Loss.TOO_LARGE:
                return replace(failure, is_fatal=False).given_up(1)
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
