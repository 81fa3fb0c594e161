"""What staff can do with a message that was given up: send it again, or let it go.

Sending again asks everything anew: whether the person still wants messages, whether WhatsApp's window is open, whether the
case is. A message of which nobody knows whether it arrived is marked as one that may come twice.
"""

from __future__ import annotations

from dataclasses import replace

from webhook.keys import Keys
from webhook.outbox.deliveries import Deliveries
from webhook.outbox.entries import BadEntry, Entry, read, write
from webhook.outbox.given_up import GivenUp, Letter
from webhook.outbox.reasons import Reason
from webhook.outbox.store import Outbox
from webhook.store.connection import Connection
from webhook.store.keyspace import Records


class SecondChance:
    """Sends again what was given up, or drops it. Raises StoreDown."""

    def __init__(self, connection: Connection, keys: Keys) -> None:
        self._connection = connection
        self._keys = keys
        self._given_up = GivenUp(connection)

    def letter(self, id_: str) -> Letter | None:
        """One message that was given up; None for an id that is none (any more)."""
        return next(iter(self._given_up.of([id_])), None)

    def entry(self, letter: Letter) -> Entry | None:
        """What it said; None when there is no copy, or none that can be read."""
        try:
            return read(letter.written, self._keys) if letter.written else None
        except BadEntry:
            return None

    def retry(self, id_: str, now_s: float) -> Letter | None:
        """Put it back into the outbox of whoever has that address now; None if nothing can be sent, or somebody did before."""
        letter = self.letter(id_)
        entry = self.entry(letter) if letter else None
        if letter is None or entry is None or not self._given_up.claim(letter):
            return None
        deliveries = Deliveries(self._connection)
        if letter.reason == Reason.OUTCOME_UNKNOWN:
            deliveries.may_be_double(id_)
        written = write(replace(entry, made_s=int(now_s)), self._keys)
        Outbox(self._connection).put(self._person_now(letter, entry), written, now_s)
        deliveries.again(id_)
        self._given_up.drop(letter)
        return letter

    def drop(self, id_: str) -> Letter | None:
        """Let it go; None if it is not there (any more)."""
        letter = self.letter(id_)
        return letter if letter and self._given_up.drop(letter) else None

    def _person_now(self, letter: Letter, entry: Entry) -> str:
        """The code of whoever has the address: a number may have got a user id since, and an opt-out stands there."""
        person = self._keys.person_of("", entry.address)
        if person.user:
            return person.key
        alias = self._connection.command("GET", Records(person.number).alias) if person.number else None
        return alias.decode() if alias else person.key or letter.person
