"""Sessions: read in one round trip, and written whole, with all that belongs to the turn, by one script.

A turn is committed once for each message id. Who finds the id already seen gets the reply given before; who finds that
another turn was first reads again and steps again.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from bot.inbound import Channel, Inbound
from bot.session import Codes, Prefs, Session, Unreadable, dump, dump_prefs, load, load_prefs
from bot.turn import Clears, State, Turn
from webhook.desk.records import TicketWrite
from webhook.keys import Keys, Person, Unopened
from webhook.outbox import entries as outbox
from webhook.store.connection import Connection
from webhook.store.keyspace import Records, plain_id
from webhook.store.lifetimes import COPY_TTL_S, DAY_S, ERASED_TICKET_TTL_S, SEEN_TTL_S
from webhook.store.moving import Move, recent_ids
from webhook.store.people import People, ticket_ids
from webhook.store.policy import Report, check
from webhook.store.scripts import COMMIT_TURN, ERASE_PERSON, Script
from webhook.store.tickets import write_args

_ERASED = b"!"  # how the seen mark of a delete begins


class Outcome(StrEnum):
    """What became of a commit."""

    COMMITTED = "committed"
    REPEAT = "repeat"  # the message had been answered before
    CONFLICT = "conflict"  # another turn was first: load again, step again
    GONE = "gone"  # the ticket that the turn writes to has been closed or is lost: step again without it
    MOVING = "moving"  # the ticket is on its way to another code of the person


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was known when a message came, and what a commit needs to find out whether it still holds.

    `seen`: this message was answered before, and `reply` is what was said, if a copy is left. `key` is the code that
    the records stand under: it names the person in logs, outbox and tickets.
    """

    state: State
    seen: bool
    reply: str | None = field(repr=False)
    key: str
    person: Person = field(repr=False)
    channel: Channel
    message_id: str
    at_s: int
    codes: Codes = field(repr=False)
    raw_session: bytes | None = field(repr=False)
    raw_prefs: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Committed:
    """What became of a commit; `reply` is the one given before, when the message is a repeat and a copy is left."""

    outcome: Outcome
    reply: str | None = field(default=None, repr=False)


def _uncounted(_event: str) -> None:
    pass


class SessionStore:
    """The sessions of all people. Raises StoreDown from every method that asks the store.

    `count` is told by name what metrics should show: session_unreadable, prefs_unreadable, copy_unreadable,
    person_moved, entry_unreadable.
    """

    def __init__(self, connection: Connection, keys: Keys, count: Callable[[str], None] = _uncounted) -> None:
        self.connection = connection
        self._keys = keys
        self._count = count
        self._people = People(connection, count)

    def load(self, person: Person, inbound: Inbound, codes: Codes) -> Loaded:
        """What is known of a person on the channel of a message, and whether the message was answered before."""
        records = Records(person.key)
        link, *found = self._read(records, inbound, records.pointer if person.user else records.alias)
        is_known = any(value is not None for value in found)
        settled = self._people.settle(person, link, codes, is_known=is_known, at_s=inbound.at_s)
        if settled.moved or settled.key != person.key:
            records = Records(settled.key)
            found = self._read(records, inbound)
        raw_session, raw_prefs, mark, copy = found
        if mark is not None and mark.startswith(_ERASED):  # a delete that may have stopped half-way
            self._people.forget(person, settled.key, inbound.at_s)
        return Loaded(
            state=State(self._session(records, inbound.channel, raw_session, codes), self._prefs(records, raw_prefs)),
            seen=mark is not None,
            reply=self._opened(copy, inbound.id),
            key=settled.key,
            person=person,
            channel=inbound.channel,
            message_id=inbound.id,
            at_s=inbound.at_s,
            codes=codes,
            raw_session=raw_session,
            raw_prefs=raw_prefs,
        )

    def commit(
        self,
        loaded: Loaded,
        turn: Turn,
        *,
        reply: str = "",
        entries: Sequence[bytes] = (),
        ticket: TicketWrite | None = None,
    ) -> Committed:
        """Write a turn whole.

        `reply` is what goes back to the provider, kept sealed for its retries; "" keeps nothing. `entries` are outbox
        messages as `webhook.outbox.entries.write` gives them, oldest first; `ticket` is what changes in a ticket. A
        delete writes none of them. Who leaves is sent nothing more: what waits for that channel is dropped.
        """
        if turn.clears is Clears.ALL:
            return self._erase(loaded)
        mark = _new_mark()
        records = Records(loaded.key)
        recent = b""
        copies: list[str] = []
        waiting: list[bytes] = []
        if turn.clears is Clears.COPIES:
            recent = self.connection.read([records.recent])[0] or b""
            copies = [records.copy(id_) for id_ in recent_ids(recent)]
            waiting = self.connection.command("LRANGE", records.outbox, 0, -1)
        dropped = self._for_channel(waiting, loaded.channel)
        keeps_copy = bool(reply) and turn.clears is Clears.NOTHING

        session, session_ttl_s = _next_session(loaded, turn)
        keys = [
            *(records.seen(loaded.message_id), records.copy(loaded.message_id), records.session(loaded.channel)),
            *(records.prefs, records.recent, records.alias, records.outbox, records.due, records.attempts),
            *copies,
        ]
        args: list[str | bytes | int] = [
            *(mark, SEEN_TTL_S, loaded.raw_session or b"", session, session_ttl_s),
            *_prefs_args(loaded, turn),
            self._keys.seal(reply, _about_copy(loaded.message_id)) if keeps_copy else b"",
            *(COPY_TTL_S, "yes" if turn.clears is Clears.COPIES else "no", recent),
            *(plain_id(loaded.message_id), loaded.at_s, loaded.key, loaded.at_s, len(dropped), len(entries)),
            waiting[-1] if waiting else b"",
            *(part for entry in dropped for part in (outbox.id_of(entry), entry)),
            *entries,
        ]
        if ticket is not None:
            keys += records.ticket_keys(ticket.ticket)
            args += write_args(ticket)
        answer = self._run_once(COMMIT_TURN, keys, args)
        if ticket is not None and answer[0] == Outcome.MOVING.encode():
            self._finish_moving(loaded, ticket.ticket, answer[1] or b"")
            return Committed(Outcome.CONFLICT)
        return self._committed(answer, mark, loaded.message_id)

    def check(self) -> Report:
        """Whether the store is set up so that it loses nothing and keeps no text; for `/readyz` and `doctor`."""
        return check(self.connection)

    def _erase(self, loaded: Loaded) -> Committed:
        """Remove everything of a person, on every channel. No copy of the receipt is kept."""
        mark = _ERASED.decode() + _new_mark()
        records = Records(loaded.key)
        recent, going = (value or b"" for value in self.connection.read([records.recent, records.going]))
        tickets = ticket_ids(self.connection, records)
        keys = [
            *(records.seen(loaded.message_id), records.copy(loaded.message_id), records.session(loaded.channel)),
            *(records.recent, records.alias, records.due, records.tickets, *records.desk, records.going),
            *map(records.ticket, tickets),
            *(records.fence, records.prefs, records.outbox, records.attempts, *records.sessions, *records.asides),
            *(records.copy(id_) for id_ in recent_ids(recent)),
        ]
        args: list[str | bytes | int] = [mark, SEEN_TTL_S, loaded.raw_session or b"", recent, loaded.key]
        args += (loaded.at_s, ERASED_TICKET_TTL_S, going, *tickets)
        committed = self._committed(self._run_once(ERASE_PERSON, keys, args), mark, loaded.message_id)
        if committed.outcome is Outcome.COMMITTED:  # in other partitions; a retry of the message repeats it
            self._people.forget(loaded.person, loaded.key, loaded.at_s, copied_to=going.decode().partition(" ")[0])
        return committed

    def _for_channel(self, waiting: Sequence[bytes], channel: Channel) -> list[bytes]:
        """The outbox entries for one channel. What cannot be read is left to the sender."""
        found: list[bytes] = []
        for entry in waiting:
            try:
                if outbox.read(entry, self._keys).channel is channel:
                    found.append(entry)
            except outbox.BadEntry:
                self._count("entry_unreadable")
        return found

    def _finish_moving(self, loaded: Loaded, ticket: str, mark: bytes) -> None:
        """A move has copied the ticket and is not over; it may have stopped there. Complete it, then look again."""
        move = Move(self.connection, loaded.codes, loaded.at_s, self._people.set_aside, self._count)
        move.finish(loaded.key, ticket, mark.decode())

    def _run_once(self, script: Script, keys: Sequence[str], args: Sequence[str | bytes | int]) -> list[bytes | None]:
        """Run a script that knows its message: after a time-out it is repeated, and has its effect once."""
        answer: list[bytes | None] = self.connection.run(script, keys, args, again_after_timeout=True)
        return answer

    def _committed(self, answer: list[bytes | None], mark: str, message_id: str) -> Committed:
        outcome = Outcome((answer[0] or b"").decode())
        if outcome is not Outcome.REPEAT:
            return Committed(outcome)
        if answer[1] == mark.encode():  # our own, written although the answer to the first attempt was lost
            return Committed(Outcome.COMMITTED)
        return Committed(outcome, self._opened(answer[2], message_id))

    def _read(self, records: Records, inbound: Inbound, *first: str) -> list[bytes | None]:
        keys = (records.session(inbound.channel), records.prefs, records.seen(inbound.id), records.copy(inbound.id))
        return self.connection.read([*first, *keys])

    def _session(self, records: Records, channel: Channel, raw: bytes | None, codes: Codes) -> Session:
        try:
            return load(raw, codes)
        except Unreadable:
            self._people.set_aside(records, channel.value, raw or b"")
            return Session()

    def _prefs(self, records: Records, raw: bytes | None) -> Prefs:
        try:
            return load_prefs(raw)
        except Unreadable:
            self._people.set_aside(records, "prefs", raw or b"")
            return Prefs()

    def _opened(self, copy: bytes | None, message_id: str) -> str | None:
        if copy is None:
            return None
        try:
            return self._keys.open(copy, _about_copy(message_id))
        except Unopened:  # the secret was changed twice within two minutes, or the record was tampered with
            self._count("copy_unreadable")
            return None


def _about_copy(message_id: str) -> str:
    return f"copy:{message_id}"


def _new_mark() -> str:
    """A seen mark, of four letters: tells our own commit from another's when an answer was lost."""
    return secrets.token_urlsafe(3)


def _next_session(loaded: Loaded, turn: Turn) -> tuple[str, int]:
    """The session to write and its lifetime; "" when there is nothing to remember."""
    version = loaded.state.session.version + 1
    session = turn.state.session
    if session.version != version:
        session = replace(session, version=version)
    if session == Session(version=version):
        return "", 0
    return dump(session, loaded.codes), session.ttl_s


def _prefs_args(loaded: Loaded, turn: Turn) -> tuple[str, bytes, str, int]:
    """What to do with the preferences: nothing, make them live on (once a day), or write them."""
    prefs = turn.state.prefs
    raw = loaded.raw_prefs or b""
    written = "" if prefs == Prefs() else dump_prefs(prefs)
    if written.encode() != raw:
        return "write", raw, written, prefs.ttl_s
    is_new_day = loaded.state.session.active_s // DAY_S != loaded.at_s // DAY_S
    return "renew" if raw and is_new_day else "keep", b"", "", prefs.ttl_s
