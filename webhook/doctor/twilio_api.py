"""Asks Twilio how the account is set up. Only looks: every request is a GET."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

from requests import RequestException
from twilio.http import HttpClient

from webhook.settings import Settings

TIMEOUT_S = 10.0
API = "https://api.twilio.com/2010-04-01"
MESSAGING = "https://messaging.twilio.com"
CONTENT = "https://content.twilio.com"


@dataclass(frozen=True, slots=True)
class Refused(Exception):
    """Twilio did not answer the question. `status` is HTTP's, 0 when nobody answered at all; `code` is Twilio's."""

    status: int
    code: int = 0

    def __str__(self) -> str:
        if not self.status:
            return "no answer"
        return f"status {self.status}" + (f", error {self.code}" if self.code else "")


class TwilioApi:
    """One account. Raises Refused."""

    def __init__(self, settings: Settings, http: HttpClient) -> None:
        key, secret = settings.api_key
        self._account = settings.account_sid
        self._auth = (key, secret) if key else (settings.account_sid, next(iter(settings.auth_tokens), ""))
        self._http = http
        self.clock_ahead_s: float | None = None
        """How far our clock was ahead of Twilio's at the last answer; None before one."""

    def account(self) -> dict[str, Any]:
        return self._get(f"{API}/Accounts/{self._account}.json")

    def number(self, number: str) -> dict[str, Any] | None:
        """A number of the account; None if it has no such number."""
        found = self._get(f"{API}/Accounts/{self._account}/IncomingPhoneNumbers.json", PhoneNumber=number)
        numbers: list[dict[str, Any]] = found.get("incoming_phone_numbers") or []
        return next((one for one in numbers if one.get("phone_number") == number), None)

    def service(self, sid: str) -> dict[str, Any] | None:
        return self._unless_missing(f"{MESSAGING}/v1/Services/{quote(sid)}")

    def senders_of_service(self, sid: str) -> set[str]:
        """The addresses of its senders, `+…` and `whatsapp:+…`."""
        numbers = self._get(f"{MESSAGING}/v1/Services/{quote(sid)}/PhoneNumbers", PageSize="100")
        channels = self._get(f"{MESSAGING}/v1/Services/{quote(sid)}/ChannelSenders", PageSize="100")
        found = {one.get("phone_number") for one in numbers.get("phone_numbers") or []}
        found |= {one.get("sender") for one in channels.get("senders") or []}
        return {str(one) for one in found if one}

    def whatsapp_sender(self, address: str) -> dict[str, Any] | None:
        """A WhatsApp sender by its address `whatsapp:+…`; None if the account has no such sender."""
        found = self._get(f"{MESSAGING}/v2/Channels/Senders", Channel="whatsapp", PageSize="100")
        senders: list[dict[str, Any]] = found.get("senders") or []
        return next((one for one in senders if one.get("sender_id") == address), None)

    def content(self, sid: str) -> dict[str, Any] | None:
        return self._unless_missing(f"{CONTENT}/v1/Content/{quote(sid)}")

    def approval(self, sid: str) -> dict[str, Any]:
        """How WhatsApp has judged a template."""
        found = self._get(f"{CONTENT}/v1/Content/{quote(sid)}/ApprovalRequests")
        judged: dict[str, Any] = found.get("whatsapp") or {}
        return judged

    def recent_messages(self) -> list[dict[str, Any]]:
        """The last messages of the account, as everybody with access to the account sees them."""
        found = self._get(f"{API}/Accounts/{self._account}/Messages.json", PageSize="20")
        return list(found.get("messages") or [])

    def _unless_missing(self, url: str) -> dict[str, Any] | None:
        try:
            return self._get(url)
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    def _get(self, url: str, **params: str) -> dict[str, Any]:
        try:
            response = self._http.request("GET", url, params=dict(params), auth=self._auth, timeout=TIMEOUT_S)
        except (RequestException, OSError) as error:
            raise Refused(0) from error
        self._compare_clocks(response.headers or {})
        try:
            read = json.loads(response.text)
        except ValueError:
            read = {}
        said: dict[str, Any] = read if isinstance(read, dict) else {}
        if response.status_code != 200:
            code = said.get("code")
            raise Refused(response.status_code, code if isinstance(code, int) else 0)
        return said

    def _compare_clocks(self, headers: Any) -> None:
        written = headers.get("Date")
        if not written:
            return
        try:
            theirs = parsedate_to_datetime(written)
        except ValueError:
            return
        self.clock_ahead_s = (datetime.now(UTC) - theirs).total_seconds()
