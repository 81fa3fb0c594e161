"""A Twilio that keeps what it was sent: inside the process, or as a small HTTP server. It refuses what the real one would.

Every request is held against `tests/twilio/rest.json`; one that does not fit is answered with an error and remembered in
`faults`, which the tests of the sender look at. What goes wrong on purpose is written down beforehand (`script`).
"""

from __future__ import annotations

import base64
import itertools
import json
import random
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

from requests import exceptions as http_faults
from twilio.base.values import unset as values_left_open
from twilio.http import HttpClient
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from urllib3 import exceptions as link_faults

RULES = json.loads((Path(__file__).parent / "twilio" / "rest.json").read_text(encoding="utf-8"))["operations"]
TOO_MANY = (429, 20429)
FAULT = (500, 20500)


class Breaks(Enum):
    """How a request can end without an answer."""

    UNREACHED = auto()  # no connection
    LOST = auto()  # taken, and the answer never came back
    SWALLOWED = auto()  # not taken, and no answer either


Ending = Breaks | tuple[int, int] | None
"""None: taken and answered. A pair: an error, as its HTTP status and code."""


class Misfit(Exception):
    """A request that Twilio's description does not allow."""


@dataclass(frozen=True)
class Request:
    """One request, as it would stand on the wire."""

    method: str
    url: str
    params: Mapping[str, str]
    data: Mapping[str, Any]
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass
class Kept:
    """One message as Twilio remembers it."""

    sid: str
    sender: str
    to: str
    body: str
    at_s: float
    direction: str = "outbound-api"
    callback: str = ""
    content_sid: str = ""
    variables: str = ""
    media: int = 0

    @property
    def entry(self) -> str:
        """The id of our entry, from the address for news."""
        return parse_qs(urlsplit(self.callback).query).get("o", [""])[0]


class Twilio:
    """The state behind both fakes. Safe from any thread."""

    def __init__(self, clock: Callable[[], float] = time.time, *, redacts: bool = False) -> None:
        self.clock = clock
        self.redacts = redacts
        self.messages: list[Kept] = []
        self.requests: list[Request] = []
        self.faults: list[str] = []
        self.contents: dict[str, dict[str, Any]] = {}
        self.script: list[Ending] = []
        self.by_address: dict[str, list[Ending]] = {}
        self.choose: Callable[[], Ending] = lambda: None
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    @property
    def sent(self) -> list[Kept]:
        return [message for message in self.messages if message.direction == "outbound-api"]

    def bodies_to(self, address: str) -> list[str]:
        return [message.body for message in self.sent if message.to == address]

    def arrive(self, sender: str, to: str, body: str, at_s: float) -> str:
        """A message of a person, which Twilio has and our webhook never saw."""
        with self._lock:
            sid = f"SM{next(self._numbers):032x}"
            self.messages.append(Kept(sid, sender, to, body, at_s, "inbound"))
        return sid

    def answer(self, request: Request) -> tuple[int, dict[str, Any]] | Breaks:
        """What comes back: status and JSON, or nothing."""
        with self._lock:
            self.requests.append(request)
            try:
                operation = fitting(request)
            except Misfit as misfit:
                self.faults.append(str(misfit))
                return 400, problem(400, 20001)
            if operation["host"] == "content.twilio.com":
                return self._content(request)
            if request.method == "POST":
                return self._create(request)
            return 200, self._page(request)

    def _create(self, request: Request) -> tuple[int, dict[str, Any]] | Breaks:
        data = request.data
        scripted = self.by_address.get(data["To"])
        ending = scripted.pop(0) if scripted else self.script.pop(0) if self.script else self.choose()
        if isinstance(ending, tuple):
            return ending[0], problem(*ending)
        if ending in (Breaks.UNREACHED, Breaks.SWALLOWED):
            return ending
        made = Kept(
            sid=f"SM{next(self._numbers):032x}",
            sender=data.get("From", ""),
            to=data["To"],
            body=data.get("Body", ""),
            at_s=self.clock(),
            callback=data.get("StatusCallback", ""),
            content_sid=data.get("ContentSid", ""),
            variables=data.get("ContentVariables", ""),
        )
        self.messages.append(made)
        return Breaks.LOST if ending is Breaks.LOST else (201, self._shown(made))

    def _page(self, request: Request) -> dict[str, Any]:
        """Newest first, as Twilio lists them."""
        params, path = request.params, urlsplit(request.url).path
        found = [each for each in reversed(self.messages) if self._is_asked_for(each, params)]
        size, page = int(params.get("PageSize", 50)), int(params.get("Page", 0))
        more = len(found) > (page + 1) * size
        following = {**params, "Page": str(page + 1), "PageToken": f"PA{page}"}
        return {
            "messages": [self._shown(each) for each in found[page * size : (page + 1) * size]],
            "page": page,
            "page_size": size,
            "next_page_uri": f"{path}?{urlencode(following)}" if more else None,
        }

    @staticmethod
    def _is_asked_for(message: Kept, params: Mapping[str, str]) -> bool:
        since = params.get("DateSent>", "")
        return (
            params.get("To", message.to) == message.to
            and params.get("From", message.sender) == message.sender
            and (not since or message.at_s >= moment_of(since))
        )

    def _content(self, request: Request) -> tuple[int, dict[str, Any]]:
        parts = urlsplit(request.url)
        if request.method == "POST":
            sid = f"HX{next(self._numbers):032x}"
            self.contents[sid] = {**request.data, "sid": sid}
            return 201, self.contents[sid]
        if request.method == "DELETE":
            gone = self.contents.pop(parts.path.rpartition("/")[2], None)
            return (204, {}) if gone else (404, problem(404, 20404))
        size, page = int(request.params.get("PageSize", 50)), int(request.params.get("Page", 0))
        listed = list(self.contents.values())
        following = f"https://{parts.netloc}{parts.path}?PageSize={size}&Page={page + 1}&PageToken=PA{page}"
        more = len(listed) > (page + 1) * size
        meta = {"key": "contents", "next_page_url": following if more else None}
        return 200, {"contents": listed[page * size : (page + 1) * size], "meta": meta}

    def _shown(self, message: Kept) -> dict[str, Any]:
        at = format_datetime(datetime.fromtimestamp(message.at_s, UTC))
        return {
            "sid": message.sid,
            "status": "received" if message.direction == "inbound" else "queued",
            "body": "" if self.redacts else message.body,
            "from": message.sender,
            "to": message.to,
            "direction": message.direction,
            "date_created": at,
            "date_sent": at if message.direction == "inbound" else None,
            "num_media": str(message.media),
            "error_code": None,
        }


class FakeTwilio(HttpClient):  # type: ignore[misc]  # the library has no types here
    """In the place of the network, inside the process."""

    def __init__(self, twilio: Twilio) -> None:
        super().__init__(None, False, None)
        self.twilio = twilio

    def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        parts = urlsplit(url)
        asked = {**dict(parse_qsl(parts.query)), **texts(params)}
        user, password = auth or ("", "")
        is_json = parts.netloc == "content.twilio.com"
        sent = {**data} if is_json and data else texts(data)
        answer = self.twilio.answer(Request(method, url.partition("?")[0], asked, sent, user, password))
        if answer is Breaks.UNREACHED:
            refused = link_faults.NewConnectionError(None, "refused")  # type: ignore[arg-type]  # nothing looks at it
            raise http_faults.ConnectionError(link_faults.MaxRetryError(None, url, refused))  # type: ignore[arg-type]
        if isinstance(answer, Breaks):
            raise http_faults.ReadTimeout("no answer")
        return Response(answer[0], json.dumps(answer[1]))


class LocalHttpClient(TwilioHttpClient):  # type: ignore[misc]  # the library has no types here
    """The real client over real HTTP, but to one address of this machine, whatever Twilio's host would be."""

    def __init__(self, base_url: str, timeout_s: float = 10.0) -> None:
        super().__init__(timeout=timeout_s)
        self._base = urlsplit(base_url)
        self._threads = threading.local()

    def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        http: TwilioHttpClient | None = getattr(self._threads, "http", None)
        if http is None:
            http = self._threads.http = TwilioHttpClient(timeout=self.timeout)
            if http.session is not None:
                http.session.trust_env = False
        parts = urlsplit(url)
        there = urlunsplit((self._base.scheme, self._base.netloc, parts.path, parts.query, ""))
        sent = {**(headers or {}), "X-Twilio-Host": parts.netloc}
        return http.request(method, there, params, data, sent, auth, timeout, allow_redirects)


@contextmanager
def serving(twilio: Twilio) -> Iterator[str]:
    """The same over HTTP: its address. An answer that breaks is a connection that closes."""

    class Pages(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _take(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            if len(raw) < length:  # whoever sent it was killed in the middle of it
                self.close_connection = True
                return
            body = raw.decode()
            is_json = self.headers.get("Content-Type", "").startswith("application/json")
            data = json.loads(body) if is_json else dict(parse_qsl(body, keep_blank_values=True))
            user, _, password = base64.b64decode(self.headers.get("Authorization", "")[6:]).decode().partition(":")
            host = self.headers.get("X-Twilio-Host", "api.twilio.com")
            asked = dict(parse_qsl(parts.query, keep_blank_values=True))
            request = Request(self.command, f"https://{host}{parts.path}", asked, data, user, password)
            answer = twilio.answer(request)
            if isinstance(answer, Breaks):
                self.close_connection = True
                return
            said = json.dumps(answer[1]).encode()
            self.send_response(answer[0])
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_DELETE = _take  # noqa: N815  # the names that the library calls

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A sender that was killed leaves its connection half-way."""

    with Quiet(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def at_random(seed: int, chances: Mapping[Ending, float]) -> Callable[[], Ending]:
    """Endings by chance; what is left over is taken and answered."""
    dice = random.Random(seed)

    def choose() -> Ending:
        rolled = dice.random()
        for ending, chance in chances.items():
            rolled -= chance
            if rolled < 0:
                return ending
        return None

    return choose


def texts(given: Mapping[str, object] | None) -> dict[str, str]:
    """What would be written: booleans in small letters, nothing for what is left open."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in (given or {}).items()
        if value is not None and value is not values_left_open
    }


def problem(status: int, code: int) -> dict[str, Any]:
    return {"code": code, "message": "as told", "more_info": "", "status": status}


def moment_of(written: str) -> float:
    moment = datetime.fromisoformat(written)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def fitting(request: Request) -> Mapping[str, Any]:
    """The operation that a request asks for. Raises Misfit."""
    parts = urlsplit(request.url)
    for operation in RULES:
        if operation["method"] != request.method or operation["host"] != parts.netloc:
            continue
        found = re.fullmatch(operation["path"], parts.path)
        if found:
            _check(operation, request)
            return dict(operation)
    raise Misfit(f"no such operation: {request.method} {request.url}")


def _check(operation: Mapping[str, Any], request: Request) -> None:
    given = request.params if operation["in"] == "query" else request.data
    if not request.user or not request.password:
        raise Misfit("without credentials")
    for name in operation["required"]:
        if name not in given:
            raise Misfit(f"{name} is missing")
    for names in operation.get("one_of", ()):
        if not any(name in given for name in names):
            raise Misfit(f"none of {names}")
    for names in operation.get("not_together", ()):
        if all(name in given for name in names):
            raise Misfit(f"{names} together")
    for name, other in operation.get("needs", {}).items():
        if name in given and other not in given:
            raise Misfit(f"{name} without {other}")
    for name, value in given.items():
        if name not in operation["fields"]:
            raise Misfit(f"{name} is not known")
        _check_value(name, value, operation["fields"][name])


def _check_value(name: str, value: Any, rule: Mapping[str, Any]) -> None:
    if "pattern" in rule and not re.fullmatch(rule["pattern"], value):
        raise Misfit(f"{name} does not look like one")
    if "least" in rule and len(value) < rule["least"]:
        raise Misfit(f"{name} is empty")
    if "most" in rule and len(value) > rule["most"]:
        raise Misfit(f"{name} is too long")
    if "integer" in rule and not rule["integer"][0] <= int(value) <= rule["integer"][1]:
        raise Misfit(f"{name} is out of range")
    if "moment" in rule:
        moment_of(value)
    if "object" in rule and not isinstance(value, dict):
        raise Misfit(f"{name} is no object")
    if "json_object_of_texts" in rule:
        read = json.loads(value)
        if not isinstance(read, dict) or not all(isinstance(each, str) for each in read.values()):
            raise Misfit(f"{name} is no object of texts")
