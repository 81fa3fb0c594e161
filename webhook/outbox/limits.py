"""What goes out, and how fast: rates of our numbers and of recipients, the spending of a day, countries for SMS.

The counts stand in the store, so that all senders share them. A place in the rate is reserved: whoever is told to wait
comes back at their own moment and does not ask again.
"""

from __future__ import annotations

from dataclasses import dataclass

import phonenumbers

from bot.inbound import Channel
from bot.segments import count
from webhook.keys import is_user_id, normal_address
from webhook.outbox.entries import Entry, Kind
from webhook.outbox.scripts import ASK_RATE
from webhook.settings import Sending
from webhook.store.connection import Connection
from webhook.store.keyspace import OUT_PREFIX, plain_id
from webhook.store.lifetimes import DAY_S

SANDBOX = "+14155238886"
SANDBOX_EVERY_S = 3.0
RECIPIENT_EVERY_S = 6.0  # Meta's limit for one person on WhatsApp
RECIPIENT_BURST = 5
WHATSAPP_BURST = 10
RESERVED_S = 30.0  # the furthest place that is reserved
_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Place:
    """When a message may go: in `wait_s` seconds. `is_reserved` says that the place is kept; `over_cap` that today is spent."""

    wait_s: float = 0.0
    is_reserved: bool = True
    over_cap: bool = False


class Limits:
    """The limits that all senders share. Raises StoreDown."""

    def __init__(self, connection: Connection, sending: Sending) -> None:
        self._connection = connection
        self._sending = sending

    def ask(self, entry: Entry, person: str, now_s: float) -> Place:
        """When an entry may go out."""
        every_s, burst = self._rate_of(entry)
        units = count(entry.text).segments or 1 if entry.channel is Channel.SMS else 1
        is_chat = entry.channel is Channel.WHATSAPP
        sender = plain_id(entry.sender or "service")
        keys = [f"{OUT_PREFIX}rate:{sender}", f"{OUT_PREFIX}rate:{sender}:{person}", _spent_key(now_s)]
        to_person_s = RECIPIENT_EVERY_S if is_chat else 0.0
        is_free = entry.kind is Kind.NOTICE or (entry.kind is Kind.REPLY and is_chat)  # who writes is answered
        cap = "" if is_free else str(round(self._sending.daily_usd * _US))
        args: list[str | bytes | int] = [
            *(round(now_s * _US), units, round(every_s * _US), round(every_s * (burst - 1) * _US)),
            *(round(to_person_s * _US), round(to_person_s * (RECIPIENT_BURST - 1) * _US)),
            *(self.cost_micro(entry), cap, round(RESERVED_S * _US)),
        ]
        word, wait = self._connection.run(ASK_RATE, keys, args)
        return Place(int(wait) / _US, is_reserved=word == b"go", over_cap=word == b"cap")

    def cost_micro(self, entry: Entry) -> int:
        """What a message costs by our estimate, in millionths of a dollar."""
        if entry.channel is Channel.WHATSAPP:
            return round(self._sending.whatsapp_usd * _US)
        return round(self._sending.sms_usd * _US) * max(1, count(entry.text).segments)

    def spend(self, entry: Entry, now_s: float) -> None:
        """Count what was handed over today."""
        key = _spent_key(now_s)
        self._connection.command("INCRBY", key, self.cost_micro(entry))
        self._connection.command("EXPIRE", key, 3 * DAY_S)

    def spent_usd(self, now_s: float) -> float:
        """What was spent today, by our estimate. A day is one of UTC."""
        return int(self._connection.command("GET", _spent_key(now_s)) or 0) / _US

    def serves_country(self, entry: Entry) -> bool:
        """Whether messages go to where a number is. WhatsApp is not asked: people there wrote to us."""
        return entry.channel is not Channel.SMS or country_of(entry.address) in self._sending.sms_countries

    def _rate_of(self, entry: Entry) -> tuple[float, int]:
        """How many seconds one unit takes of our number, and how many may go at once."""
        if entry.channel is Channel.SMS:
            return 1 / self._sending.sms_per_s, 1
        if normal_address(entry.sender) == SANDBOX:
            return SANDBOX_EVERY_S, 1
        return 1 / self._sending.whatsapp_per_s, WHATSAPP_BURST


def country_of(address: str) -> str:
    """The country of a number (ISO 3166), "" where it has none: short codes, names, user ids."""
    number = normal_address(address)
    if is_user_id(number):
        return ""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number, None)) or ""
    except phonenumbers.NumberParseException:
        return ""


def seconds_to_midnight(now_s: float) -> float:
    """Until a new day begins (UTC), and with it a new cap."""
    return DAY_S - now_s % DAY_S


def _spent_key(now_s: float) -> str:
    return f"{OUT_PREFIX}spent:{int(now_s) // DAY_S}"
