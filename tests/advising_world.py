"""What the tests of the advisors' pages share: a console over a real store, with people in it who asked for an advisor."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from werkzeug.serving import make_server

from bot import handoff
from bot.inbound import Channel, Inbound, Location
from bot.session import Codes, Owner, Session
from bot.turn import Clears, Effect, State, Turn
from tests.console_world import Browser, Clock, console_world, content
from tests.console_world import World as ConsoleWorld
from tests.twilio_samples import ACCOUNT
from tests.webhook_world import SECRET
from webhook.console.guard import Guard
from webhook.desk.desk import DeskService
from webhook.desk.records import Attachment
from webhook.desk.writing import ticket_write
from webhook.keys import Keys, Person
from webhook.outbox.entries import Entry
from webhook.outbox.entries import read as read_entry
from webhook.store.connection import Connection
from webhook.store.keyspace import Records
from webhook.store.sessions import Loaded, SessionStore
from webhook.twilio_edge.inbound import Received

NOW_S = datetime(2026, 12, 1, 18, 0, tzinfo=UTC).timestamp()
"""A day on which the answers of the content have not outlived their date."""

OURS = "+5015550000"
MEDIA_URL = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages/MM{0:032x}/Media/ME{0:032x}"


Moment = Clock
"""One clock for the console and for the people who write to it."""


@dataclass
class People:
    """People who write to the hub; each by a number of their own. Each message takes one second."""

    connection: Connection
    keys: Keys
    codes: Codes
    clock: Moment
    sent: int = 0
    asked: dict[str, tuple[str, Channel]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store = SessionStore(self.connection, self.keys)

    def person(self, number: str) -> Person:
        return self.keys.person_of("", number)

    def received(self, text: str, channel: Channel, number: str) -> Received:
        """A message, received now."""
        self.sent += 1
        self.clock.at_s += 1
        prefix = "whatsapp:" if channel is Channel.WHATSAPP else ""
        at = datetime.fromtimestamp(self.clock.at_s, UTC)
        return Received(
            Inbound(f"SM{self.sent:032x}", channel, text, at),
            self.person(number),
            address=f"{prefix}{number}",
            number=number,
            user_id="",
            sender=f"{prefix}{OURS}",
        )

    def turn(self, received: Received, decide: Callable[[Loaded], Turn]) -> None:
        """A turn as the webhook takes it, until it is first."""
        for _ in range(50):
            loaded = self.store.load(received.person, received.inbound, self.codes)
            turn = decide(loaded)
            ticket = ticket_write(turn.effects, received, loaded.key, self.keys)
            committed = self.store.commit(loaded, turn, reply=turn.reply or "", ticket=ticket)
            if committed.outcome.value == "committed":
                return
        raise AssertionError("fifty conflicts in a row")

    def asks(
        self,
        number: str,
        channel: Channel = Channel.WHATSAPP,
        *,
        language: str = "es",
        topic: str = "border-worker-card",
        danger: str = "",
        note: str = "",
        path: str = "",
        promised_in_s: int = 900,
    ) -> str:
        """Somebody asks for an advisor; the ticket."""
        received = self.received(note, channel, number)
        ticket = handoff.ticket_of(received.inbound)
        fields = {
            "ticket": ticket,
            "language": language,
            "topic": topic,
            "danger": danger,
            "path": path,
            "promised_s": str(int(self.clock.at_s) + promised_in_s),
        }
        effects = [Effect(handoff.OPENED, fields)]
        if note:
            effects.append(Effect(handoff.SAID, {"ticket": ticket, "text": note, "danger": danger, "note": "yes"}))
        self.turn(received, lambda loaded: _turn(loaded, tuple(effects), owner=Owner.QUEUE, ticket=ticket))
        self.asked[ticket] = (number, channel)
        return ticket

    def writes(self, ticket: str, text: str, *, danger: str = "", attachments: tuple[Attachment, ...] = ()) -> None:
        """The person writes, perhaps with something beside the words."""
        number, channel = self.asked[ticket]
        received = replace(self.received(text, channel, number), attachments=attachments)
        fields = {"ticket": ticket, "text": text, "danger": danger, "note": ""}
        self.turn(received, saying(Effect(handoff.SAID, fields)))

    def tells(self, ticket: str, kind: str, **fields: str) -> None:
        """An effect of another kind: a check word, a safe time, certain danger."""
        number, channel = self.asked[ticket]
        self.turn(self.received("…", channel, number), saying(Effect(kind, {"ticket": ticket, **fields})))

    def shares_place(self, ticket: str, lat: float, lon: float) -> None:
        """The person shares where they are."""
        number, channel = self.asked[ticket]
        received = self.received("", channel, number)
        received = replace(received, inbound=replace(received.inbound, location=Location(lat, lon)))
        self.turn(received, saying(Effect(handoff.SAID, {"ticket": ticket, "text": "", "danger": "", "note": ""})))

    def leaves(self, ticket: str, why: str) -> None:
        number, channel = self.asked[ticket]
        left = Effect(handoff.LEFT, {"ticket": ticket, "why": why})
        clears = Clears.COPIES if why in ("exit", "opted_out") else Clears.NOTHING
        self.turn(
            self.received("X", channel, number),
            lambda loaded: _turn(loaded, (left,), clears=clears, ticket="", owner=Owner.BOT),
        )

    def erases(self, ticket: str) -> None:
        number, channel = self.asked[ticket]
        self.turn(self.received("BORRAR", channel, number), lambda loaded: _turn(loaded, (), clears=Clears.ALL))

    def outgoing(self, ticket: str) -> list[Entry]:
        """What waits to be sent to the person."""
        number, _ = self.asked[ticket]
        key = Records(self.person(number).key).outbox
        return [read_entry(entry, self.keys) for entry in self.connection.command("LRANGE", key, 0, -1)]


def saying(*effects: Effect) -> Callable[[Loaded], Turn]:
    """A turn that only writes to the ticket."""
    return lambda loaded: _turn(loaded, effects)


def _turn(loaded: Loaded, effects: tuple[Effect, ...], *, clears: Clears = Clears.NOTHING, **changed: Any) -> Turn:
    before = loaded.state.session
    session = replace(
        before, node="main", misses=before.misses + 1, active_s=loaded.at_s, version=before.version + 1, **changed
    )
    state = State(Session(), loaded.state.prefs) if clears is Clears.ALL else replace(loaded.state, session=session)
    return Turn(state, reply="ok", effects=effects, clears=clears, language="es")


@dataclass
class Hub:
    """The console and the people."""

    world: ConsoleWorld
    people: People

    @property
    def desk(self) -> DeskService:
        """A desk of its own over the same store, as another process has it."""
        console = self.world.console
        return DeskService(console.connection, console.keys, console.holder, now=self.world.clock)

    def advisor(self, name: str = "Ana", language: str = "en", role: str = "advisor") -> Browser:
        return self.world.logged_in(role, name=name, language=language)


def hub_over(var: Path, redis_url: str, connection: Connection, **changed: Any) -> Hub:
    """A console with nobody in it yet."""
    clock = Moment(NOW_S)
    world = console_world(var, redis_url, clock=clock, **changed)
    people = People(connection, Keys(SECRET), content().codes, clock)
    return Hub(world, people)


@contextmanager
def served(hub: Hub) -> Iterator[str]:
    """The console on a port, for a browser; its address."""
    server = make_server("127.0.0.1", 0, hub.world.app, threaded=True)
    address = f"http://127.0.0.1:{server.server_port}"
    for guard in hub.world.app.before_request_funcs[None]:
        if isinstance(guard, Guard):
            guard._origin = address  # the port is known only now
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield address
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


__all__ = ["MEDIA_URL", "Hub", "Moment", "People", "hub_over", "served"]
