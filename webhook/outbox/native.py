"""Decides whether a reply leaves as buttons or a list, through the outbox, instead of as text in the webhook's answer.

TwiML cannot carry rows to tap. A turn uses one way, never both; and whenever anything speaks against the outbox the
numbered text goes back at once, as it does without all this: nobody may hear nothing because a sender is not there.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from bot.turn import Clears, Turn
from webhook.keys import Keys
from webhook.outbox.contents import Known, KnownContents, variables_of
from webhook.outbox.entries import Entry, Kind, new_id, write
from webhook.outbox.heartbeat import Heartbeat
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown
from webhook.store.keyspace import Records
from webhook.twilio_edge.inbound import Received

LOOK_EVERY_S = 1.0
ALIVE_WITHIN_S = 12.0  # a sender tells every five seconds that it is there
MAX_BURST = 4
"""Messages within a minute that are answered with rows. WhatsApp slows down who sends one person more; text is not counted
by our sender, and comes at once."""


@dataclass(slots=True)
class _Look:
    """What was seen last: until when it counts, and the Contents to use (None: text)."""

    until: float = 0.0
    known: Known | None = None


class NativeReplies:
    """Makes outbox entries of replies. Safe to use from any thread.

    Only Contents of this `account` are used; addresses that are `unreached` by Twilio always get text.
    """

    def __init__(
        self,
        connection: Connection,
        keys: Keys,
        account: str,
        *,
        unreached: Callable[[str], object] = lambda _address: "",
        clock: Callable[[], float] = time.time,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._connection = connection
        self._contents = KnownContents(connection)
        self._heart = Heartbeat(connection)
        self._keys = keys
        self._account = account
        self._unreached = unreached
        self._clock = clock
        self._look_every_s = look_every_s
        self._lock = threading.Lock()
        self._look = _Look()

    def entry_for(self, turn: Turn, person: str, received: Received) -> bytes | None:
        """The reply of a turn as an entry of the person's outbox; None if it goes back as text."""
        native = turn.native
        if native is None or not turn.reply or turn.clears is not Clears.NOTHING:
            return None
        if turn.state.session.burst > MAX_BURST or self._unreached(received.address):
            return None
        known = self._known()
        content = known.id_for(len(native.rows), turn.language) if known else ""
        if not content or self._is_busy(person):
            return None
        entry = Entry(
            id=new_id(person),
            kind=Kind.REPLY,
            channel=received.inbound.channel,
            address=received.address,
            sender=received.sender,
            text=turn.reply,
            made_s=received.inbound.at_s,
            content_sid=content,
            variables=json.dumps(variables_of(native), ensure_ascii=False, separators=(",", ":")),
        )
        return write(entry, self._keys)

    def _is_busy(self, person: str) -> bool:
        """Whether something waits for the person already: a reply must not stand in line behind it."""
        try:
            return bool(self._connection.command("LLEN", Records(person).outbox))
        except StoreDown:
            return True

    def _known(self) -> Known | None:
        """The Contents while they can be used and somebody sends. Looked up at most once a second."""
        now = self._clock()
        with self._lock:
            if now < self._look.until <= now + self._look_every_s:
                return self._look.known
            self._look.until = now + self._look_every_s  # the others go on with what was seen last
        known = self._look_up(now)
        with self._lock:
            self._look.known = known
        return known

    def _look_up(self, now: float) -> Known | None:
        try:
            known = self._contents.usable()
            if known is None or not known.ids or known.account != self._account:
                return None
            return known if self._heart.senders(now, within_s=ALIVE_WITHIN_S) else None
        except StoreDown:
            return None
