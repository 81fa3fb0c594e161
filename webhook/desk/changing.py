"""Carries out one change of a ticket: look, judge, commit; look again when somebody else was first.

A look is everything that a decision needs, read together: the ticket, the person's session and preferences, the moment.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

from bot import desk_turns
from bot.catalogue import Catalogue
from bot.safe_time import is_safe
from bot.session import Prefs, Session, Unreadable, dump, load, load_prefs
from bot.turn import State
from webhook.desk.counting import Counted
from webhook.desk.records import Contact, Message, Outcome, Stage, Ticket, TicketWrite, Voice
from webhook.desk.scripts import DESK_COMMIT
from webhook.desk.sealing import seal_message
from webhook.desk.speaking import DeskTurn, DeskTurns, may_write, window_is_open
from webhook.desk.tickets import Tickets
from webhook.keys import Keys
from webhook.outbox import entries as outbox
from webhook.outbox.entries import Entry, Kind
from webhook.reload import CatalogueHolder
from webhook.store.connection import Connection
from webhook.store.keyspace import Records, plain_id
from webhook.store.tickets import Args, write_args

MOST_LOOKS = 25


class Done(StrEnum):
    """What became of what an advisor asked for. Nothing has changed unless `is_done`."""

    DONE = "done"
    ALREADY = "already"  # it was done before
    INVITED = "invited"  # the template asks the person to write; the text follows when they do
    GONE = "gone"  # no such ticket (any more)
    CLOSED = "closed"
    ERASED = "erased"  # the person wrote DELETE
    TAKEN = "taken"  # another advisor was first
    NOT_YOURS = "not_yours"
    PERSON_GONE = (
        "person_gone"  # the chat cannot be read or has ended by its lifetime: nothing can be sent, only closed
    )
    WINDOW_CLOSED = "window_closed"
    OPTED_OUT = "opted_out"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    FULL = "full"
    BUSY = "busy"  # others were always first: ask again
    STORE_DOWN = "store_down"

    @property
    def is_done(self) -> bool:
        return self in (Done.DONE, Done.ALREADY, Done.INVITED)


@dataclass(frozen=True, slots=True)
class Look:
    """A ticket with what is known of its person. `session` is None when there is none that can be read."""

    ticket: Ticket
    catalogue: Catalogue
    prefs: Prefs
    session: Session | None
    contact: Contact | None
    raw_session: bytes
    now_s: int
    turns: DeskTurns = field(repr=False)
    keys: Keys = field(repr=False)

    @property
    def session_of_ticket(self) -> Session | None:
        """The session, if it still belongs to this ticket."""
        return self.session if self.session is not None and self.session.ticket == self.ticket.id else None

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.now_s, UTC)

    @property
    def is_safe(self) -> bool:
        """Whether this is a time that the person called safe (R17). What the bot answered them counts as writing, too."""
        wrote_s = max(self.ticket.said_s, self.session.active_s if self.session else 0)
        return is_safe(self.ticket.safe_time, self.at, wrote_s)

    def turned(self, turn: DeskTurn) -> tuple[Session, str | None]:
        """The session after a turn of the bot, and what it says. When the person last wrote stays what it was."""
        before = self.session_of_ticket or Session()
        after = turn(self.catalogue, State(before, self.prefs), self.ticket.channel, self.at)
        session = replace(after.state.session, version=before.version + 1, active_s=before.active_s)
        return session, after.reply

    def advisor_says(self, text: str) -> str:
        """An advisor's text as the person gets it."""
        return self.turns.advisor_says(self.catalogue, self.ticket.language, self.ticket.channel, text)

    def spoken_over(self) -> Session | None:
        """The session after an advisor's message; None when that changes nothing in it."""
        before = self.session_of_ticket or Session()
        after = self.turns.spoken_over(State(before, self.prefs)).session
        return None if after == before else replace(after, version=before.version + 1)

    def vetted(self, node: str) -> str:
        """The vetted text of an answer in the person's language."""
        if node not in self.catalogue.answers:
            return ""
        return self.turns.vetted(self.catalogue, node, self.ticket.language, self.ticket.channel, self.at)

    def sealed(self, message: Message) -> bytes:
        """A message as it stands in the ticket."""
        return seal_message(message, self.ticket.id, self.keys)

    def event(self, name: str, author: str = "", *, answer: str = "") -> bytes:
        """An event as it stands in the ticket."""
        return self.sealed(Message(self.now_s, Voice.EVENT, name, author=author, answer=answer))

    def entry(self, kind: Kind, text: str, content_sid: str = "") -> Entry | None:
        """A message to the person; None when nobody knows where to."""
        if self.contact is None:
            return None
        return Entry(
            id=outbox.new_id(self.ticket.person),
            kind=kind,
            channel=self.ticket.channel,
            address=self.contact.address,
            sender=self.contact.sender,
            text=text,
            made_s=self.now_s,
            ticket=self.ticket.id,
            content_sid=content_sid,
        )

    def notice(self, text: str) -> Entry | None:
        """A message of the bot. None when it cannot be sent: after an opt-out, when the window has closed, at a time that is not safe."""
        if self.session is None or not self.is_safe or not may_write(self.ticket, self.prefs):
            return None
        return self.entry(Kind.NOTICE, text) if window_is_open(self.ticket, self.session, self.now_s) else None


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be committed. Without a `session` it is left as it is, and compared only if `checks_session`."""

    write: TicketWrite
    session: Session | None = None
    checks_session: bool = False
    entries: tuple[Entry, ...] = ()
    done: Done = Done.DONE
    counts: Iterable[Counted] = ()


Judge = Callable[[Look], Change | Done]


class Changing:
    """Looks at tickets and changes them. Raises StoreDown. `count` is told by name what metrics should show."""

    def __init__(
        self,
        connection: Connection,
        keys: Keys,
        holder: CatalogueHolder,
        tickets: Tickets,
        *,
        turns: DeskTurns = desk_turns,
        now: Callable[[], float],
        count: Callable[[str], None],
    ) -> None:
        self._connection = connection
        self._keys = keys
        self._holder = holder
        self._tickets = tickets
        self.turns = turns
        self._now = now
        self._count = count

    def look(self, id_: str, now_s: int | None = None) -> Look | None:
        """All that is known of a ticket; None when there is none."""
        ticket = self._tickets.find(id_)
        if ticket is None:
            return None
        catalogue = self._holder.current
        raw_session, raw_prefs, contact = None, None, None
        if ticket.person:
            records = Records(ticket.person)
            raw_session, raw_prefs = self._connection.read([records.session(ticket.channel), records.prefs])
            contact = self._tickets.contact(ticket)
        return Look(
            ticket=ticket,
            catalogue=catalogue,
            prefs=self._prefs(raw_prefs),
            session=self._session(raw_session, catalogue),
            contact=contact,
            raw_session=raw_session or b"",
            now_s=int(self._now()) if now_s is None else now_s,
            turns=self.turns,
            keys=self._keys,
        )

    def carry_out(self, id_: str, judge: Judge, nonce: str, now_s: int | None = None) -> tuple[Done, Iterable[Counted]]:
        """Look at a ticket and do what `judge` says, until nobody was faster; what became of it, and what to count."""
        for _ in range(MOST_LOOKS):
            look = self.look(id_, now_s)
            if look is None:
                return Done.GONE, ()
            if look.ticket.stage is Stage.CLOSED:
                return self._closed(look.ticket, nonce), ()
            judged = judge(look)
            if isinstance(judged, Done):
                if judged is Done.PERSON_GONE and self._has_changed(look.ticket):
                    continue  # the session was read after a turn, the ticket before it
                return (self._done_before(look.ticket, nonce) or judged), ()
            answer = self._commit(look, judged, nonce)
            if answer == b"committed":
                return judged.done, judged.counts
            if answer == b"done":
                return Done.ALREADY, ()
            self._count("desk_conflict")
        return Done.BUSY, ()

    def _has_changed(self, ticket: Ticket) -> bool:
        now = self._tickets.find(ticket.id)
        return now is None or now.revision != ticket.revision

    def _closed(self, ticket: Ticket, nonce: str) -> Done:
        if ticket.outcome is Outcome.ERASED:
            return Done.ERASED
        return self._done_before(ticket, nonce) or Done.CLOSED

    def _done_before(self, ticket: Ticket, nonce: str) -> Done | None:
        """Whether what is refused now had been done: a second click after something else has changed."""
        done = self._connection.command("HEXISTS", self._tickets.key(ticket), f"o{_mark(nonce)}")
        return Done.ALREADY if done else None

    def _commit(self, look: Look, change: Change, nonce: str) -> bytes:
        ticket, records = look.ticket, Records(look.ticket.person)
        session, how, ttl_s = "", "check" if change.checks_session else "keep", 0
        if look.session_of_ticket is not None:
            ttl_s = look.session_of_ticket.ttl_s  # a long talk must not outlive its session
        if change.session is not None:
            session, how, ttl_s = dump(change.session, look.catalogue.codes), "write", change.session.ttl_s
        keys = [*records.ticket_keys(ticket.id), records.session(ticket.channel), records.outbox, records.due]
        args: Args = [
            ticket.revision,
            _mark(nonce),
            how,
            look.raw_session,
            session,
            ttl_s,
            ticket.person,
            look.now_s,
        ]
        args += (len(change.entries), *(outbox.write(entry, self._keys) for entry in change.entries))
        args += write_args(change.write)
        answer: bytes = self._connection.run(DESK_COMMIT, keys, args, again_after_timeout=True)
        return answer

    def _session(self, raw: bytes | None, catalogue: Catalogue) -> Session | None:
        if raw is None:
            return None
        try:
            return load(raw, catalogue.codes)
        except Unreadable:
            self._count("session_unreadable")
            return None

    def _prefs(self, raw: bytes | None) -> Prefs:
        try:
            return load_prefs(raw)
        except Unreadable:
            self._count("prefs_unreadable")
            return Prefs()


def _mark(nonce: str) -> str:
    """What a nonce leaves in the ticket, behind an `o`. It comes from a page, and must not become another field's name:
    `utcome` would, and the ticket could not be read any more."""
    return f":{plain_id(nonce)}"
