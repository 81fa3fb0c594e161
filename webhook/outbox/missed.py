"""Messages that reached Twilio and not us: found by listing, every few minutes, and answered if it is not too late.

Twilio tries the webhook and the fallback address, and then never again. So the messages to our numbers are listed now and
then; an id that has no seen mark was missed. A young one gets the ordinary answer, through the outbox; an old one joins the
person's ticket, or is counted: an answer out of nowhere, an hour later, would only frighten.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from webhook.keys import Keys
from webhook.observe import fault_of
from webhook.outbox.entries import Entry, Kind, new_id, write
from webhook.outbox.provider import Incoming, Provider, ProviderDown
from webhook.store.connection import Connection
from webhook.store.keyspace import OUT_PREFIX, plain_id
from webhook.twilio_edge.inbound import BadWebhook, Received, read_inbound

EVERY_S = 180.0
SKEW_S = 2
YOUNG_S = 600
FIRST_LOOK_S = 600  # what a new installation looks back
LONGEST_LOOK_S = 24 * 3600
SETTLING_S = 20  # the webhook itself may still be at work on it
_LOCK = f"{OUT_PREFIX}missed"

log = structlog.get_logger()


class LateAnswers(Protocol):
    """The conversation, as it answers what came by another way than the webhook.

    Both give what happened, in a word for the metrics: "seen" if the message had been answered before.
    """

    def answer_by_outbox(self, received: Received, write: Callable[[str, str], bytes]) -> str: ...

    def take_late(self, received: Received) -> str: ...


@dataclass(frozen=True, slots=True)
class Missed:
    """Looks for messages to our numbers (`senders`; none: to any of the account) that never reached us."""

    connection: Connection
    keys: Keys
    provider: Provider
    senders: Sequence[str]
    conversation: Callable[[], LateAnswers]
    count: Callable[[str], None]
    clock: Callable[[], float]
    every_s: float = EVERY_S

    def look(self) -> bool:
        """Look, unless another sender has looked within the last minutes. Raises StoreDown; says whether it looked."""
        hold_ms = max(1, int(self.every_s * 950))
        if not self.connection.command("SET", _LOCK, "1", "NX", "PX", hold_ms):
            return False
        for sender in self.senders or ("",):
            try:
                self._look_at(sender)
            except ProviderDown as down:
                log.warning("missed_not_listed", why=str(down))
        return True

    def _look_at(self, sender: str) -> None:
        key = f"{OUT_PREFIX}looked:{plain_id(sender or 'all')}"
        now_s = self.clock()
        looked = self.connection.command("GET", key)
        since_s = max(now_s - LONGEST_LOOK_S, float(looked) if looked else now_s - FIRST_LOOK_S)
        until_s = end_s = now_s - SETTLING_S
        since = datetime.fromtimestamp(since_s - SKEW_S, UTC)
        found = sorted(self.provider.received(sender, since), key=lambda incoming: incoming.received_at)
        for incoming in found:
            at_s = incoming.received_at.timestamp()
            if at_s <= end_s and not self._take(incoming, now_s):
                until_s = min(until_s, at_s)  # the next look begins with it again
        self.connection.command("SET", key, f"{until_s:.0f}", "EX", 7 * 24 * 3600)

    def _take(self, incoming: Incoming, now_s: float) -> bool:
        """Take one message; False if it must be looked at again."""
        fields = [
            ("MessageSid", incoming.sid),
            ("From", incoming.address),
            ("To", incoming.sender),
            ("Body", incoming.text),
            ("NumMedia", str(incoming.media)),
        ]
        at = incoming.received_at.astimezone(UTC)
        try:
            received = read_inbound(fields, received_at=at, keys=self.keys)
        except BadWebhook:
            return True
        is_young = datetime.fromtimestamp(now_s, UTC) - at < timedelta(seconds=YOUNG_S)
        try:
            what = self._answered(received) if is_young else self.conversation().take_late(received)
        except ValueError as fault:  # one that cannot be taken must not hide the others
            log.error("missed_not_taken", **fault_of(fault))
            what = "failed"
        if what != "seen":
            self.count(what)
            log.warning("inbound_missed", message=incoming.sid, what=what)
        return what != "conflict"

    def _answered(self, received: Received) -> str:
        """Answer through the outbox: one turn, one way."""

        def write_entry(person: str, text: str) -> bytes:
            entry = Entry(
                id=new_id(person),
                kind=Kind.REPLY,
                channel=received.inbound.channel,
                address=received.address,
                sender=received.sender,
                text=text,
                made_s=int(self.clock()),
            )
            return write(entry, self.keys)

        return self.conversation().answer_by_outbox(received, write_entry)
