"""What the tests of tickets share: people who ask for an advisor, a desk over a real store, and a bot that says little."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from bot import handoff
from bot.catalogue import Catalogue
from bot.inbound import Channel, Inbound
from bot.session import Codes, Owner, Session
from bot.turn import Clears, Effect, State, Turn
from tests.conftest import MONDAY_S
from webhook.desk.desk import DeskService
from webhook.desk.writing import ticket_write
from webhook.keys import Keys, Person
from webhook.outbox.entries import Entry, Kind, new_id, read, write
from webhook.reload import CatalogueHolder
from webhook.store.connection import Connection
from webhook.store.keyspace import Records
from webhook.store.sessions import Committed, Loaded, SessionStore
from webhook.twilio_edge.inbound import Received

Result = TypeVar("Result")

NUMBER = "+5015557319"
OURS = "+5015550000"


class Turns:
    """The bot's turns for tickets, in a word each."""

    def taken(self, catalogue: Catalogue, state: State, channel: Channel, at: datetime) -> Turn:
        return Turn(_with(state, owner=Owner.ADVISOR), None)

    def handed_back(self, catalogue: Catalogue, state: State, channel: Channel, at: datetime) -> Turn:
        return Turn(_with(state, owner=Owner.BOT, ticket=""), "handed back")

    def not_taken(self, catalogue: Catalogue, state: State, channel: Channel, at: datetime) -> Turn:
        return Turn(_with(state), "not taken")

    def advisor_silent(self, catalogue: Catalogue, state: State, channel: Channel, at: datetime) -> Turn:
        return Turn(_with(state, owner=Owner.QUEUE), "advisor silent")

    def put_back(self, catalogue: Catalogue, state: State, channel: Channel, at: datetime) -> Turn:
        return Turn(_with(state, owner=Owner.QUEUE), "put back")

    def untouched(self, catalogue: Catalogue, state: State, channel: Channel, at: datetime) -> Turn:
        return Turn(_with(state, owner=Owner.BOT, ticket=""), "untouched")

    def spoken_over(self, state: State) -> State:
        return replace(state, session=replace(state.session, offered=()))

    def advisor_says(self, catalogue: Catalogue, language: str, channel: Channel, text: str) -> str:
        return f"Advisor: {text}"

    def vetted(self, catalogue: Catalogue, node: str, language: str, channel: Channel, at: datetime) -> str:
        return f"{node} in {language}"


def _with(state: State, **changed: Any) -> State:
    return replace(state, session=replace(state.session, active_s=1, **changed))


@dataclass
class SampleCatalogue:
    """As much of a catalogue as the desk asks for."""

    codes: Codes
    answers: Mapping[str, object] = field(default_factory=lambda: {"main": object()})


class Clock:
    """A moment that tests move."""

    def __init__(self) -> None:
        self.s = float(MONDAY_S)

    def __call__(self) -> float:
        return self.s


@dataclass
class World:
    """A store with its desk, and people who write to it. Each message takes one second."""

    connection: Connection
    keys: Keys
    codes: Codes
    clock: Clock = field(default_factory=Clock)
    sent: int = 0

    def __post_init__(self) -> None:
        self.store = SessionStore(self.connection, self.keys)
        self.desk = self.another_desk()

    def another_desk(self, connection: Connection | None = None, **options: Any) -> DeskService:
        """A desk as another process has it."""
        holder = CatalogueHolder(SampleCatalogue(self.codes))  # type: ignore[arg-type]  # as much of one as is used
        return DeskService(
            connection or self.connection, self.keys, holder, turns=Turns(), now=self.clock, clock=self.clock, **options
        )

    def person(self, number: str = NUMBER, user: str = "") -> Person:
        return self.keys.person_of(user, number)

    def received(self, text: str, channel: Channel, number: str = NUMBER, user: str = "") -> Received:
        """A message, received now."""
        self.sent += 1
        self.clock.s += 1
        at = datetime.fromtimestamp(self.clock.s).astimezone()
        prefix = "whatsapp:" if channel is Channel.WHATSAPP else ""
        return Received(
            Inbound(f"SM{self.sent:032x}", channel, text, at),
            self.person(number, user),
            address=f"{prefix}{number}",
            number=number,
            user_id=user,
            sender=f"{prefix}{OURS}",
        )

    def commit(self, received: Received, decide: Callable[[Loaded], Turn]) -> tuple[Committed, Loaded]:
        """A turn as the webhook takes it, once."""
        loaded = self.store.load(received.person, received.inbound, self.codes)
        turn = decide(loaded)
        ticket = ticket_write(turn.effects, received, loaded.key, self.keys)
        return self.store.commit(loaded, turn, reply=turn.reply or "", ticket=ticket), loaded

    def turn(self, received: Received, decide: Callable[[Loaded], Turn]) -> Loaded:
        """A turn as the webhook takes it, until it is first."""
        for _ in range(50):
            committed, loaded = self.commit(received, decide)
            if committed.outcome.value == "committed":
                return loaded
        raise AssertionError("fifty conflicts in a row")

    def ask(
        self,
        channel: Channel = Channel.SMS,
        *,
        number: str = NUMBER,
        user: str = "",
        danger: str = "",
        note: str = "",
        promised_in_s: int = 900,
        safe_time: str = "",
    ) -> str:
        """A person asks for an advisor; the ticket."""
        received = self.received(note, channel, number, user)
        ticket = handoff.ticket_of(received.inbound)

        def decide(loaded: Loaded) -> Turn:
            promised = str(int(self.clock.s) + promised_in_s)
            fields = {
                "ticket": ticket,
                "language": "es",
                "topic": "work",
                "danger": danger,
                "path": "main,work",
                "promised_s": promised,
            }
            effects = [Effect(handoff.OPENED, fields)]
            if note:
                effects.append(Effect(handoff.SAID, {"ticket": ticket, "text": note, "danger": "", "note": "yes"}))
            if safe_time:
                effects.append(Effect(handoff.SAFE_TIME, {"ticket": ticket, "value": safe_time}))
            return _turn(loaded, tuple(effects), owner=Owner.QUEUE, ticket=ticket)

        self.turn(received, decide)
        return ticket

    def say(
        self, ticket: str, text: str, channel: Channel = Channel.SMS, *, number: str = NUMBER, user: str = ""
    ) -> None:
        """The person writes something that joins the ticket."""
        fields = {"ticket": ticket, "text": text, "danger": "", "note": ""}
        self.turn(self.received(text, channel, number, user), saying(Effect(handoff.SAID, fields)))

    def leave(self, ticket: str, why: str, channel: Channel = Channel.SMS, *, number: str = NUMBER) -> None:
        """The person ends it."""
        left = Effect(handoff.LEFT, {"ticket": ticket, "why": why})
        clears = Clears.COPIES if why in ("exit", "opted_out") else Clears.NOTHING
        self.turn(
            self.received("X", channel, number),
            lambda loaded: _turn(loaded, (left,), clears=clears, ticket="", owner=Owner.BOT),
        )

    def delete(self, channel: Channel = Channel.SMS, *, number: str = NUMBER, user: str = "") -> None:
        """The person writes DELETE."""
        self.turn(self.received("BORRAR", channel, number, user), lambda loaded: _turn(loaded, (), clears=Clears.ALL))

    def session(self, channel: Channel = Channel.SMS, *, number: str = NUMBER, user: str = "") -> Session:
        """The session as it is now."""
        inbound = Inbound("look", channel, "", datetime.fromtimestamp(self.clock.s).astimezone())
        return self.store.load(self.person(number, user), inbound, self.codes).state.session

    def outbox(self, key: str = "") -> list[Entry]:
        """What waits to be sent to a person."""
        found = self.connection.command("LRANGE", Records(key or self.person().key).outbox, 0, -1)
        return [read(entry, self.keys) for entry in found]


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


def sample_entry(person: str, keys: Keys, text: str = "later", channel: Channel = Channel.SMS) -> bytes:
    """An entry of an outbox, as it is written."""
    return write(Entry(new_id(person), Kind.REPLY, channel, NUMBER, OURS, text, MONDAY_S), keys)


def at_once(*works: Callable[[], Result]) -> list[Result]:
    """The results of works that threads begin at the same moment."""
    ready = threading.Barrier(len(works))

    def run(work: Callable[[], Result]) -> Result:
        ready.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as threads:
        return list(threads.map(run, works))
