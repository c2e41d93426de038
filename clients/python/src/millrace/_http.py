"""HttpClient: requests over one connection that is kept open, and made again when it broke. One thread."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from typing import Any, Dict, Mapping, NamedTuple, Optional
from urllib.parse import urlsplit

from ._errors import ConnectionFailed, Error


# A connection that was quiet for longer is not used again: the server may be closing it.
QUIET_SECONDS_MAX = 30.0


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    def json(self) -> Dict[str, Any]:
        """The body as a JSON object; {} if it is none."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


class HttpClient:
    """url: http://host:port or https://…; token: sent as bearer token; timeout: seconds without a byte."""

    def __init__(self, url: str, token: Optional[str], timeout: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Error(f"'{url}' is no HTTP address", hint="write http://host:port or https://host:port")
        self._parts = parts
        self._token = token
        self._timeout = timeout
        self._connection: Optional[http.client.HTTPConnection] = None
        self._used_at = 0.0

    def request(
        self,
        method: str,
        path: str,
        body: Optional[bytes] = None,
        headers: Optional[Mapping[str, str]] = None,
        *,
        repeat: bool = False,
    ) -> Answer:
        """The whole answer, of any status.

        repeat: when a kept connection proves to be closed, send again; only for what may be done twice.
        Raises ConnectionFailed.
        """
        sent: Dict[str, str] = dict(headers or {})
        if self._token is not None:
            sent["Authorization"] = f"Bearer {self._token}"
        if time.monotonic() - self._used_at > QUIET_SECONDS_MAX:
            self.close()
        for attempt in (0, 1):
            is_kept = self._connection is not None
            try:
                connection = self._connection or self._connect()
                self._connection = connection
                connection.request(method, self._parts.path.rstrip("/") + path, body, sent)
                response = connection.getresponse()
                answer = Answer(
                    response.status,
                    {name.lower(): value for name, value in response.getheaders()},
                    response.read(),
                )
                self._used_at = time.monotonic()
                return answer
            except (OSError, http.client.HTTPException) as error:
                self.close()
                closed = isinstance(error, (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError))
                if not (is_kept and repeat and closed and attempt == 0):
                    raise ConnectionFailed(
                        f"{method} {self._parts.netloc}{path}: {error or type(error).__name__}"
                    ) from error
        raise AssertionError("unreachable")

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(host, port or 443, timeout=self._timeout, context=context)
        return http.client.HTTPConnection(host, port or 80, timeout=self._timeout)

    def close(self) -> None:
        """Ends the connection; the next request makes another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def retry_pause(answer: Answer, attempt: int) -> float:
    """Seconds to wait before attempt + 1: what Retry-After says, or twice as long each time up to 2 s."""
    try:
        return min(float(answer.headers.get("retry-after", "")), 5.0)
    except ValueError:
        return float(min(0.1 * 2.0**attempt, 2.0))


def sleep(seconds: float) -> None:
    """Waits; tests replace it."""
    time.sleep(seconds)
