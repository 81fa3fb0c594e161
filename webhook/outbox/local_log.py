"""What Twilio would know of made-up people: the messages of the last day, in both directions. In development only.

The phone on the simulator's page, the sender and the console are three processes; this list in the store is what they
have in common. It is sealed, short, and gone a day after the last message, like everything that holds words.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from time import time

from bot.inbound import Channel
from webhook.keys import Keys, Unopened, is_user_id, normal_address
from webhook.pages.simulated import MADE_UP_NUMBER, NO_ACCOUNT
from webhook.settings import Settings
from webhook.store.connection import Connection
from webhook.twilio_edge.inbound import first_values
from webhook.twilio_edge.status import Status

LOG_KEY = "v1:{local}:log"
STATUS_KEY = "v1:{local}:status"
ABOUT_LOCAL = "local"
MOST_MESSAGES = 400
KEPT_S = 24 * 3600

_MADE_UP = re.compile(MADE_UP_NUMBER)
_WHATSAPP = "whatsapp:"
_MEDIA_TYPE = re.compile(r"MediaContentType[0-9]")


def stands_in(settings: Settings) -> bool:
    """Whether messages go to made-up phones: there is no account to send with, and nobody real who could be written to."""
    return not settings.is_production and not settings.account_sid


@dataclass(frozen=True, slots=True)
class Logged:
    """One message. `media` are content types, `callback` where news of it go, `error` a code of Twilio's (0: none)."""

    sid: str
    inbound: bool
    sender: str = field(repr=False)
    to: str = field(repr=False)
    text: str = field(repr=False)
    at_s: float
    media: tuple[str, ...] = ()
    callback: str = field(default="", repr=False)
    status: Status = Status.QUEUED
    error: int = 0
    opt_out: str = ""

    @property
    def person(self) -> str:
        """The number of the made-up person."""
        return made_up_number(self.sender if self.inbound else self.to)

    @property
    def channel(self) -> Channel:
        return Channel.WHATSAPP if self.to.startswith(_WHATSAPP) else Channel.SMS


def made_up_number(address: str) -> str:
    """The number behind an address of a made-up person; "" for anybody else's."""
    bare = normal_address(address)
    if is_user_id(bare) and bare[3:4] == "1":  # the simulator's user ids hold the number: MX.152983…, BZ.1501…
        bare = f"+{bare[4:]}"
    return bare if _MADE_UP.fullmatch(bare) else ""


class LocalLog:
    """The list. Raises StoreDown."""

    def __init__(self, connection: Connection, keys: Keys, now: Callable[[], float] = time) -> None:
        self._connection = connection
        self._keys = keys
        self.now = now

    def note_inbound(self, fields: Sequence[tuple[str, str]]) -> None:
        """Note a message of a made-up person, from the form that Twilio posts."""
        form = first_values(fields)
        media = tuple(value for name, value in form.items() if _MEDIA_TYPE.fullmatch(name))
        self.add(
            Logged(
                form["MessageSid"], True, form["From"], form["To"], form.get("Body", ""), self.now(), media,
                status=Status.OTHER, opt_out=form.get("OptOutType", ""),
            )
        )  # fmt: skip

    def add(self, message: Logged) -> None:
        """Note a message."""
        written = json.dumps(asdict(message), ensure_ascii=False, separators=(",", ":"))
        self._connection.command("LPUSH", LOG_KEY, self._keys.seal(written, ABOUT_LOCAL))
        self._connection.command("LTRIM", LOG_KEY, 0, MOST_MESSAGES - 1)
        self._connection.command("EXPIRE", LOG_KEY, KEPT_S)

    def rise(self, message: Logged, status: Status) -> Logged:
        """Note how far a message has come. Nothing falls back."""
        written = self._connection.command("HGET", STATUS_KEY, message.sid)
        if written and not status.follows(Status(written.decode())):
            return replace(message, status=Status(written.decode()))
        self._connection.command("HSET", STATUS_KEY, message.sid, status.value)
        self._connection.command("EXPIRE", STATUS_KEY, KEPT_S)
        return replace(message, status=status)

    def messages(self) -> Iterator[Logged]:
        """All messages, newest first."""
        written: list[bytes] = self._connection.command("LRANGE", LOG_KEY, 0, -1)
        if not written:
            return
        statuses: dict[bytes, bytes] = self._connection.command("HGETALL", STATUS_KEY)
        for sealed in written:
            try:
                read = json.loads(self._keys.open(sealed, ABOUT_LOCAL))
            except Unopened:  # from before the secret was changed
                continue
            status = Status(statuses.get(read["sid"].encode(), read["status"].encode()).decode())
            yield Logged(**{**read, "media": tuple(read["media"]), "status": status})

    def find(self, sid: str) -> Logged | None:
        """One message."""
        return next((message for message in self.messages() if message.sid == sid), None)

    def to_phone(self, number: str, channel: Channel, after: str = "") -> list[Logged]:
        """What has come to a phone over the outbox since the message `after`, oldest first."""
        found: list[Logged] = []
        for message in self.messages():
            if message.sid == after:
                break
            if not message.inbound and not message.error and (message.person, message.channel) == (number, channel):
                found.append(message)
        return found[::-1]

    def last_inbound_s(self, number: str, channel: Channel) -> float | None:
        """When a person wrote last on a channel; None if they never did."""
        written = (one for one in self.messages() if one.inbound and (one.person, one.channel) == (number, channel))
        return next((message.at_s for message in written), None)

    def is_stopped(self, number: str) -> bool:
        """Whether the carrier would deliver no SMS: a stop word was the last of the words that it knows."""
        for message in self.messages():
            if message.inbound and message.channel is Channel.SMS and message.person == number:
                word = (message.opt_out or message.text).strip().upper()
                if word in STOP_WORDS or word in START_WORDS:
                    return word in STOP_WORDS
        return False


def receipt_of(message: Logged, status: Status, account_sid: str = NO_ACCOUNT) -> list[tuple[str, str]]:
    """The form of a status callback."""
    form = {
        "ApiVersion": "2010-04-01",
        "AccountSid": account_sid,
        **dict.fromkeys(("MessageSid", "SmsSid"), message.sid),
        **dict.fromkeys(("MessageStatus", "SmsStatus"), status.value),
        "From": message.sender,
        "To": message.to,
    }
    if message.channel is Channel.WHATSAPP:
        form["ChannelPrefix"] = "whatsapp"
    if status is Status.READ:
        form["EventType"] = "READ"
    if status.is_failure:
        form["ErrorCode"] = str(message.error)
    return list(form.items())


# Twilio's standard lists, which the carrier's side acts upon by itself (twilio.com, "SMS opt-out keywords").
STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
