"""Messages that will not be sent: kept sealed for a week, with the reason, so that somebody can look and try again.

They stand in one place for all people, with a list for each person: whoever is deleted leaves this place too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from webhook.outbox.scripts import DROP_LETTERS, GIVE_UP, READ_HASHES
from webhook.store.connection import Connection
from webhook.store.keyspace import OUT_PREFIX
from webhook.store.lifetimes import DAY_S

LETTERS_TTL_S = 7 * DAY_S
CLAIM_S = 30
ALL_KEY = f"{OUT_PREFIX}gone"


@dataclass(frozen=True, slots=True)
class Letter:
    """One message that was given up. `written` is the sealed entry, b"" where no copy of it was left."""

    id: str
    person: str
    reason: str
    code: int
    at_s: int
    written: bytes = field(repr=False)


class GivenUp:
    """All messages that were given up, of the last seven days. Raises StoreDown."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, letter: Letter) -> None:
        """Keep one. A second time it takes the place of the first."""
        pairs: list[str | bytes | int] = [
            "person",
            letter.person,
            "reason",
            letter.reason,
            "code",
            letter.code,
            "at",
            letter.at_s,
        ]
        args: list[str | bytes | int] = [letter.id, letter.at_s, LETTERS_TTL_S, *pairs, "written", letter.written]
        self._connection.run(GIVE_UP, [_letter_key(letter.id), ALL_KEY, _person_key(letter.person)], args)

    def latest(self, most: int = 200) -> list[Letter]:
        """The newest first."""
        ids = self._connection.command("ZRANGE", ALL_KEY, 0, most - 1, "REV")
        return self.of([id_.decode() for id_ in ids])

    def of(self, ids: Sequence[str]) -> list[Letter]:
        """Those of these ids that are there, in their order."""
        if not ids:
            return []
        hashes = self._connection.run(READ_HASHES, [_letter_key(id_) for id_ in ids])
        return [_read(id_, fields) for id_, fields in zip(ids, hashes, strict=True) if fields]

    def count(self) -> int:
        return int(self._connection.command("ZCARD", ALL_KEY))

    def claim(self, letter: Letter) -> bool:
        """Whether it is for whoever asks to send it again, and not for somebody who clicked at the same moment."""
        return bool(self._connection.command("SET", f"{_letter_key(letter.id)}:again", 1, "NX", "EX", CLAIM_S))

    def drop(self, letter: Letter) -> bool:
        """Take one away."""
        return self._drop(letter.person, [letter.id])

    def forget(self, people: Iterable[str]) -> None:
        """Take away all of a person who was deleted, under every code they were known by. Can be repeated."""
        for person in people:
            ids = self._connection.command("SMEMBERS", _person_key(person))
            if ids:
                self._drop(person, [id_.decode() for id_ in ids])

    def _drop(self, person: str, ids: Sequence[str]) -> bool:
        keys = [ALL_KEY, _person_key(person), *(_letter_key(id_) for id_ in ids)]
        return bool(self._connection.run(DROP_LETTERS, keys, ids))


def _letter_key(id_: str) -> str:
    return f"{OUT_PREFIX}g:{id_}"


def _person_key(person: str) -> str:
    return f"{OUT_PREFIX}gp:{person}"


def _read(id_: str, fields: Sequence[bytes]) -> Letter:
    named = dict(zip(fields[::2], fields[1::2], strict=True))
    return Letter(
        id=id_,
        person=named[b"person"].decode(),
        reason=named[b"reason"].decode(),
        code=int(named[b"code"]),
        at_s=int(named[b"at"]),
        written=named[b"written"],
    )
