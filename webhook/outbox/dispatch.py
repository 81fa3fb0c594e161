"""Sends the first message of one person, or decides why not now, or why never.

Whatever happens in between (a kill, a lost answer, a store that restarts), the next look finds in the attempts how far it
had come. An attempt that was begun and not ended may have reached the person: before it is repeated, once, three things
are asked: has a callback come, does the provider list such a message, and has enough time passed for it to be listed.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import structlog

from bot.inbound import Channel
from webhook.keys import Keys
from webhook.outbox.attempts import Attempts
from webhook.outbox.contents import KnownContents
from webhook.outbox.counting import SenderMetrics
from webhook.outbox.deliveries import Deliveries, Delivery
from webhook.outbox.entries import BadEntry, Entry, Kind, new_id, read, write
from webhook.outbox.given_up import GivenUp, Letter
from webhook.outbox.limits import Limits, seconds_to_midnight
from webhook.outbox.outcomes import Answer, Came, Do, Verdict, goes_as_text, verdict_on
from webhook.outbox.provider import Outgoing, Provider, ProviderDown
from webhook.outbox.reasons import Reason
from webhook.outbox.receipts import Receipts
from webhook.outbox.store import ATTEMPT_S, CLAIM_S, TEMPLATE_FAILED, Begun, Claimed, Outbox
from webhook.outbox.trouble import Trouble
from webhook.settings import Sending
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown

WINDOW_S = 24 * 3600 - 600  # the last ten minutes are not relied on
MAX_AGE_S = 4 * 3600
MAX_PARKED_S = 72 * 3600
CLOCKS_DIFFER_S = 5.0  # between the provider's clock and ours, and its whole seconds
SLOT_HOLDS_S = 60.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient a sender is, in seconds."""

    claim_s: float = CLAIM_S
    attempt_s: float = ATTEMPT_S
    ask_after_s: float = 8.0  # after a lost answer: a callback may come by then
    resend_after_s: float = 20.0  # and only then is it believed that the provider does not list it
    ask_again_s: float = 15.0  # when the provider could not be asked
    parked_look_s: float = 1800.0
    capped_look_s: float = 300.0
    trouble_s: float = 10.0  # while the provider fails, one message is tried after so long, then more seldom


@dataclass(frozen=True, slots=True)
class Parts:
    """What a sender works with."""

    connection: Connection
    keys: Keys
    provider: Provider
    sending: Sending
    metrics: SenderMetrics
    pace: Pace = Pace()
    clock: Callable[[], float] = time.time
    jitter: Callable[[], float] = random.random


class Dispatcher:
    """Sends for one person at a time. Safe to use from any thread. Raises StoreDown."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._outbox = Outbox(parts.connection)
        self._deliveries = Deliveries(parts.connection)
        self._given_up = GivenUp(parts.connection)
        self._contents = KnownContents(parts.connection)
        self._limits = Limits(parts.connection, parts.sending)
        self._trouble = Trouble(parts.pace.trouble_s, parts.clock)
        self._receipts = Receipts(parts.connection, parts.keys, parts.metrics.failed_later)

    def dispatch(self, person: str) -> bool:
        """One step for a person. True if it is worth looking at the same person again at once."""
        now_s = self._parts.clock()
        claimed = self._outbox.claim(person, now_s, self._parts.pace.claim_s)
        if claimed is None:
            return False
        if claimed.attempts.over:
            return self._end(claimed)
        try:
            entry = read(claimed.written, self._parts.keys)
        except BadEntry:
            log.error("entry_unreadable", entry=claimed.entry_id)
            return self._give_up(claimed, Reason.UNREADABLE)
        if claimed.attempts.plain:
            entry = entry.as_text()
        if claimed.attempts.attempt_ms:
            return self._find_out(claimed, entry, now_s)
        return self._go_on(claimed, entry, now_s)

    # --- may it go, and when -----------------------------------------------------------------------------------------

    def _go_on(self, claimed: Claimed, entry: Entry, now_s: float) -> bool:
        reason = self._why_never(claimed, entry, now_s)
        if reason is not None:
            return self._give_up(claimed, reason)
        if self._window_is_shut(claimed, entry, now_s):
            return self._wait_for_person(claimed, entry, now_s)
        return self._in_turn(claimed, entry, now_s)

    def _why_never(self, claimed: Claimed, entry: Entry, now_s: float) -> Reason | None:
        """Why an entry must not go out any more; None if it may."""
        attempts, age_s = claimed.attempts, now_s - entry.made_s
        if entry.channel in claimed.prefs.opted_out:
            return Reason.OPTED_OUT
        if not self._limits.serves_country(entry):
            return Reason.COUNTRY
        if attempts.parked:
            if age_s > MAX_PARKED_S:
                return Reason.WINDOW
            if entry.ticket and self._outbox.ticket_is_closed(claimed.person, entry.ticket):
                return Reason.CLOSED
            return None
        if age_s > MAX_AGE_S:
            return Reason.SPEND_CAP if attempts.over_cap else Reason.TOO_OLD
        return None

    def _window_is_shut(self, claimed: Claimed, entry: Entry, now_s: float) -> bool:
        """Whether WhatsApp takes nothing but templates for this person now: a day after they last wrote there."""
        if entry.channel is not Channel.WHATSAPP or entry.content_sid:
            return False
        wrote_s = claimed.active_s[entry.channel]
        if entry.kind is Kind.REPLY:  # it answers a message, though the session may be forgotten by now
            wrote_s = max(wrote_s, entry.made_s)
        return now_s - wrote_s > WINDOW_S or wrote_s < claimed.attempts.shut_s

    def _wait_for_person(self, claimed: Claimed, entry: Entry, now_s: float) -> bool:
        """Ask the person once, by the approved template, to write; keep the message until they do."""
        sid = self._template(claimed)
        if entry.kind is not Kind.ADVISOR or not sid or claimed.asked == TEMPLATE_FAILED:
            return self._give_up(claimed, Reason.WINDOW)
        parked = replace(claimed.attempts, parked=True, slot_ms=0)
        asked_s = int(claimed.asked or 0)
        if asked_s and asked_s >= claimed.active_s[entry.channel]:
            look_at_s = now_s + self._parts.pace.parked_look_s
            self._outbox.park(claimed, parked, now_s, look_at_s)
            return False
        asking = Entry(
            id=new_id(claimed.person),
            kind=Kind.TEMPLATE,
            channel=entry.channel,
            address=entry.address,
            sender=entry.sender,
            text="",
            made_s=int(now_s),
            ticket=entry.ticket,
            content_sid=sid,
        )
        return self._outbox.put_before(claimed, parked, write(asking, self._parts.keys), now_s)

    def _template(self, claimed: Claimed) -> str:
        """The template in the person's language, or in any."""
        templates = self._parts.sending.templates
        return templates.get(claimed.prefs.language) or next(iter(templates.values()), "")

    def _in_turn(self, claimed: Claimed, entry: Entry, now_s: float) -> bool:
        """Send, unless the rates or the cap say later."""
        attempts = claimed.attempts
        if wait_s := self._trouble.waits_s():
            self._outbox.later(claimed, attempts, now_s, now_s + wait_s + self._parts.jitter())
            return False
        has_slot = 0 <= now_s - attempts.slot_ms / 1000 < SLOT_HOLDS_S
        if attempts.slot_ms and not has_slot and attempts.slot_ms / 1000 > now_s:
            self._outbox.later(claimed, attempts, now_s, attempts.slot_ms / 1000)
            return False
        if not has_slot:
            place = self._limits.ask(entry, claimed.person, now_s)
            if entry.kind is not Kind.NOTICE:
                self._parts.metrics.cap_reached(place.over_cap)
            if place.over_cap:
                at_s = now_s + min(self._parts.pace.capped_look_s, seconds_to_midnight(now_s))
                self._outbox.later(claimed, replace(attempts, over_cap=True), now_s, at_s)
                return False
            if place.wait_s > 0:
                at_s = now_s + place.wait_s * (1.0 if place.is_reserved else self._parts.jitter())
                slot_ms = int(at_s * 1000) if place.is_reserved else 0
                self._outbox.later(claimed, replace(attempts, slot_ms=slot_ms, over_cap=False), now_s, at_s)
                return False
        return self._send(claimed, entry, replace(attempts, slot_ms=0, parked=False, over_cap=False))

    # --- the attempt -------------------------------------------------------------------------------------------------

    def _send(self, claimed: Claimed, entry: Entry, attempts: Attempts) -> bool:
        began_s = self._parts.clock()
        begun = replace(attempts, attempt_ms=int(began_s * 1000))
        if attempts.resent:
            self._deliveries.may_be_double(entry.id)  # before it goes out: the mark must not be lost
        word = self._outbox.begin(claimed, begun, began_s, self._parts.pace.attempt_s)
        if word is Begun.CHANGED:
            self._outbox.later(claimed, attempts, began_s, began_s)
            return True
        if word is Begun.LOST:
            return False
        answer = self._parts.provider.send(entry)
        self._trouble.told_by(answer)
        if answer.came is Came.ACCEPTED:
            return self._accepted(claimed, entry, begun, answer.sid)
        return self._not_accepted(claimed, entry, begun, answer)

    def _accepted(self, claimed: Claimed, entry: Entry, begun: Attempts, sid: str) -> bool:
        news = self._deliveries.accepted(entry.id, sid, claimed.person, double=begun.resent)
        self._limits.spend(entry, self._parts.clock())
        self._parts.metrics.sent(entry)
        return self._ended(claimed, begun, sid, news.delivery)

    def _ended(self, claimed: Claimed, begun: Attempts, sid: str, delivery: Delivery) -> bool:
        """The provider has it: take it out of the outbox, and follow a failure that was told in the meantime."""
        ended, asks = replace(begun, attempt_ms=0), self._is_template(claimed)
        done = self._outbox.sent(claimed, sid, ended, self._parts.clock(), asks=asks)
        if delivery.has_failed and delivery.sid == sid:
            self._receipts.follow_failure(delivery, self._parts.clock())
        return done

    def _not_accepted(self, claimed: Claimed, entry: Entry, begun: Attempts, answer: Answer) -> bool:
        verdict = verdict_on(answer, begun.tries, self._parts.jitter())
        ended = replace(begun, attempt_ms=0, tries=begun.tries + 1)
        now_s = self._parts.clock()
        self._parts.metrics.failed(verdict, answer.came)
        self._tell(entry, answer, verdict)
        if goes_as_text(entry, verdict, answer.code):
            with suppress(StoreDown):
                self._contents.refused(answer.code)
            return self._outbox.later(claimed, replace(ended, plain=True), now_s, now_s)
        if entry.kind is Kind.REPLY and verdict.do in (Do.RETRY, Do.FIND_OUT):
            with suppress(StoreDown):  # the next replies need not come this way
                self._contents.trouble(answer.code)
        match verdict.do:
            case Do.FIND_OUT:
                self._limits.spend(entry, now_s)
                unknown = replace(begun, tries=begun.tries + 1)
                self._outbox.later(claimed, unknown, now_s, now_s + self._parts.pace.ask_after_s)
                return False
            case Do.RETRY:
                self._outbox.later(claimed, ended, now_s, now_s + verdict.after_s)
                return False
            case Do.REOPEN:
                if entry.content_sid:
                    return self._give_up(claimed, Reason.WINDOW, answer.code)
                return self._outbox.later(claimed, replace(ended, shut_s=int(now_s)), now_s, now_s)
            case Do.OPT_OUT:
                self._outbox.opt_out(claimed.person, entry.channel)
        return self._give_up(claimed, verdict.reason, answer.code)

    def _tell(self, entry: Entry, answer: Answer, verdict: Verdict) -> None:
        fields = {"entry": entry.id, "came": answer.came.value, "http": answer.http_status, "code": answer.code}
        if verdict.is_alarm:
            log.error("send_failed", **fields, does=verdict.do.value)
        else:
            log.warning("send_failed", **fields, does=verdict.do.value)

    # --- an attempt of unknown outcome -------------------------------------------------------------------------------

    def _find_out(self, claimed: Claimed, entry: Entry, now_s: float) -> bool:
        """Whether an attempt that never ended has reached the provider; if not, send once more."""
        attempts, pace = claimed.attempts, self._parts.pace
        self._parts.metrics.unknown()
        delivery = self._deliveries.of([entry.id]).get(entry.id)
        known = (delivery.sids if delivery else frozenset()) - set(attempts.old)
        if delivery is not None and known:
            sid = delivery.sid if delivery.sid in known else min(known)
            news = self._deliveries.accepted(entry.id, sid, claimed.person)
            return self._ended(claimed, attempts, sid, news.delivery)
        began_s = attempts.attempt_ms / 1000
        try:
            listed = self._parts.provider.sent_to(entry.address, began_s - CLOCKS_DIFFER_S)
        except ProviderDown:
            if now_s - entry.made_s > MAX_AGE_S:
                return self._give_up(claimed, Reason.OUTCOME_UNKNOWN)
            self._outbox.later(claimed, attempts, now_s, now_s + pace.ask_again_s)
            return False
        sid = self._same_message(claimed, entry, listed)
        if sid:
            return self._accepted(claimed, entry, attempts, sid)
        if now_s < began_s + pace.resend_after_s:
            self._outbox.later(claimed, attempts, now_s, began_s + pace.resend_after_s)
            return False
        if attempts.resent:
            return self._give_up(claimed, Reason.OUTCOME_UNKNOWN)
        self._parts.metrics.resent()
        log.warning("message_resent", entry=entry.id)
        again = replace(attempts, attempt_ms=0, resent=True)
        return self._go_on(replace(claimed, attempts=again), entry, now_s)

    def _same_message(self, claimed: Claimed, entry: Entry, listed: list[Outgoing]) -> str:
        """The provider's id of an entry among what it lists, "" if it is not there. Never the id of another entry."""
        others = self._deliveries.of(id_ for id_ in self._outbox.copied(claimed.person) if id_ != entry.id)
        taken = {sid for delivery in others.values() for sid in delivery.sids} | set(claimed.attempts.old)
        ours = [each for each in listed if each.is_by_us and each.sid not in taken]
        for each in ours:
            if entry.text and each.text.strip() == entry.text.strip():
                return each.sid
        redacted = [each for each in ours if _is_redacted(each.text) or entry.content_sid]
        return redacted[-1].sid if redacted else ""

    # --- giving up ---------------------------------------------------------------------------------------------------

    def _give_up(self, claimed: Claimed, reason: str, code: int = 0) -> bool:
        """Decide it once, in the store: nothing that happens from here on sends the message all the same."""
        over = replace(claimed.attempts, attempt_ms=0, over=str(reason), code=code)
        if not self._outbox.mark(claimed, over, self._parts.clock()):
            return False
        return self._end(replace(claimed, attempts=over))

    def _end(self, claimed: Claimed) -> bool:
        """Take out what was given up, after it was put where somebody finds it."""
        now_s, attempts = self._parts.clock(), claimed.attempts
        letter = Letter(claimed.entry_id, claimed.person, attempts.over, attempts.code, int(now_s), claimed.written)
        self._given_up.put(letter)
        self._deliveries.given_up(claimed.entry_id, attempts.over, attempts.code)
        if not self._outbox.drop(claimed, now_s, asked=TEMPLATE_FAILED if self._is_template(claimed) else ""):
            self._given_up.drop(letter)  # erased meanwhile, or gone to another code: nothing of it may stay here
            return False
        self._parts.metrics.gave_up(attempts.over)
        log.warning("message_given_up", entry=claimed.entry_id, reason=attempts.over, code=attempts.code)
        return True

    def _is_template(self, claimed: Claimed) -> bool:
        """Then those that wait behind it wait for nothing any more."""
        try:
            return read(claimed.written, self._parts.keys).kind is Kind.TEMPLATE
        except BadEntry:
            return False


def _is_redacted(text: str) -> bool:
    """Whether the provider has hidden a text: nothing of it is left, or only signs in place of letters."""
    bare = text.strip()
    return not bare or "redacted" in bare.casefold() or not bare.strip("*Xx_•█ ")
