"""Stands in for Twilio while no account is configured: the same requests, answered by the rules of the real one.

It is a client for the SDK, put in the place where the one with the network goes, so everything above it is what runs in
earnest. Messages go to the made-up phones of the simulator and to nobody else. News of them come back as Twilio sends
them: signed, to the address that the message named, a moment later.
"""

import json
import re
import secrets
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from queue import Queue
from typing import Any
from urllib.error import URLError
from urllib.parse import parse_qsl, urlencode, urlsplit

import structlog
from twilio.http import HttpClient
from twilio.http.response import Response

from bot import segments
from bot.inbound import Channel
from webhook.keys import Keys
from webhook.outbox.local_log import LocalLog, Logged, made_up_number, receipt_of
from webhook.outbox.local_media import sample_of
from webhook.pages.simulated import Hub
from webhook.settings import Settings
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown
from webhook.twilio_edge.signature import SIGNATURE_HEADER, sign_form
from webhook.twilio_edge.status import Status

MAX_CHARACTERS = 1600
WINDOW_S = 24 * 3600
POST_WITHIN_S = 5.0

_MESSAGES = re.compile(r"/2010-04-01/Accounts/AC[0-9a-f]{32}/Messages\.json")
_MESSAGE = re.compile(r"/2010-04-01/Accounts/AC[0-9a-f]{32}/Messages/((?:SM|MM)[0-9a-f]{32})\.json")
_MEDIA = re.compile(r"/2010-04-01/Accounts/AC[0-9a-f]{32}/Messages/(MM[0-9a-f]{32})/Media/ME[0-9a-f]{32}(?:\.json)?")
_TYPING = "/v2/Indicators/Typing.json"
_TEMPLATE = "Un asesor te contestó. Responde para leerlo. / An advisor has answered. Reply to read it."

_WORDS = {
    20404: "The requested resource was not found",
    21211: "Invalid 'To' Phone Number",
    21610: "Attempt to send to unsubscribed recipient",
    21617: "The concatenated message body exceeds the 1600 character limit",
    21655: "The ContentSid is Invalid",
}

Post = Callable[[str, bytes, Mapping[str, str]], None]

log = structlog.get_logger()


class _Refused(Exception):
    """An answer of Twilio's that is none."""

    def __init__(self, code: int, status: int = 400) -> None:
        super().__init__(code)
        self.code, self.status = code, status


class LocalTwilio(HttpClient):  # type: ignore[misc]  # the SDK has no types
    """The client. `later` runs what happens after the answer; by default in a thread, one thing after the other."""

    def __init__(
        self,
        log_: LocalLog,
        token: str,
        public_base_url: str,
        hub: Hub,
        *,
        post: Post | None = None,
        later: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        super().__init__(None, False, None)  # it logs nothing, so it needs no logger
        self._log = log_
        self._token = token
        self._base = public_base_url
        self._hub = hub
        self._post = post or _post
        self._later = later or _Afterwards()

    @classmethod
    def of(cls, settings: Settings) -> "LocalTwilio":
        """The one of an installation in development. Its account is `NO_ACCOUNT`."""
        log_ = LocalLog(Connection(settings.redis_url), Keys(*settings.secrets))
        return cls(log_, settings.auth_tokens[0], settings.public_base_url, Hub.of(settings))

    def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """One request of the SDK, answered. Raises StoreDown."""
        parts = urlsplit(uri)
        asked = {**dict(parse_qsl(parts.query)), **{name: str(value) for name, value in (params or {}).items()}}
        try:
            return self._answer(method.upper(), parts.path, asked, data or {})
        except _Refused as refused:
            said = {"code": refused.code, "message": _WORDS[refused.code], "more_info": "", "status": refused.status}
            return _json(refused.status, said)

    def _answer(self, method: str, path: str, params: Mapping[str, str], data: Mapping[str, object]) -> Response:
        if _MESSAGES.fullmatch(path):
            return self._create(data) if method == "POST" else self._list(params)
        if (found := _MESSAGE.fullmatch(path)) and method == "GET":
            return _json(200, self._described(self._known(found[1])))
        if (found := _MEDIA.fullmatch(path)) and method in {"GET", "HEAD"}:
            return self._media(found[1])
        if path == _TYPING and method == "POST":
            return _json(200, {"success": True})
        raise _Refused(20404, 404)

    # --- sending -----------------------------------------------------------------------------------------------

    def _create(self, data: Mapping[str, object]) -> Response:
        to, text = str(data.get("To", "")), str(data.get("Body") or "")
        number = made_up_number(to)
        if not number:
            raise _Refused(21211)
        if len(text) > MAX_CHARACTERS:
            raise _Refused(21617)
        content = str(data.get("ContentSid") or "")
        if content and not re.fullmatch(r"HX[0-9a-f]{32}", content):
            raise _Refused(21655)
        sid = f"{'MM' if data.get('MediaUrl') else 'SM'}{secrets.token_hex(16)}"
        callback = str(data.get("StatusCallback") or "")
        sender = str(data.get("From") or self._sender_for(to))
        first = Status.QUEUED if data.get("From") else Status.ACCEPTED
        message = Logged(
            sid, False, sender, to, text or _TEMPLATE, self._log.now(), callback=callback, status=first
        )  # fmt: skip
        if message.channel is Channel.SMS and self._log.is_stopped(number):
            raise _Refused(21610)
        if message.channel is Channel.WHATSAPP and not content and not self._is_open(number):
            message = replace(message, error=63016)
        self._log.add(message)
        self._later(lambda: self._tell_news(message))
        return _json(201, self._described(message, first))

    def _sender_for(self, to: str) -> str:
        """The sender that a Messaging Service would choose."""
        return f"whatsapp:{self._hub.whatsapp_sender}" if to.startswith("whatsapp:") else self._hub.sms_sender

    def _is_open(self, number: str) -> bool:
        """Whether WhatsApp lets free text through: within a day of what the person wrote last."""
        last_s = self._log.last_inbound_s(number, Channel.WHATSAPP)
        return last_s is not None and self._log.now() - last_s < WINDOW_S

    def _tell_news(self, message: Logged) -> None:
        """What becomes of a message. The first status is the answer's and is not told."""
        try:
            for status in _course(message):
                self._log.rise(message, status)
                self._tell(message, status)
        except StoreDown:
            log.warning("local_news_lost")

    def _tell(self, message: Logged, status: Status) -> None:
        receipt = receipt_of(message, status, self._hub.account_sid)
        url = message.callback
        if not url.startswith(f"{self._base}/"):  # this one calls nobody but us
            return
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            SIGNATURE_HEADER: sign_form(self._token, url, receipt),
        }
        self._post(url, urlencode(receipt).encode(), headers)

    # --- looking -----------------------------------------------------------------------------------------------

    def _known(self, sid: str) -> Logged:
        found = self._log.find(sid)
        if found is None:
            raise _Refused(20404, 404)
        return found

    def _list(self, params: Mapping[str, str]) -> Response:
        found = [self._described(message) for message in self._log.messages() if _fits(message, params)]
        size = min(int(params.get("PageSize") or 50), 1000)
        listed = {"messages": found[:size], "page": 0, "page_size": size, "next_page_uri": None, "uri": ""}
        return _json(200, listed)

    def _media(self, sid: str) -> Response:
        message = self._known(sid)
        sample = sample_of(message.media[0]) if message.media else None
        if sample is None:
            raise _Refused(20404, 404)
        headers = {"Content-Type": message.media[0], "Content-Length": str(len(sample))}
        return Response(200, sample, headers)

    def _described(self, message: Logged, status: Status | None = None) -> dict[str, Any]:
        """A message as Twilio's log shows it."""
        at = format_datetime(datetime.fromtimestamp(message.at_s, UTC))
        shown = "received" if message.inbound else (status or message.status).value
        failed = bool(message.error) and status is None
        return {
            "sid": message.sid,
            "account_sid": self._hub.account_sid,
            "api_version": "2010-04-01",
            "body": message.text,
            "date_created": at,
            "date_sent": at,
            "date_updated": at,
            "direction": "inbound" if message.inbound else "outbound-api",
            "error_code": message.error if failed else None,
            "error_message": None,
            "from": message.sender,
            "to": message.to,
            "messaging_service_sid": None,
            "num_media": str(len(message.media)),
            "num_segments": str(segments.count(message.text).segments if message.channel is Channel.SMS else 1),
            "price": None,
            "price_unit": "USD",
            "status": shown,
            "uri": f"/2010-04-01/Accounts/{self._hub.account_sid}/Messages/{message.sid}.json",
            "subresource_uris": {},
        }


def _course(message: Logged) -> Iterator[Status]:
    if message.error:
        yield Status.UNDELIVERED
        return
    if message.status is Status.ACCEPTED:
        yield Status.QUEUED
    yield Status.SENT
    yield Status.DELIVERED


def _fits(message: Logged, params: Mapping[str, str]) -> bool:
    """Whether a message belongs into a list. Moments are whole days or seconds, as Twilio takes both."""
    if params.get("To", message.to) != message.to or params.get("From", message.sender) != message.sender:
        return False
    day = datetime.fromtimestamp(message.at_s, UTC)
    on, since, until = (params.get(name, "") for name in ("DateSent", "DateSent>", "DateSent<"))
    return not (
        (on and _moment(on).date() != day.date())
        or (since and _moment(since) > day)
        or (until and _moment(until) < day)
    )


def _moment(written: str) -> datetime:
    moment = datetime.fromisoformat(written)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _json(status: int, said: Mapping[str, Any]) -> Response:
    headers = {"Content-Type": "application/json", "Date": format_datetime(datetime.now(UTC), usegmt=True)}
    return Response(status, json.dumps(said, ensure_ascii=False), headers)


class _Afterwards:
    """Runs things one after the other in a thread of its own, which begins with the first of them."""

    def __init__(self) -> None:
        self._waiting: Queue[Callable[[], None]] = Queue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def __call__(self, thing: Callable[[], None]) -> None:
        self._waiting.put(thing)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="local-twilio", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._waiting.get()()


_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Tell it once. Twilio, too, gives up on a callback that finds nobody."""
    try:
        with _direct.open(urllib.request.Request(url, body, dict(headers)), timeout=POST_WITHIN_S):
            pass
    except (URLError, OSError):
        log.warning("local_callback_lost")
