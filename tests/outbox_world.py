"""What the tests of outbox and sender share: people with entries, a moved clock, and a fake Twilio behind the real SDK."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.inbound import Channel
from bot.session import Prefs, dump_prefs
from tests.conftest import MONDAY_S
from tests.fake_twilio import FakeTwilio, Twilio
from tests.webhook_world import settings_for
from webhook.keys import Keys
from webhook.outbox.counting import SenderMetrics
from webhook.outbox.deliveries import Deliveries, Delivery
from webhook.outbox.dispatch import Dispatcher, Pace, Parts
from webhook.outbox.entries import Entry, Kind, new_id, write
from webhook.outbox.given_up import GivenUp
from webhook.outbox.provider import Provider
from webhook.outbox.receipts import Receipts
from webhook.outbox.store import Outbox
from webhook.settings import Sending
from webhook.store.connection import Connection
from webhook.store.keyspace import Records
from webhook.twilio_edge.status import Receipt, Status

WHATSAPP = "whatsapp:+12025550199"
SMS = "+12025550142"
USUAL = Pace()
FAST = Sending(whatsapp_per_s=1e6, sms_per_s=1e6, daily_usd=1e6)
TEMPLATES = {"en": "HX" + "e" * 32, "es": "HX" + "5" * 32}


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now_s = float(MONDAY_S)

    def __call__(self) -> float:
        return self.now_s

    def move(self, seconds: float) -> None:
        self.now_s += seconds


@dataclass
class Person:
    """Somebody with an address."""

    key: str
    address: str
    channel: Channel

    @property
    def records(self) -> Records:
        return Records(self.key)


@dataclass
class World:
    """An outbox with its store, and one dispatcher."""

    connection: Connection
    keys: Keys
    var: Path
    sending: Sending = FAST
    pace: Pace = USUAL
    clock: Clock = field(default_factory=Clock)
    redacts: bool = False
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.twilio = Twilio(self.clock, redacts=self.redacts)
        self.metrics = SenderMetrics()
        settings = settings_for(self.var, sms_from=SMS, whatsapp_from=WHATSAPP, **self.settings)
        self.parts = Parts(
            connection=self.connection,
            keys=self.keys,
            provider=Provider(settings, FakeTwilio(self.twilio)),
            sending=self.sending,
            metrics=self.metrics,
            pace=self.pace,
            clock=self.clock,
            jitter=lambda: 1.0,
        )
        self.outbox = Outbox(self.connection)
        self.deliveries = Deliveries(self.connection)
        self.given_up = GivenUp(self.connection)
        self.receipts = Receipts(self.connection, self.keys)
        self.dispatcher = Dispatcher(self.parts)

    def person(self, number: int = 1, channel: Channel = Channel.WHATSAPP, *, wrote_ago_s: int = 60) -> Person:
        """Somebody who wrote a while ago."""
        bare = f"+501610{number:04d}"
        person = Person(
            self.keys.person_of("", bare).key, bare if channel is Channel.SMS else f"whatsapp:{bare}", channel
        )
        self.writes(person, wrote_ago_s)
        return person

    def writes(self, person: Person, ago_s: int = 0) -> None:
        """The person wrote: what the sender reads of a session."""
        session = f'[1,1,{int(self.clock()) - ago_s},"","",0,"","","",{{}},0,"b",0,0,0,0,""]'
        self.connection.command("SET", person.records.session(person.channel), session)
        if self.outbox.entries(person.key):
            self.connection.command("ZADD", person.records.due, "LT", self.clock(), person.key)

    def prefers(self, person: Person, prefs: Prefs) -> None:
        self.connection.command("SET", person.records.prefs, dump_prefs(prefs))

    def entry(self, person: Person, text: str = "Hola", kind: Kind = Kind.ADVISOR, **changed: Any) -> Entry:
        entry = Entry(
            id=new_id(person.key),
            kind=kind,
            channel=person.channel,
            address=person.address,
            sender=SMS if person.channel is Channel.SMS else WHATSAPP,
            text=text,
            made_s=int(self.clock()),
        )
        return replace(entry, **changed)

    def put(self, person: Person, text: str = "Hola", kind: Kind = Kind.ADVISOR, **changed: Any) -> Entry:
        """Commit an entry, as a turn does."""
        entry = self.entry(person, text, kind, **changed)
        self.outbox.put(person.key, write(entry, self.keys), self.clock())
        return entry

    def run(self, person: Person) -> None:
        """Everything that can be done for a person now."""
        for _ in range(50):
            if not self.dispatcher.dispatch(person.key):
                return
        raise AssertionError("it never ends")

    def settle(self, person: Person, most_s: float = 6 * 3600) -> None:
        """Let time pass until nothing waits for the person any more."""
        end_s = self.clock() + most_s
        while self.outbox.entries(person.key) and self.clock() < end_s:
            score = self.connection.command("ZSCORE", person.records.due, person.key)
            self.clock.now_s = max(self.clock(), float(score))
            self.run(person)

    def told(self, entry: Entry, sid: str, status: Status, code: int = 0) -> None:
        """A callback comes."""
        self.receipts.take(entry.id, Receipt(sid, status, code), self.clock())

    def delivery(self, entry: Entry) -> Delivery:
        return self.deliveries.of([entry.id])[entry.id]

    def reasons(self) -> list[tuple[str, str, int]]:
        """What was given up: id, reason, code."""
        return [(letter.id, letter.reason, letter.code) for letter in self.given_up.latest()]

    def texts(self) -> list[str]:
        """What Twilio has got, in order."""
        assert self.twilio.faults == []
        return [message.body for message in self.twilio.sent]

    def metric(self, name: str) -> float:
        """The sum of a counter over its labels."""
        lines = self.metrics.exposition().decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))
