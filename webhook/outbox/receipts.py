"""What follows from a delivery receipt: the status is kept, and a failure brings the message back, or ends it.

Receipts come to the web process. One may come before the sender has written down that its message was accepted; then the
sender, who sees it there, asks for the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import structlog

from webhook.keys import Keys
from webhook.outbox.contents import KnownContents
from webhook.outbox.deliveries import Deliveries, Delivery
from webhook.outbox.entries import BadEntry, Kind, read
from webhook.outbox.given_up import GivenUp, Letter
from webhook.outbox.outcomes import Do, Verdict, goes_as_text, verdict_on_failure
from webhook.outbox.reasons import Reason
from webhook.outbox.store import Copy, Outbox
from webhook.store.connection import Connection
from webhook.twilio_edge.status import Receipt

log = structlog.get_logger()


class Receipts:
    """Takes receipts of outbox messages. Raises StoreDown."""

    def __init__(self, connection: Connection, keys: Keys, count: Callable[[str], None] = lambda _event: None) -> None:
        self.deliveries = Deliveries(connection)
        self._outbox = Outbox(connection)
        self._given_up = GivenUp(connection)
        self._contents = KnownContents(connection)
        self._keys = keys
        self._count = count

    def take(self, entry_id: str, receipt: Receipt, now_s: float) -> None:
        """Take one receipt, told to the address that carries the entry's id."""
        news = self.deliveries.receive(entry_id, receipt)
        if news.is_news and news.delivery.has_failed and news.delivery.sid == receipt.message_id:
            self.follow_failure(news.delivery, now_s)

    def follow_failure(self, delivery: Delivery, now_s: float) -> None:
        """Do what a failure asks that was told after the message had been accepted. Can be repeated."""
        if not delivery.person or not delivery.has_failed or delivery.reason:
            return
        copy = self._outbox.copy(delivery.person, delivery.entry)
        was_back = copy is None or copy.attempts.back
        verdict = verdict_on_failure(delivery.status, delivery.code, was_back=was_back)
        if copy is not None and copy.sid == delivery.sid and self._bring_back(delivery, copy, verdict, now_s):
            return
        if copy is not None:
            self._tell_others(delivery.person, copy, verdict)
        reason = verdict.reason or Reason.FAILED_AGAIN
        written = copy.written if copy else b""
        letter = Letter(delivery.entry, delivery.person, reason, delivery.code, int(now_s), written)
        self._given_up.put(letter)
        self.deliveries.given_up(delivery.entry, reason, delivery.code)
        self._count(reason)
        log.warning("message_failed", entry=delivery.entry, code=delivery.code, reason=reason)

    def _bring_back(self, delivery: Delivery, copy: Copy, verdict: Verdict, now_s: float) -> bool:
        """Let a message go out once more, if that is what its failure asks."""
        known = replace(copy.attempts, attempt_ms=0, slot_ms=0, back=True, old=(*copy.attempts.old, delivery.sid))
        if verdict.do is Do.REOPEN and not copy.attempts.back:
            known = replace(known, shut_s=int(now_s))
        elif not copy.attempts.plain and self._goes_as_text(copy, verdict, delivery.code):
            known = replace(known, plain=True)
            self._contents.refused(delivery.code)
            log.error("content_refused", entry=delivery.entry, code=delivery.code)
        elif verdict.do is not Do.RETRY:
            return False
        # first the delivery: a reader must never see a failure of what is on its way again
        self.deliveries.again(delivery.entry)
        at_s = now_s + verdict.after_s
        if not self._outbox.bring_back(delivery.person, delivery.entry, copy, known, now_s, at_s):
            return False
        self._count("brought_back")
        log.info("message_brought_back", entry=delivery.entry, code=delivery.code)
        return True

    def _goes_as_text(self, copy: Copy, verdict: Verdict, code: int) -> bool:
        try:
            return goes_as_text(read(copy.written, self._keys), verdict, code)
        except BadEntry:
            return False

    def _tell_others(self, person: str, copy: Copy, verdict: Verdict) -> None:
        """What the failure of one message means for those that wait behind it."""
        try:
            entry = read(copy.written, self._keys)
        except BadEntry:
            return
        if verdict.do is Do.OPT_OUT:
            self._outbox.opt_out(person, entry.channel)
        if entry.kind is Kind.TEMPLATE:
            self._outbox.template_failed(person)
