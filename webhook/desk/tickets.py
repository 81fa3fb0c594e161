"""Reads tickets from the store: one by its id, all open ones, the last closed ones.

The id does not tell the partition, which follows from the person's code and changes with it: it is looked for where it
was last, then everywhere. What the lists need is plain and read by one script a partition; nobody opens a word for it.
"""

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from bot.inbound import Channel
from webhook.desk.records import Alarm, Contact, Message, Outcome, Stage, Ticket, Voice
from webhook.desk.sealing import BadRecord, open_contact, open_message
from webhook.keys import Keys
from webhook.observe import fault_of
from webhook.store.address import Layout
from webhook.store.connection import Connection
from webhook.store.keyspace import PREFIXES, desk_keys, prefix_of, ticket_key
from webhook.store.moving import settle
from webhook.store.scripts import Script

PLAIN = (
    "stage", "advisor", "person", "channel", "language", "topic", "danger", "opened", "promised", "said", "answered",
    "first", "taken", "closed", "outcome", "alarm", "raised", "maybe", "danger_s", "reached", "safe", "path", "n", "bytes", "beyond",
    "unanswered", "told", "rev", "moving",
)  # fmt: skip
"""The fields of a ticket that hold no word and no address."""

_ID = re.compile(r"[0-9A-Z]{1,32}", re.ASCII)
_MOST_PLACES = 10_000
_OPEN, _CLOSED = 0, 1  # the place of each list among the keys of the desk

LISTED_FOR_S = 30.0
"""A ticket that ends by its lifetime counts no change. No list shows it for longer than this."""

log = structlog.get_logger()

# KEYS  1… tickets      ARGV  1… fields
READ_TICKETS = Script(
    """
local found = {}
for i = 1, #KEYS do found[i] = redis.call('HMGET', KEYS[i], unpack(ARGV)) end
return found
"""
)


@dataclass(frozen=True, slots=True)
class _Read:
    """A ticket and the mark of a copy that does not count yet ("" for none)."""

    ticket: Ticket
    mark: str


@dataclass(frozen=True, slots=True)
class _Listed:
    """What a list of a partition held: at which count of changes, and when that was read."""

    count: bytes
    read_at: float
    tickets: tuple[Ticket, ...]


class Tickets:
    """The tickets in the store. Safe from any thread. Raises StoreDown from every method."""

    def __init__(
        self, connection: Connection, keys: Keys, clock: Callable[[], float] = time.monotonic
    ) -> None:  # fmt: skip
        self._connection = connection
        self._keys = keys
        self._clock = clock
        self._places: dict[str, str] = {}  # where a ticket was last: ticket → prefix
        self._listed_before: dict[tuple[str, int, int], _Listed] = {}  # prefix, list, how many → what was there
        self._lock = threading.Lock()

    def find(self, id_: str) -> Ticket | None:
        """One ticket."""
        if not _ID.fullmatch(id_):
            return None
        # one that moves meanwhile may be missed in both places: not there yet, not there any more
        return self._look_everywhere(id_) or self._look_everywhere(id_)

    def _look_everywhere(self, id_: str) -> Ticket | None:
        copy: _Read | None = None
        place = self._places.get(id_, "")
        for prefix in (*([place] if place else []), *(other for other in PREFIXES if other != place)):
            read = self._read(prefix, [id_])[0]
            if read is None:
                continue
            if not read.mark:
                self._remember(id_, prefix)
                return read.ticket
            copy = read
        if copy is None:
            return None
        settle(self._connection, copy.ticket.person, id_, copy.mark)  # the move stopped just before its end
        return copy.ticket

    def key(self, ticket: Ticket) -> str:
        """The key of a ticket that was found."""
        prefix = prefix_of(ticket.person) if ticket.person else self._places[ticket.id]
        return ticket_key(prefix, ticket.id)

    def messages(self, ticket: Ticket) -> list[Message]:
        """All of a ticket, oldest first. What cannot be read is an event that says so."""
        names = [f"m{number}" for number in range(1, ticket.messages + 1)]
        sealed = self._connection.command("HMGET", self.key(ticket), *names) if names else []
        found = [self._message(ticket.id, each) for each in sealed if each is not None]
        if ticket.beyond:
            found.append(Message(ticket.said_s, Voice.EVENT, "too_many", count=ticket.beyond))
        return found

    def contact(self, ticket: Ticket) -> Contact | None:
        """Where the person is reached; None when it is not kept or cannot be read."""
        contact, word = self._connection.command("HMGET", self.key(ticket), "contact", "word")
        if contact is None:
            return None
        try:
            return open_contact(contact, word or b"", ticket.id, self._keys)
        except BadRecord:
            return None

    def open(self) -> list[Ticket]:
        """All open tickets, in no order."""
        return self._all(_OPEN, 0)

    def closed(self, limit: int) -> list[Ticket]:
        """The tickets closed last, newest first."""
        return sorted(self._all(_CLOSED, limit), key=lambda ticket: ticket.closed_s, reverse=True)[:limit]

    def counts(self) -> list[bytes]:
        """How often something changed, by partition."""
        keys = [desk_keys(prefix)[2] for prefix in PREFIXES]
        if self._connection.address.layout is Layout.CLUSTER:
            return [self._connection.read([key])[0] or b"" for key in keys]
        return [count or b"" for count in self._connection.read(keys)]

    def drop_lost(self) -> None:
        """Take out of the lists what has ended by its lifetime."""
        for prefix in PREFIXES:
            ids = self._ids(prefix, 0, newest=0)
            for id_, read in zip(ids, self._read(prefix, ids), strict=True):
                if read is None and not self._connection.command("EXISTS", ticket_key(prefix, id_)):
                    self._connection.command("ZREM", desk_keys(prefix)[0], id_)

    def _all(self, which: int, newest: int) -> list[Ticket]:
        """A list of all partitions. One is only read again after a change in it, or when what it holds may have ended."""
        now = self._clock()
        found: list[Ticket] = []
        for prefix, count in zip(PREFIXES, self.counts(), strict=True):
            place = (prefix, which, newest)
            kept = self._listed_before.get(place)
            if kept is None or kept.count != count or now - kept.read_at >= LISTED_FOR_S:
                tickets = tuple(self._listed(prefix, self._ids(prefix, which, newest=newest)))
                with self._lock:
                    self._listed_before[place] = kept = _Listed(count, now, tickets)
            found += kept.tickets
        return found

    def _ids(self, prefix: str, which: int, *, newest: int) -> list[str]:
        """The ids in a list of a partition: all, or the newest."""
        key = desk_keys(prefix)[which]
        if newest:
            answer = self._connection.command("ZREVRANGE", key, 0, newest - 1)
        else:
            answer = self._connection.command("ZRANGE", key, 0, -1)
        return [id_.decode() for id_ in answer]

    def _listed(self, prefix: str, ids: Sequence[str]) -> list[Ticket]:
        reads = [read for read in self._read(prefix, ids) if read is not None]
        for read in reads:
            if not read.mark:
                self._remember(read.ticket.id, prefix)
        return [read.ticket for read in reads if not read.mark]

    def _read(self, prefix: str, ids: Sequence[str]) -> list[_Read | None]:
        if not ids:
            return []
        answer = self._connection.run(READ_TICKETS, [ticket_key(prefix, id_) for id_ in ids], list(PLAIN))
        return [self._ticket(id_, values) for id_, values in zip(ids, answer, strict=True)]

    def _ticket(self, id_: str, values: Sequence[bytes | None]) -> _Read | None:
        """A ticket from its plain fields. One that cannot be read hides no other."""
        try:
            return _ticket(id_, values)
        except ValueError as error:
            log.error("ticket_unreadable", ticket=id_, **fault_of(error))
            return None

    def _message(self, ticket: str, sealed: bytes) -> Message:
        try:
            return open_message(sealed, ticket, self._keys)
        except BadRecord:
            return Message(0, Voice.EVENT, "unreadable")

    def _remember(self, id_: str, prefix: str) -> None:
        if self._places.get(id_) == prefix:
            return
        with self._lock:
            if len(self._places) >= _MOST_PLACES:
                self._places.clear()
            self._places[id_] = prefix


def _ticket(id_: str, values: Sequence[bytes | None]) -> _Read | None:
    """A ticket from its plain fields; None where there is none."""
    fields = {name: (value or b"").decode() for name, value in zip(PLAIN, values, strict=True)}
    if not fields["stage"]:
        return None
    numbers = _Numbers(fields)
    ticket = Ticket(
        id=id_,
        stage=Stage(fields["stage"]),
        person=fields["person"],
        channel=Channel(fields["channel"]),
        language=fields["language"],
        topic=fields["topic"],
        danger=fields["danger"] or ("possible" if fields["maybe"] else ""),
        opened_s=numbers["opened"],
        promised_s=numbers["promised"],
        said_s=numbers["said"],
        revision=numbers["rev"],
        advisor=fields["advisor"],
        raised=bool(fields["raised"]),
        alarm=Alarm(fields["alarm"]) if fields["alarm"] else None,
        taken_s=numbers["taken"],
        first_answer_s=numbers["first"],
        answered_s=numbers["answered"],
        closed_s=numbers["closed"],
        outcome=Outcome(fields["outcome"]) if fields["outcome"] else None,
        safe_time=fields["safe"],
        path=tuple(filter(None, fields["path"].split(","))),
        messages=numbers["n"],
        size_bytes=numbers["bytes"],
        beyond=numbers["beyond"],
        unanswered_s=numbers["unanswered"],
        told_s=numbers["told"],
        danger_s=numbers["danger_s"],
        danger_answered=bool(fields["reached"]),
    )
    return _Read(ticket, fields["moving"])


class _Numbers:
    """Fields that are seconds or counts; 0 where there is nothing."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = fields

    def __getitem__(self, name: str) -> int:
        return int(self._fields[name] or 0)
