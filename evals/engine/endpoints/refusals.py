"""What a server's refusal means: for this question, for the run, or for later."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evals.domain.trials import Reply, TrialState
from evals.engine.endpoints.retries import RETRYABLE, TryAgain, retry_after_seconds
from evals.engine.endpoints.text import redacted, shortened
from evals.engine.endpoints.transport import Response

_READ = 20_000  # of a body that is not JSON
_MESSAGE = 300  # leaves room, within what is shown, for where and what to do
_OUT_OF_MONEY = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
_NO_CREDIT = "credit balance is too low"  # Anthropic says so in a 400
_FIRST_SERVER_ERROR = 500
_FIRST_REDIRECT, _PAST_REDIRECTS = 300, 400
_FORBIDDEN = 403
_FORBIDDEN_IN_A_ROW = 3
_BAD_GATEWAY = 502
_ERRORS = range(400, 600)
_TYPES = {  # of errors in the middle of an Anthropic stream
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a server says is wrong, in its own words, and the code it gives that."""

    message: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks whom, as far as an error message should say; `key` is there to be left out.

    `api` says what sort of server is expected.
    """

    url: str
    host: str
    model: str
    key: str | None = None
    key_source: str | None = None
    api: str = "an OpenAI-compatible API"


def read_complaint(body: bytes) -> Complaint:
    """Return what an error body says, whatever shape the vendor gives it."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return Complaint(body[:_READ].decode(errors="replace"))
    if isinstance(content, list) and content:
        content = content[0]
    if not isinstance(content, dict):
        return Complaint(str(content))
    return complaint_in(content)


def complaint_in(content: Mapping[str, Any]) -> Complaint:
    """Return what a decoded error object says."""
    error = content.get("error") or content
    if not isinstance(error, dict):
        return Complaint(str(error))
    for name in ("message", "detail", "error"):
        if error.get(name):
            return Complaint(str(error[name]), str(error.get("code") or error.get("type") or ""))
    return Complaint(json.dumps(error))


def wrapped_status(error: Any) -> int:
    """Return the status of an error that came in a success: its number, or what its type means."""
    if not isinstance(error, dict):
        return _BAD_GATEWAY
    code = error.get("code")
    if isinstance(code, int) and code in _ERRORS:
        return code
    return _TYPES.get(str(error.get("type")), _BAD_GATEWAY)


@dataclass(slots=True)
class Refusals:
    """Judges refusals for one endpoint; knows whether it has ever done better."""

    caller: Caller
    deadline_seconds: float
    has_replied: bool = False
    forbidden_in_a_row: int = 0

    def replied(self) -> None:
        """Note a proper reply: key, model and address are right."""
        self.has_replied = True
        self.forbidden_in_a_row = 0

    def judge(self, response: Response, complaint: Complaint) -> Reply | TryAgain:
        """Return what a response that is no reply comes to."""
        status = response.status
        if status in RETRYABLE or status >= _FIRST_SERVER_ERROR:
            return self._later(response, complaint)
        if complaint.code == "content_filter":
            return Reply(
                state=TrialState.NO_ANSWER,
                error=self._text(status, complaint),
                finish_reason="content_filter",
                latency_seconds=response.seconds,
            )
        return Reply(
            state=TrialState.MODEL_ERROR,
            error=self._text(status, complaint, hint=self._hint(response)),
            latency_seconds=response.seconds,
            is_fatal=self._is_fatal(status) or _NO_CREDIT in complaint.message,
        )

    def malformed(self, response: Response, problem: str) -> TryAgain:
        """Return what a 2xx that holds no reply comes to."""
        came = self._said(response.body[:_READ].decode(errors="replace")) or "nothing"
        expected = "" if self.has_replied else f"; check that base_url is {self.caller.api}"
        return TryAgain(
            cause="no reply in a success",
            error=self._plain(f"{self.caller.url}: {problem}, found: {came}{expected}"),
            most_attempts=3,
            seconds=response.seconds,
            is_fatal=not self.has_replied,
        )

    def _later(self, response: Response, complaint: Complaint) -> TryAgain:
        wait = retry_after_seconds(response.headers)
        is_hopeless = complaint.code in _OUT_OF_MONEY or (wait or 0) > self.deadline_seconds
        asked = f" (asks to wait {wait:,.0f} s)" if wait and is_hopeless else ""
        return TryAgain(
            cause=f"HTTP {response.status}",
            error=self._text(response.status, complaint, hint=asked),
            wait_seconds=wait,
            most_attempts=1 if is_hopeless else None,
            seconds=response.seconds,
            is_fatal=is_hopeless or not self.has_replied,
        )

    def _is_fatal(self, status: int) -> bool:
        """Return whether every further request would be refused alike.

        A 403 can also be a vendor's moderation of one prompt: once the endpoint has answered, it
        takes several in a row, with no reply between, to mean the key.
        """
        if status == _FORBIDDEN:
            self.forbidden_in_a_row += 1
            return not self.has_replied or self.forbidden_in_a_row >= _FORBIDDEN_IN_A_ROW
        return status in _HINTS or _is_redirect(status)

    def _hint(self, response: Response) -> str:
        if _is_redirect(response.status):
            return f"; redirects to {response.headers.get('Location', 'nowhere')} (not followed)"
        key = f"check the API key in {self.caller.key_source}"
        if self.caller.key_source is None:
            key = "no API key was sent, name one with api_key_env or a stored secret"
        return _HINTS.get(response.status, "").format(key=key, url=self.caller.url)

    def _text(self, status: int, complaint: Complaint, *, hint: str = "") -> str:
        reason = self._said(complaint.message) or "no reason given"
        where = f"HTTP {status} from {self.caller.host} for model {self.caller.model!r}"
        return self._plain(f"{where}: {reason}{hint}")

    def _said(self, text: str) -> str:
        """Return the server's words, with the key out before they are cut."""
        return shortened(redacted(text, self.caller.key), _MESSAGE)

    def _plain(self, text: str) -> str:
        return shortened(redacted(text, self.caller.key))


_HINTS = {
    401: "; {key}",
    402: "; the account behind the key has to be topped up",
    403: "; {key} and what it may use",
    404: "; check model.id, and that base_url is right ({url} was asked)",
    405: "; check base_url ({url} was asked)",
}


def _is_redirect(status: int) -> bool:
    return _FIRST_REDIRECT <= status < _PAST_REDIRECTS
