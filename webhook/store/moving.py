"""Moves all records of a person from one code to another, while messages go on coming in.

The two codes may stand in different partitions, so no one script can do it. Records are read, put in their new place
if nothing has changed there, and let go in the old place if nothing has changed there; otherwise it begins again.
Opt-outs are never lost on the way, and no turn is lost or brought back after a delete. It can stop anywhere and be done
again.
"""

import random
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.session import Codes, Prefs, Unreadable, dump_prefs, load, load_prefs
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown
from webhook.store.keyspace import Records, prefix_of, ticket_key
from webhook.store.lifetimes import ALIAS_TTL_S, COPY_TTL_S, FENCE_TTL_S, SEEN_TTL_S, TICKET_LISTS_TTL_S
from webhook.store.scripts import (
    ADOPT,
    ADOPT_TICKET,
    READ_CODE,
    READ_TICKET,
    RELEASE_CODE,
    REPLACE_IF_SAME,
    SETTLE_TICKET,
)

_ROUNDS = 20
_PAUSE_S = 0.004
_SENDS_AFTER_S = 2  # what waits in the outbox is sent from its new place when the move is over

Args = list[str | bytes | int]


@dataclass(frozen=True, slots=True)
class KeptTicket:
    """A ticket as it was read: fields and values in turn, and what is left of its life, in ms."""

    id: str
    fields: tuple[bytes, ...] = ()
    left_ms: int = 0

    @property
    def revision(self) -> bytes:
        return dict(zip(self.fields[::2], self.fields[1::2], strict=True)).get(b"rev", b"")


@dataclass(frozen=True, slots=True)
class Kept:
    """All that is kept under one code. Sessions are pairs of a value and what is left of its life, in ms.

    `attempts` are the fields and values of the attempts at outbox entries, in turn; `going` says where the records are
    being moved, and which entries were read for that.
    """

    prefs: bytes = b""
    recent: bytes = b""
    pointer: bytes = b""
    sessions: tuple[tuple[bytes, int], ...] = ()
    entries: tuple[bytes, ...] = ()
    attempts: tuple[bytes, ...] = ()
    attempts_left_ms: int = 0
    tickets: tuple[KeptTicket, ...] = ()
    going: bytes = b""

    @property
    def is_empty(self) -> bool:
        sent = self.entries or self.attempts or self.tickets
        return not (self.prefs or self.recent or sent or any(raw for raw, _ in self.sessions))

    @property
    def gone(self) -> list[bytes]:
        """The ids of entries that were read to be moved, by whomever, and have been sent or dropped here since."""
        here = {entry.partition(b" ")[0] for entry in self.entries}
        return [id_ for id_ in self.going.split()[1:] if id_ not in here]

    def goes_to(self, target: str) -> bool:
        """Whether nobody moves these records to another person."""
        return self.going.split()[:1] in ([], [target.encode()])


class Move:
    """Moves records during one turn, at `at_s`. `set_aside` keeps what cannot be read, `count` is told of a move."""

    def __init__(
        self,
        connection: Connection,
        codes: Codes,
        at_s: int,
        set_aside: Callable[[Records, str, bytes], None],
        count: Callable[[str], None],
    ) -> None:
        self.at_s = at_s
        self._connection = connection
        self._codes = codes
        self._set_aside = set_aside
        self._count = count

    def __call__(self, source: str, target: str, *, alias_to: str = "") -> bool:
        """Move all records from one code to another, and say whether there were any.

        If the old code is a number, its alias leads to `alias_to` afterwards.
        """
        if self._release(source, target, alias_to, Kept(), []):  # nothing there: by far the most frequent case
            return False
        for round_ in range(_ROUNDS):
            time.sleep(random.random() * round_ * _PAUSE_S)  # two who move at once must not go on in step
            fence = secrets.token_urlsafe(6)
            self._connection.command("SET", Records(target).fence, fence, "EX", FENCE_TTL_S)
            kept = self._kept(source, target)
            if not kept.goes_to(target):
                continue
            ids = recent_ids(kept.recent)
            if kept.pointer:
                self._repoint(kept.pointer, source, target)
            mark = f"{source} {alias_to}"
            if not self._adopt_tickets(source, target, kept.tickets, mark, fence):
                continue
            if not (kept.is_empty and not kept.gone) and not self._adopt(source, target, kept, ids, fence):
                continue
            if self._release(source, target, alias_to, kept, ids):
                for ticket in kept.tickets:
                    settle(self._connection, target, ticket.id, mark)
                self._connection.run(REPLACE_IF_SAME, [Records(target).fence], [f"done {fence}", "", 0])
                self._count("person_moved")
                return True
        raise StoreDown("the records of a person changed too often to be moved")

    def finish(self, target: str, ticket: str, mark: str) -> None:
        """Complete a move that stopped after a ticket was copied, as its mark says."""
        source, alias_to = mark.split(" ")
        self(source, target, alias_to=alias_to)
        settle(self._connection, target, ticket, mark)

    def _kept(self, code: str, to: str = "") -> Kept:
        """What is kept under a code; with `to`, it is written down there that it moves."""
        records = Records(code)
        keys = [records.prefs, records.recent, records.pointer, records.outbox, records.attempts, records.tickets]
        answer = self._connection.run(READ_CODE, [*keys, records.going, *records.sessions], [to, FENCE_TTL_S])
        (prefs, recent, pointer), sessions, entries, attempts, attempts_left_ms, tickets, going = answer
        pairs = zip(sessions[::2], sessions[1::2], strict=True)
        return Kept(
            prefs=prefs or b"",
            recent=recent or b"",
            pointer=pointer or b"",
            sessions=tuple((raw or b"", left_ms) for raw, left_ms in pairs),
            entries=tuple(entries),
            attempts=tuple(attempts),
            attempts_left_ms=attempts_left_ms,
            tickets=tuple(self._ticket(records, id_.decode()) for id_ in sorted(tickets)),
            going=going,
        )

    def _ticket(self, records: Records, id_: str) -> KeptTicket:
        fields, left_ms = self._connection.run(READ_TICKET, [records.ticket(id_)])
        return KeptTicket(id_, tuple(fields), left_ms)

    def _adopt_tickets(
        self, source: str, target: str, tickets: Sequence[KeptTicket], mark: str, fence: str
    ) -> bool:  # fmt: skip
        """Copy the tickets, each marked as not counting yet. In the same partition they stay where they are."""
        if prefix_of(source) == prefix_of(target):
            return True
        records = Records(target)
        for ticket in tickets:
            if not ticket.fields:
                continue
            args: Args = [fence, ticket.id, mark, target, max(1, ticket.left_ms), TICKET_LISTS_TTL_S, *ticket.fields]
            if not self._connection.run(ADOPT_TICKET, [*records.ticket_keys(ticket.id), records.fence], args):
                return False
        return True

    def _adopt(self, source: str, target: str, kept: Kept, ids: Sequence[str], fence: str) -> bool:
        mine, theirs = Records(target), Records(source)
        here = self._kept(target)
        prefs, prefs_ttl_s = self._merged(mine, here.prefs, kept.prefs)
        keys = [mine.prefs, mine.recent, mine.outbox, mine.due, mine.fence, mine.attempts, *mine.sessions]
        args: Args = [here.prefs, prefs, prefs_ttl_s, kept.recent, COPY_TTL_S, target, self.at_s + _SENDS_AFTER_S]
        args += (SEEN_TTL_S, len(mine.sessions), len(ids), fence)
        args += (len(kept.attempts), kept.attempts_left_ms, len(kept.gone))
        for (raw_here, _), (raw, left_ms) in zip(here.sessions, kept.sessions, strict=True):
            args += (raw_here, raw if self._is_newer(raw, raw_here) else b"", max(1, left_ms))
        if ids:
            found = self._connection.read([key for id_ in ids for key in (theirs.seen(id_), theirs.copy(id_))])
            keys += [key for id_ in ids for key in (mine.seen(id_), mine.copy(id_))]
            args += [value or b"" for value in found]
        args += (*kept.attempts, *kept.gone, *kept.entries)
        return bool(self._connection.run(ADOPT, keys, args))

    def _is_newer(self, raw: bytes, than: bytes) -> bool:
        """Whether a session is to replace another: the one the person used last. What cannot be read is older."""
        return self._last_used(raw) > self._last_used(than)

    def _last_used(self, raw: bytes) -> tuple[int, int]:
        if not raw:
            return (-2, 0)
        try:
            session = load(raw, self._codes)
        except Unreadable:
            return (-1, 0)
        return (session.active_s, session.version)

    def _merged(self, records: Records, raw_mine: bytes, raw_theirs: bytes) -> tuple[str, int]:
        """The preferences to write and their lifetime; ("", 0) when nothing changes. An opt-out of either holds."""
        if not raw_theirs:
            return "", 0
        mine, theirs = self._prefs(records, raw_mine), self._prefs(records, raw_theirs)
        merged = replace(
            mine,
            language=mine.language or theirs.language,
            consent=theirs.consent if mine.consent is None else mine.consent,
            opted_out=mine.opted_out | theirs.opted_out,
        )
        if merged == mine:
            return "", 0
        return dump_prefs(merged), merged.ttl_s

    def _prefs(self, records: Records, raw: bytes) -> Prefs:
        try:
            return load_prefs(raw or None)
        except Unreadable:
            self._set_aside(records, "prefs", raw)
            return Prefs()

    def _release(self, code: str, target: str, alias_to: str, kept: Kept, ids: Sequence[str]) -> bool:
        records = Records(code)
        stays = prefix_of(code) == prefix_of(target)
        keys = [records.alias, records.prefs, records.recent, records.pointer, records.outbox, records.attempts]
        keys += [records.due, records.tickets, *records.desk, Records(target).tickets if stays else records.tickets]
        keys += [records.going, *records.sessions, *(records.ticket(ticket.id) for ticket in kept.tickets)]
        keys += [records.copy(id_) for id_ in ids]
        raws = [raw for raw, _ in kept.sessions] or [b""] * len(records.sessions)
        args: Args = [code, alias_to, ALIAS_TTL_S, kept.prefs, kept.recent, kept.pointer]
        args += (target if stays else "", TICKET_LISTS_TTL_S)
        args += (len(kept.entries), len(kept.attempts), len(raws), len(kept.tickets), kept.going)
        args += (*kept.entries, *kept.attempts, *raws)
        for ticket in kept.tickets:
            args += (ticket.id, ticket.revision)
        return bool(self._connection.run(RELEASE_CODE, keys, args))

    def _repoint(self, pointer: bytes, source: str, target: str) -> None:
        """The number that led to the old code leads to the new one, which remembers it, so that delete finds it."""
        number = pointer.decode().split(" ")[0]
        self._connection.run(REPLACE_IF_SAME, [Records(number).alias], [source, target, ALIAS_TTL_S])
        self._connection.command("SET", Records(target).pointer, f"{number} 0", "NX", "EX", ALIAS_TTL_S)


def settle(connection: Connection, person: str, ticket: str, mark: str) -> None:
    """Let the copy of a ticket count, unless the one it was copied from is still there."""
    source = mark.split(" ")[0]
    if not connection.command("EXISTS", ticket_key(prefix_of(source), ticket)):
        records = Records(person)
        connection.run(SETTLE_TICKET, [records.ticket(ticket), records.desk[2]], [mark])


def flat(answer: Any) -> tuple[bytes, ...]:
    """What HGETALL answers, whichever way the client gives it: fields and values in turn."""
    if isinstance(answer, dict):
        return tuple(part for pair in answer.items() for part in pair)
    return tuple(answer)


def recent_ids(recent: bytes) -> list[str]:
    """The message ids in a record of recent ids: pairs of a second and an id."""
    return recent.decode().split(" ")[1::2]
