"""Calls actions behind a URL over Rasa's action protocol, within a time budget and behind a breaker.

Neither requests nor replies are ever logged: a request may hold a location, and the SDK's reply to an error repeats the
whole request.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

import requests

from bot.actions.results import FAILED, NotAnAnswer, read_result
from bot.actions.runner import BUDGET_S, Report, log_failure
from bot.actions.tracker import action_call
from bot.actions.workers import Workers

if TYPE_CHECKING:
    from bot.catalogue import Catalogue
    from bot.inbound import Inbound
    from bot.turn import ActionResult, Call

CONNECT_S = 0.4
MAX_REPLY_BYTES = 256 * 1024


class Refused(Exception):
    """The server answered, and not with a result. The message is a word or two for the log."""


class ActionEndpoint:
    """Runs actions at `url` (ACTION_ENDPOINT_URL). One for each process."""

    def __init__(
        self,
        url: str,
        *,
        budget_s: float = BUDGET_S,
        breaker: Breaker | None = None,
        report: Report = log_failure,
    ) -> None:
        self._url = url
        self._budget_s = budget_s
        self._breaker = breaker or Breaker()
        self._report = report
        self._workers = Workers()
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy and no .netrc: the address is the operator's own

    def run(self, catalogue: Catalogue, call: Call, inbound: Inbound) -> ActionResult:
        """What the action answers; `failed` when the server cannot be reached, refuses, is late or talks nonsense."""
        if not self._breaker.allows():
            self._report(call.action, "breaker open")
            return FAILED
        body = json.dumps(action_call(catalogue, call, inbound)).encode()
        try:
            result = read_result(json.loads(self._within_budget(body)))
        except Exception as error:
            self._breaker.failed()
            self._report(call.action, _why(error))
            return FAILED
        self._breaker.succeeded()
        return result

    def close(self) -> None:
        """End the idle threads and connections."""
        self._workers.close()
        self._session.close()

    def _within_budget(self, body: bytes) -> bytes:
        """The reply. In a worker, because a time-out of `requests` counts from each byte, not from the first."""
        deadline = time.monotonic() + self._budget_s

        def job(_: asyncio.AbstractEventLoop) -> bytes:
            return self._retried(body, deadline)

        return self._workers.run(job, self._budget_s)

    def _retried(self, body: bytes, deadline: float) -> bytes:
        """The reply, asked for again, once, if the connection failed: actions only read, so twice does no harm."""
        try:
            return self._post(body, deadline)
        except requests.ConnectionError:
            return self._post(body, deadline)

    def _post(self, body: bytes, deadline: float) -> bytes:
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("no time left")
        response = self._session.post(
            self._url,
            data=body,
            headers={"Content-Type": "application/json"},
            timeout=(min(CONNECT_S, left_s), left_s),
            allow_redirects=False,
            stream=True,
        )
        with closing(response):
            if response.status_code != 200:
                raise Refused(f"status {response.status_code}")
            return _read(response, deadline)


def _read(response: requests.Response, deadline: float) -> bytes:
    """The body, unless it is too large or comes too slowly. A reply without end must not hold its worker for ever."""
    body = b""
    while piece := response.raw.read1(MAX_REPLY_BYTES, decode_content=True):
        body += piece
        if len(body) > MAX_REPLY_BYTES:
            raise Refused("reply too large")
        if time.monotonic() > deadline:
            raise TimeoutError("reply too slow")
    return body


def _why(error: Exception) -> str:
    """A word or two on what went wrong, without anything of the request or the reply."""
    if isinstance(error, Refused):
        return str(error)
    if isinstance(error, NotAnAnswer | ValueError):
        return "not an answer"
    if isinstance(error, TimeoutError | requests.Timeout):
        return "timeout"
    return type(error).__name__


class Breaker:
    """Stops asking a server that failed `failures` times in a row, for `open_s`; then one call tries again."""

    def __init__(self, failures: int = 3, open_s: float = 5.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = failures
        self._open_s = open_s
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._closed_again_at = 0.0

    def allows(self) -> bool:
        """Whether to ask now."""
        with self._lock:
            if self._failures < self._limit:
                return True
            if self._clock() < self._closed_again_at:
                return False
            self._closed_again_at = self._clock() + self._open_s  # this call tries; others wait for what it finds
            return True

    def failed(self) -> None:
        """The server failed."""
        with self._lock:
            self._failures += 1
            self._closed_again_at = self._clock() + self._open_s

    def succeeded(self) -> None:
        """The server answered."""
        with self._lock:
            self._failures = 0
