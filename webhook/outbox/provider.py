"""Twilio's REST interface, as far as we use it: send a message, and look what was sent and received.

It knows the difference that decides whether a message may be sent again: no connection (nothing was processed), a plain
refusal, and a request that went out and was never answered (nobody knows). Twilio has no key against doubles.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from requests import exceptions as http_faults
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http import HttpClient
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from urllib3 import exceptions as link_faults

from webhook.keys import normal_address
from webhook.outbox.entries import Entry, Kind
from webhook.outbox.outcomes import Answer, Came
from webhook.settings import Settings
from webhook.twilio_edge.status import ENTRY_PARAMETER

TIMEOUT_S = 10.0
CONNECT_RETRIES = 1  # repeats only what could not be connected
VALID_S = 600  # a late answer is worse than none
TEMPLATE_VALID_S = 4 * 3600
PAGE_SIZE = 100
_NOBODY = f"AC{0:032x}"  # an account that does not exist: for the fake of a developer's machine

_CODE_OF_STATUS = {401: 20003, 403: 20003, 404: 20404, 429: 20429}
_NO_CONNECTION = (link_faults.NewConnectionError, link_faults.ConnectTimeoutError, link_faults.ProxyError)


class ProviderDown(Exception):
    """A question was not answered."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message of ours as Twilio remembers it. Its text may have been redacted."""

    sid: str
    text: str = field(repr=False)
    created_s: float
    is_by_us: bool  # by REST, not a reply to a webhook


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message to us as Twilio remembers it."""

    sid: str
    address: str = field(repr=False)
    sender: str = field(repr=False)
    text: str = field(repr=False)
    media: int
    received_at: datetime


class Provider:
    """Sends through Twilio. Safe to use from any thread; an injected `http` takes the place of the network."""

    def __init__(self, settings: Settings, http: HttpClient | None = None) -> None:
        self._settings = settings
        self._http = http
        self._local = threading.local()

    def send(self, entry: Entry) -> Answer:
        """Hand one message over. Never raises: what went wrong is the answer."""
        try:
            made = self._client().messages.create(**self._parameters(entry))
        except TwilioRestException as refused:
            return _refusal(refused.status, refused.code)
        except TwilioServiceException as refused:
            return _refusal(refused.status, refused.code)
        except Exception as fault:
            return Answer(Came.NOT_REACHED if _never_went_out(fault) else Came.LOST)
        return Answer(Came.ACCEPTED, made.sid) if made.sid else Answer(Came.LOST)

    def sent_to(self, address: str, since_s: float) -> list[Outgoing]:
        """Messages to an address that were made since a moment. Raises ProviderDown.

        Not asked by the day they were sent: one that still waits in a queue may have none yet. Twilio lists the newest
        first, so the first page is enough.
        """
        try:
            found = self._client().messages.list(to=address, limit=PAGE_SIZE, page_size=PAGE_SIZE)
        except (TwilioException, http_faults.RequestException, ValueError, OSError) as fault:
            raise ProviderDown(type(fault).__name__) from fault
        listed = [
            Outgoing(each.sid or "", each.body or "", _seconds(each.date_created), each.direction == "outbound-api")
            for each in found
        ]
        return [each for each in listed if each.sid and each.created_s >= since_s]

    def received(self, sender: str, since: datetime) -> Iterator[Incoming]:
        """Messages to one of our addresses since a moment, all pages of them; "" for all addresses. Raises ProviderDown."""
        chosen: dict[str, Any] = {"to": sender} if sender else {}
        try:
            for each in self._client().messages.stream(
                date_sent_after=since - timedelta(seconds=1), page_size=PAGE_SIZE, **chosen
            ):
                at = each.date_sent or each.date_created
                if each.direction != "inbound" or at is None or at < since or not each.sid:
                    continue
                media = int(each.num_media) if (each.num_media or "").isdigit() else 0
                yield Incoming(each.sid, each.from_ or "", each.to or "", each.body or "", media, at)
        except (TwilioException, http_faults.RequestException, ValueError, OSError) as fault:
            raise ProviderDown(type(fault).__name__) from fault

    def _parameters(self, entry: Entry) -> dict[str, Any]:
        base = self._settings.public_base_url
        told: dict[str, Any] = {
            "to": entry.address,
            "status_callback": f"{base}/twilio/status?{ENTRY_PARAMETER}={quote(entry.id)}",
            "validity_period": TEMPLATE_VALID_S if entry.kind is Kind.TEMPLATE else VALID_S,
        }
        if entry.sender:
            told["from_"] = entry.sender
        service = self._settings.messaging_service_sid
        own = {normal_address(each) for each in (self._settings.sms_from, self._settings.whatsapp_from) if each}
        if service and normal_address(entry.sender) not in own:
            told["messaging_service_sid"] = service
        if entry.content_sid:
            told["content_sid"] = entry.content_sid
            if entry.variables:
                told["content_variables"] = entry.variables
        else:
            told["body"] = entry.text
        return told

    def _client(self) -> Client:
        """One for each thread: the session beneath is not made to be shared."""
        client: Client | None = getattr(self._local, "client", None)
        if client is None:
            client = self._local.client = client_of(self._settings, self._http)
        return client


def client_of(settings: Settings, http: HttpClient | None = None) -> Client:
    """The SDK's client for the configured account, with time limits, which it has none of by itself."""
    account = settings.account_sid or _NOBODY
    key, secret = settings.api_key
    tokens = settings.auth_tokens
    user, password = (key, secret) if key else (account, tokens[0] if tokens else "-")
    http = http or TwilioHttpClient(timeout=TIMEOUT_S, max_retries=CONNECT_RETRIES)
    return Client(user, password, account, http_client=http)


def _refusal(status: int, code: int | None) -> Answer:
    """A code that is only the HTTP status is none; some statuses tell enough by themselves."""
    known = code if code and code >= 1000 else _CODE_OF_STATUS.get(status, 0)
    return Answer(Came.REFUSED, http_status=status, code=known)


def _never_went_out(fault: BaseException) -> bool:
    """Whether a request certainly did not reach Twilio. When in doubt it may have."""
    if isinstance(fault, http_faults.ConnectTimeout | http_faults.InvalidURL | http_faults.MissingSchema):
        return True
    seen: set[int] = set()
    waiting: list[Any] = [fault]
    while waiting:
        each = waiting.pop()
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, (*_NO_CONNECTION, ssl.SSLCertVerificationError)):
            return True
        waiting += [getattr(each, "reason", None), each.__cause__, each.__context__, *each.args]
    return False


def _seconds(at: datetime | None) -> float:
    return at.replace(tzinfo=at.tzinfo or UTC).timestamp() if at else 0.0
