"""One POST over kept-alive connections, with everything that can go wrong as a value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from time import perf_counter

import aiohttp

from evals.engine.endpoints.addresses import AddressPolicy, guarded_socket, is_refusal
from evals.engine.endpoints.streams import CONTENT_TYPE, EventStream

MOST_BYTES = 32 * 1024 * 1024

_CONNECT_SECONDS = 10.0  # an address where nobody answers should not take a whole attempt
_KEEP_ALIVE_SECONDS = 30.0


class Loss(StrEnum):
    """Why no response came."""

    UNREACHABLE = "unreachable"  # nobody was spoken to: refused, unknown host, TLS, no route
    FORBIDDEN = "forbidden"  # the address policy says no
    BROKEN = "broken"  # the connection broke off, or what came is not HTTP
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True)
class Response:
    """What the server sent, read whole; `events` where it was a stream of them."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    events: EventStream | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """Why nothing was had from the server."""

    loss: Loss
    error: str
    seconds: float


class Transport:
    """Posts JSON to one address; makes its session with the first request."""

    def __init__(
        self, url: str, *, headers: Mapping[str, str], connections: int, allow: AddressPolicy
    ) -> None:
        self.url = url
        self.headers = dict(headers)
        self._connections = connections
        self._allow = allow
        self._session: aiohttp.ClientSession | None = None

    async def post(
        self, body: bytes, *, timeout_seconds: float, listen: Callable[[], EventStream]
    ) -> Response | Lost:
        """Return the response to `body`, or why there is none within `timeout_seconds`.

        A stream of events is fed, as it comes, to what `listen` makes.
        """
        session = self._session or self._open()
        limits = _timeout(timeout_seconds)
        started = perf_counter()
        try:
            async with session.post(
                self.url, data=body, timeout=limits, allow_redirects=False
            ) as response:
                events = listen() if response.content_type == CONTENT_TYPE else None
                content = await _read(response, events, started=started)
                seconds = perf_counter() - started
                if content is None:
                    return Lost(Loss.TOO_LARGE, f"sent more than {MOST_BYTES:,} bytes", seconds)
                return Response(response.status, response.headers, content, seconds, events)
        except (aiohttp.ClientError, TimeoutError, OSError, UnicodeError) as error:
            return _lost(error, seconds=perf_counter() - started, limit=timeout_seconds)

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        guard = None if self._allow is AddressPolicy.ANYWHERE else guarded_socket(self._allow)
        connector = aiohttp.TCPConnector(
            limit=self._connections,
            keepalive_timeout=_KEEP_ALIVE_SECONDS,
            socket_factory=guard,
        )
        self._session = aiohttp.ClientSession(
            connector=connector, headers=self.headers, cookie_jar=aiohttp.DummyCookieJar()
        )
        return self._session


@lru_cache(maxsize=16)
def _timeout(seconds: float) -> aiohttp.ClientTimeout:
    """Return the limits of one attempt; all but the last of a trial have the same."""
    return aiohttp.ClientTimeout(total=seconds, sock_connect=min(_CONNECT_SECONDS, seconds))


async def _read(
    response: aiohttp.ClientResponse, events: EventStream | None, *, started: float
) -> bytes | None:
    """Return the whole body, unpacked, or None once it passes the limit."""
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > MOST_BYTES:
            response.close()
            return None
        parts.append(part)
        if events is not None:
            events.feed(part, seconds=perf_counter() - started)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _lost(error: Exception, *, seconds: float, limit: float) -> Lost:
    match error:
        case aiohttp.ClientConnectorError() if is_refusal(error.os_error):
            return Lost(Loss.FORBIDDEN, error.os_error.strerror or "", seconds)
        case aiohttp.ClientConnectorError():
            return Lost(Loss.UNREACHABLE, _connect_error(error), seconds)
        case aiohttp.ConnectionTimeoutError():
            return Lost(Loss.UNREACHABLE, f"no connection within {seconds:.0f} s", seconds)
        case aiohttp.InvalidURL() | UnicodeError():
            return Lost(Loss.UNREACHABLE, "the host name is not one", seconds)
        case TimeoutError():
            return Lost(Loss.TIMEOUT, f"no answer within {limit:g} s", seconds)
    return Lost(Loss.BROKEN, _break(error), seconds)


def _break(error: Exception) -> str:
    match error:
        case aiohttp.ServerDisconnectedError():
            return "the server closed the connection"
        case aiohttp.ClientPayloadError():
            return "the connection broke off in mid-answer"
        case aiohttp.ClientResponseError():
            return f"not an HTTP answer: {error.message}"
    return str(error) or type(error).__name__


def _connect_error(error: aiohttp.ClientConnectorError) -> str:
    """Return the reason in the words that people know."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"no address found for the host ({error.os_error.strerror})"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"TLS certificate not accepted: {error.certificate_error}"
    if isinstance(error, aiohttp.ClientSSLError):
        return f"TLS failed: {error.os_error.strerror or error.os_error}"
    if isinstance(error.os_error, ConnectionRefusedError):
        return "connection refused"
    return error.os_error.strerror or str(error.os_error)
