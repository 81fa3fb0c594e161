"""The outbox in the store: who has something to send, who is sending it, and what became of it.

A sender takes a person, not a message: so the order of each person's messages is kept, while different people are served
at the same time. A claim ends by itself; then another sender goes on where the first one stopped.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bot.inbound import Channel
from bot.session import Prefs, Unreadable, dump_prefs, load_prefs
from webhook.outbox.attempts import Attempts, dump_attempts, load_attempts
from webhook.outbox.entries import id_of
from webhook.outbox.scripts import BEGIN_ATTEMPT, BRING_BACK, CLAIM, COPIES_S, FINISH, KEPT_S, PUT, WITHDRAW
from webhook.store.connection import Connection
from webhook.store.keyspace import DUE_KEYS, Records
from webhook.store.moving import Args
from webhook.store.scripts import REPLACE_IF_SAME

CLAIM_S = 30.0
ATTEMPT_S = 45.0  # longer than a request to the provider can take
TEMPLATE_FAILED = "failed"
_TOKEN_BYTES = 9
_ROUNDS = 5


class Begun(StrEnum):
    """Whether the message may go out now."""

    BEGUN = "begun"
    LOST = "lost"  # somebody else has the person by now, or the entry is gone
    CHANGED = "changed"  # the person's preferences were changed meanwhile: look again


@dataclass(frozen=True, slots=True)
class Claimed:
    """A person who was claimed: the first entry as it is written, what is known of its attempts, and what the person wishes.

    `active_s` says by channel when the person last wrote there (0: not known any more); `asked` is when the template was
    sent to them ("" never, "failed" if it could not be).
    """

    person: str
    token: str
    entry_id: str
    written: bytes = field(repr=False)
    attempts: Attempts
    raw_prefs: bytes = field(repr=False)
    prefs: Prefs
    active_s: dict[Channel, int]
    asked: str = ""


@dataclass(frozen=True, slots=True)
class Copy:
    """A message that the provider has accepted, kept for a short while in case it fails after all."""

    until_s: int
    sid: str
    attempts: Attempts
    written: bytes = field(repr=False)
    raw: bytes = field(repr=False)


class Outbox:
    """The outboxes of all people. Raises StoreDown from every method."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def due(self, now_s: float, most: int) -> list[str]:
        """People whose time has come, at most so many of each partition; who has waited longest first."""
        found: list[str] = []
        for key in DUE_KEYS:
            people = self._connection.command("ZRANGEBYSCORE", key, "-inf", _moment(now_s), "LIMIT", 0, most)
            found.extend(person.decode() for person in people)
        return found

    def waiting(self, now_s: float) -> tuple[int, float]:
        """How many people have something waiting, and for how many seconds the longest has been overdue."""
        people, oldest_s = 0, now_s
        for key in DUE_KEYS:
            people += int(self._connection.command("ZCARD", key))
            first = self._connection.command("ZRANGE", key, 0, 0, "WITHSCORES")
            if first:
                oldest_s = min(oldest_s, float(first[1]))
        return people, now_s - oldest_s

    def claim(self, person: str, now_s: float, for_s: float = CLAIM_S) -> Claimed | None:
        """Take a person who is due. None if they are not, or somebody else has them, or nothing is there any more."""
        records, token = Records(person), secrets.token_urlsafe(_TOKEN_BYTES)
        keys = [records.due, records.outbox, records.attempts, records.prefs, *records.sessions]
        answer = self._connection.run(CLAIM, keys, [person, _moment(now_s), token, _moment(now_s + for_s)])
        if answer[0] != b"claimed":
            return None
        _, written, attempts, raw_prefs, asked, *sessions = answer
        return Claimed(
            person=person,
            token=token,
            entry_id=id_of(written),
            written=written,
            attempts=load_attempts(attempts),
            raw_prefs=raw_prefs,
            prefs=_prefs(raw_prefs),
            active_s=dict(zip(Channel, map(_active_s, sessions), strict=True)),
            asked=asked.decode(),
        )

    def begin(self, claimed: Claimed, attempts: Attempts, now_s: float, for_s: float = ATTEMPT_S) -> Begun:
        """Write down that the message goes out now, unless anything speaks against it."""
        records = Records(claimed.person)
        keys = [records.due, records.outbox, records.attempts, records.prefs]
        args: Args = [claimed.person, claimed.token, claimed.entry_id, claimed.raw_prefs, dump_attempts(attempts)]
        return Begun(self._connection.run(BEGIN_ATTEMPT, keys, [*args, _moment(now_s + for_s)]).decode())

    def sent(self, claimed: Claimed, sid: str, attempts: Attempts, now_s: float, *, asks: bool = False) -> bool:
        """It was accepted: take it out, and keep a sealed copy for half an hour. `asks`: it asks the person to write."""
        until_s = int(now_s) + COPIES_S
        copy = f"{until_s} {sid} {dump_attempts(attempts)} ".encode() + claimed.written
        return self._finish(claimed, "pop", now_s, copy=copy, asked=str(int(now_s)) if asks else "")

    def mark(self, claimed: Claimed, attempts: Attempts, now_s: float) -> bool:
        """Write down what is known of its attempts, and go on with it."""
        return self._finish(claimed, "mark", now_s, attempts=attempts)

    def drop(self, claimed: Claimed, now_s: float, *, asked: str = "") -> bool:
        """Take it out without having sent it."""
        return self._finish(claimed, "pop", now_s, asked=asked)

    def later(self, claimed: Claimed, attempts: Attempts, now_s: float, at_s: float) -> bool:
        """Not before a moment, whatever the person does."""
        return self._finish(claimed, "later", now_s, attempts=attempts, at_s=at_s, not_before=True)

    def park(self, claimed: Claimed, attempts: Attempts, now_s: float, look_at_s: float) -> bool:
        """When the person writes; until then look again at a moment."""
        return self._finish(claimed, "later", now_s, attempts=attempts, at_s=look_at_s)

    def put_before(self, claimed: Claimed, attempts: Attempts, written: bytes, now_s: float) -> bool:
        """Let another entry go first (the template that asks the person to write)."""
        return self._finish(claimed, "front", now_s, attempts=attempts, front=written, asked=str(int(now_s)))

    def put(self, person: str, written: bytes, now_s: float) -> bool:
        """Append an entry. False if it is there already."""
        records = Records(person)
        args: Args = [person, _moment(now_s), id_of(written), written]
        return bool(self._connection.run(PUT, [records.due, records.outbox], args))

    def copy(self, person: str, entry_id: str) -> Copy | None:
        """The copy of a message that was accepted, if it is still kept."""
        raw = self._connection.command("HGET", Records(person).attempts, f"c:{entry_id}")
        if not raw:
            return None
        until, sid, attempts, written = raw.split(b" ", 3)
        return Copy(int(until), sid.decode(), load_attempts(attempts), written, raw)

    def copied(self, person: str) -> list[str]:
        """The ids of the entries of which a copy is kept."""
        names: Sequence[bytes] = self._connection.command("HKEYS", Records(person).attempts)
        return [name[2:].decode() for name in names if name.startswith(b"c:")]

    def bring_back(self, person: str, entry_id: str, copy: Copy, attempts: Attempts, now_s: float, at_s: float) -> bool:
        """Put a message that failed after all back into the outbox. False if its copy is gone."""
        records = Records(person)
        keys = [records.due, records.outbox, records.attempts]
        args: Args = [person, entry_id, copy.raw, copy.written, dump_attempts(attempts), _moment(now_s), _moment(at_s)]
        return bool(self._connection.run(BRING_BACK, keys, args))

    def withdraw(self, person: str, entry_id: str) -> bool:
        """Take an entry out, wherever it stands in the list."""
        records = Records(person)
        keys = [records.due, records.outbox, records.attempts]
        return bool(self._connection.run(WITHDRAW, keys, [person, entry_id]))

    def opt_out(self, person: str, channel: Channel) -> None:
        """The provider says that the person wants no messages on a channel: from now on nobody sends any."""
        records = Records(person)
        for _ in range(_ROUNDS):
            raw = self._connection.command("GET", records.prefs) or b""
            prefs = _prefs(raw).opt_out(channel)
            if self._connection.run(REPLACE_IF_SAME, [records.prefs], [raw, dump_prefs(prefs), prefs.ttl_s]):
                return

    def template_failed(self, person: str) -> None:
        """The template did not arrive: what waits for its answer waits for nothing."""
        self._connection.command("HSET", Records(person).attempts, "asked", TEMPLATE_FAILED)
        self._connection.command("EXPIRE", Records(person).attempts, KEPT_S)

    def entries(self, person: str) -> list[bytes]:
        """All entries of a person as they are written, oldest first."""
        found: list[bytes] = self._connection.command("LRANGE", Records(person).outbox, 0, -1)
        return found

    def ticket_is_closed(self, person: str, ticket: str) -> bool:
        """Whether a ticket of the person has ended, or is not there any more."""
        stage = self._connection.command("HGET", Records(person).ticket(ticket), "stage")
        return stage is None or stage == b"closed"

    def _finish(
        self,
        claimed: Claimed,
        what: str,
        now_s: float,
        *,
        attempts: Attempts | None = None,
        copy: bytes = b"",
        at_s: float = 0.0,
        not_before: bool = False,
        front: bytes = b"",
        asked: str = "",
    ) -> bool:
        records = Records(claimed.person)
        known = dump_attempts(attempts) if attempts else ""
        args: Args = [claimed.person, claimed.token, claimed.entry_id, what, _moment(now_s), _moment(at_s), known, copy]
        args += [_moment(at_s) if not_before else "", front, asked]
        answer = self._connection.run(FINISH, [records.due, records.outbox, records.attempts], args)
        return bool(answer == b"done")


def _moment(at_s: float) -> str:
    return f"{at_s:.3f}"


def _prefs(raw: bytes) -> Prefs:
    """What cannot be read is set aside when the person writes next; until then nothing is known of them."""
    try:
        return load_prefs(raw or None)
    except Unreadable:
        return Prefs()


def _active_s(raw: bytes) -> int:
    """When the person last wrote, from a session as it is written (its third item)."""
    try:
        return int(json.loads(raw)[2]) if raw else 0
    except (ValueError, TypeError, IndexError, KeyError):
        return 0
