"""How far each outbound message has come, from what the provider tells late, twice and out of order.

One hash for an entry, with one field for each id the provider gave it: an entry that was sent again has two. A field only
rises, so any order of receipts ends in the same state. What the console shows is the best of them: a person who got one of
two copies got the message. No words and no addresses are kept. Whose message it was stands beside it for as long as a failure
may still bring it back, and no longer: a delivery leads to nobody.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from webhook.outbox.scripts import READ_HASHES, RECEIVE, TELL
from webhook.store.connection import Connection
from webhook.store.keyspace import delivery_key, prefix_of, whose_key
from webhook.store.lifetimes import DAY_S
from webhook.twilio_edge.status import Receipt, Status

DELIVERY_TTL_S = 31 * DAY_S
WHOSE_TTL_S = 1800  # as long as the sealed copy is kept (`webhook/outbox/store.py`)
_SID = re.compile(r"(?:SM|MM)[0-9a-f]{32}")
_ENTRY_ID = re.compile(r"[A-Za-z0-9_-]{17}", re.ASCII)
_ORDER = {status: status.rank * 100 + place for place, status in enumerate(Status)}
_CODES = 1_000_000
_AGAIN = "again"  # it failed, and is on its way once more


@dataclass(frozen=True, slots=True)
class Told:
    """What the provider has told of one of its ids."""

    status: Status
    code: int = 0

    @property
    def order(self) -> int:
        """Higher is later. Beyond the rank it only decides between what is never told of one message."""
        return _ORDER[self.status] * _CODES + self.code


@dataclass(frozen=True, slots=True)
class Delivery:
    """How far one entry has come. `reason` is why it was given up ("" if it was not), `code` the provider's error.

    `double` says that it was sent again although the first may have arrived: the person may have it twice. `person` is
    only known where a failure may have to be followed ("" otherwise).
    """

    entry: str
    status: Status
    code: int = 0
    sid: str = ""
    double: bool = False
    reason: str = ""
    person: str = ""
    told: tuple[tuple[str, Told], ...] = ()

    @property
    def has_failed(self) -> bool:
        return self.status.is_failure

    @property
    def sids(self) -> frozenset[str]:
        """All ids the provider has given it, as far as we know."""
        return frozenset(sid for sid, _ in self.told)


@dataclass(frozen=True, slots=True)
class News:
    """What a receipt has changed: nothing if it was known or overtaken (`is_news`), and how it stands now."""

    is_news: bool
    delivery: Delivery


def is_entry_id(written: str) -> bool:
    """Whether it can be the id of an entry. It comes from outside, in the address of a callback."""
    return _ENTRY_ID.fullmatch(written) is not None


class Deliveries:
    """The deliveries of all entries. Raises StoreDown from every method."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def receive(self, entry: str, receipt: Receipt) -> News:
        """Take one receipt, which may come before we know that the message was accepted."""
        news = self._tell(entry, receipt.message_id, Told(receipt.status, receipt.error_code), ())
        if not news.delivery.has_failed:
            return news
        person = self._connection.command("GET", whose_key(entry)) or b""
        return replace(news, delivery=replace(news.delivery, person=person.decode()))

    def accepted(self, entry: str, sid: str, person: str, *, double: bool = False) -> News:
        """The provider has taken it."""
        self._connection.command("SET", whose_key(entry), person, "EX", WHOSE_TTL_S)
        pairs = (*(("double", "1") if double else ()), _AGAIN, "0", "reason", "")
        news = self._tell(entry, sid, Told(Status.ACCEPTED), pairs)
        return replace(news, delivery=replace(news.delivery, person=person))

    def again(self, entry: str) -> None:
        """It failed, and goes out once more."""
        self._connection.run(TELL, [delivery_key(entry)], [DELIVERY_TTL_S, _AGAIN, "1", "reason", ""])

    def given_up(self, entry: str, reason: str, code: int) -> None:
        """It will not be sent. If it turns out that it was, that is shown instead."""
        pairs = ["reason", reason, "code", str(code or ""), _AGAIN, ""]
        self._connection.run(TELL, [delivery_key(entry)], [DELIVERY_TTL_S, *pairs])

    def may_be_double(self, entry: str) -> None:
        """It is sent again, and may have arrived before."""
        self._connection.run(TELL, [delivery_key(entry)], [DELIVERY_TTL_S, "double", "1"])

    def of(self, entries: Iterable[str]) -> dict[str, Delivery]:
        """How far entries have come; those of which nothing is known yet are left out. One question for each partition."""
        by_partition: dict[str, list[str]] = defaultdict(list)
        for entry in dict.fromkeys(entries):
            if is_entry_id(entry):
                by_partition[prefix_of(entry)].append(entry)
        found: dict[str, Delivery] = {}
        for asked in by_partition.values():
            hashes = self._connection.run(READ_HASHES, [delivery_key(entry) for entry in asked])
            for entry, fields in zip(asked, hashes, strict=True):
                if fields:
                    found[entry] = _read(entry, fields)
        return found

    def _tell(self, entry: str, sid: str, told: Told, pairs: Sequence[str]) -> News:
        args = [sid, told.order, told.status.value, told.code, DELIVERY_TTL_S, *pairs]
        is_news, fields = self._connection.run(RECEIVE, [delivery_key(entry)], args)
        return News(bool(is_news), _read(entry, fields))


def _read(entry: str, fields: Sequence[bytes]) -> Delivery:
    named = {name.decode(): value.decode() for name, value in zip(fields[::2], fields[1::2], strict=True)}
    told = {name: _told(value) for name, value in named.items() if _SID.fullmatch(name)}
    sid, status, code = _best(told, is_again=named.get(_AGAIN) == "1", reason=named.get("reason", ""))
    return Delivery(
        entry=entry,
        status=status,
        code=code or (int(named.get("code") or 0) if status.is_failure else 0),
        sid=sid,
        double=named.get("double") == "1",
        reason=named.get("reason", "") if status.is_failure else "",
        told=tuple(sorted(told.items())),
    )


def _best(told: Mapping[str, Told], *, is_again: bool, reason: str) -> tuple[str, Status, int]:
    """The id, status and code that count: of several messages the one that came furthest."""
    arrived = [(each.order, sid) for sid, each in told.items() if not each.status.is_failure]
    if arrived:
        _, sid = max(arrived)
        return sid, told[sid].status, 0
    if is_again:
        return "", Status.QUEUED, 0
    failed = [(each.order, sid) for sid, each in told.items()]
    if failed:
        _, sid = max(failed)
        return sid, told[sid].status, told[sid].code
    return "", Status.FAILED if reason else Status.QUEUED, 0


def _told(value: str) -> Told:
    _, status, code = value.split(" ")
    return Told(Status(status), int(code))
