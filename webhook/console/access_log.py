"""The access log: who opened, answered, revealed or exported what, and when. For twelve months, without any content.

It is a stream of the store that is only ever added to. Nothing here takes an entry out or changes one; the store drops
what is older than twelve months when the next entry comes. An entry holds ids; the reason somebody gave for revealing a
number is sealed. Write the entry first and show afterwards: what cannot be logged is not shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum

from webhook.keys import Keys, Unopened
from webhook.store.connection import Connection
from webhook.store.keyspace import STAFF_PREFIX
from webhook.store.scripts import Script

KEPT_S = 365 * 24 * 3600
MAX_REASON_CHARACTERS = 200
PAGE_ENTRIES = 100
_READ_AT_ONCE = 500
_MOST_READ = 50_000
_STREAM = f"{STAFF_PREFIX}access"

# KEYS  1 the log      ARGV  1 now, ms · 2 oldest kept, ms · 3… names and values
# The entry gets the moment as its id; behind a clock that was set back, the next id after the last.
ADD_ENTRY = Script(
    """
local words = {}
for i = 3, #ARGV do words[#words + 1] = ARGV[i] end
local trim = ARGV[2] .. '-0'
local added = redis.pcall('XADD', KEYS[1], 'MINID', '=', trim, ARGV[1] .. '-*', unpack(words))
if type(added) == 'table' and added.err then
  added = redis.call('XADD', KEYS[1], 'MINID', '=', trim, '*', unpack(words))
end
return added
"""
)


class Did(StrEnum):
    """What somebody did."""

    LOGGED_IN = "logged_in"
    LOGGED_OUT = "logged_out"
    LOGIN_FAILED = (
        "login_failed"  # to the account it is about, if there is one; tries that were held back are not counted
    )
    ACCOUNT_ADDED = "account_added"
    ACCOUNT_CHANGED = "account_changed"
    OPENED = "opened"
    TOOK = "took"
    REPLIED = "replied"
    NOTED = "noted"
    TRANSFERRED = "transferred"
    CLOSED = "closed"
    REVEALED = "revealed"
    MEDIA_OPENED = "media_opened"
    RETRIED = "retried"  # a message that was given up goes out again
    DROPPED = "dropped"
    EXPORTED = "exported"
    LOG_OPENED = "log_opened"


@dataclass(frozen=True, slots=True)
class Access:
    """One entry. `user` did it ("" when nobody was logged in), `about` is the account it was done to, if any."""

    id: str
    at: datetime
    user: str
    did: str
    ticket: str = ""
    about: str = ""
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AccessPage:
    """Entries, newest first, and from where the next page goes on; "" when this is the last."""

    entries: tuple[Access, ...]
    older: str = ""


class AccessLog:
    """The log in the store. Raises StoreDown from every method."""

    def __init__(self, connection: Connection, keys: Keys, now: Callable[[], float]) -> None:
        self._connection = connection
        self._keys = keys
        self._now = now

    def note(self, user: str, did: Did, *, ticket: str = "", about: str = "", reason: str = "") -> None:
        """Add an entry."""
        now_ms = int(self._now() * 1000)
        words: list[str | bytes | int] = [now_ms, max(0, now_ms - KEPT_S * 1000), "user", user, "did", did.value]
        if ticket:
            words += ["ticket", ticket]
        if about:
            words += ["about", about]
        if reason:
            words += ["reason", self._keys.seal(reason.strip()[:MAX_REASON_CHARACTERS], _about(user, ticket))]
        self._connection.run(ADD_ENTRY, [_STREAM], words)

    def page(self, *, user: str = "", ticket: str = "", day: date | None = None, before: str = "") -> AccessPage:
        """Entries of a user (done by them or to them), of a ticket, of a day; those older than `before`."""
        found: list[Access] = []
        for read, entry in enumerate(self._newest_first(day, before), start=1):
            if (not user or user in (entry.user, entry.about)) and (not ticket or ticket == entry.ticket):
                found.append(entry)
            if len(found) == PAGE_ENTRIES or read == _MOST_READ:
                return AccessPage(tuple(found), entry.id)
        return AccessPage(tuple(found))

    def _newest_first(self, day: date | None, before: str) -> Iterator[Access]:
        first_ms = _ms(day) if day else 0
        end, start = (f"({before}" if before else "+"), "-"
        if day:
            start = str(first_ms)
            last_ms = first_ms + 24 * 3600 * 1000 - 1
            if not before or int(before.partition("-")[0]) > last_ms:
                end = str(last_ms)
        while True:
            rows = self._connection.command("XREVRANGE", _STREAM, end, start, "COUNT", _READ_AT_ONCE)
            for id_, fields in rows:
                yield self._read(id_.decode(), fields)
            if len(rows) < _READ_AT_ONCE:
                return
            end = f"({rows[-1][0].decode()}"

    def _read(self, id_: str, fields: list[bytes] | dict[bytes, bytes]) -> Access:
        pairs = fields if isinstance(fields, dict) else dict(zip(fields[::2], fields[1::2], strict=True))
        user, ticket = pairs.get(b"user", b"").decode(), pairs.get(b"ticket", b"").decode()
        return Access(
            id=id_,
            at=datetime.fromtimestamp(int(id_.partition("-")[0]) / 1000, UTC),
            user=user,
            did=pairs.get(b"did", b"").decode(),
            ticket=ticket,
            about=pairs.get(b"about", b"").decode(),
            reason=self._reason(pairs.get(b"reason"), user, ticket),
        )

    def _reason(self, sealed: bytes | None, user: str, ticket: str) -> str:
        try:
            return self._keys.open(sealed, _about(user, ticket)) if sealed else ""
        except Unopened:
            return "…"


def _ms(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


def _about(user: str, ticket: str) -> str:
    return f"access:{user}:{ticket}"
