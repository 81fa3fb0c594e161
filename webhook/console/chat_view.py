"""One chat as an advisor sees it: its messages both ways, how far each of ours has come, and what can be done now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from bot.catalogue import Catalogue, option_id
from bot.inbound import Channel
from bot.safe_time import is_safe
from webhook.console.colleagues import Colleagues
from webhook.console.listing import Tab, chat_href
from webhook.console.media import ALLOWED, PLAYED, SEEN, kind_of
from webhook.console.showing import (
    Clock,
    danger_of,
    emphasised,
    label_of,
    language_name,
    masked,
    readable,
    topic_of,
)
from webhook.desk.changing import Done
from webhook.desk.records import Attachment, Contact, Message, Outcome, Stage, Ticket, Voice
from webhook.outbox.deliveries import Delivery
from webhook.outbox.reasons import reason_of
from webhook.twilio_edge.status import Status

SOON_S, SHORT_S = 4 * 3600, 3600
"""How much of WhatsApp's window must be left before the page speaks of it above the box, and before it warns."""

TOGETHER_S = 300
"""Messages of one voice within this time stand together, under one name."""

SAFE_TIME_SLOT = "safe-time"
WRITE, READ, NOTHING = "write", "read", "nothing"

_STATES: Mapping[Status, tuple[str, str]] = {
    Status.ACCEPTED: ("sending", "clock"),
    Status.SCHEDULED: ("queued", "clock"),
    Status.QUEUED: ("queued", "clock"),
    Status.SENDING: ("sending", "clock"),
    Status.SENT: ("sent", "check"),
    Status.PARTIALLY_DELIVERED: ("sent", "check"),
    Status.DELIVERED: ("delivered", "checks"),
    Status.READ: ("read", "checks"),
}


@dataclass(frozen=True, slots=True)
class Journey:
    """How far a message of ours has come, in words. `why` says what was wrong, and what can be done."""

    state: str
    icon: str
    says: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """Something that came with a message; without `href` it cannot be opened, and `why` says so."""

    kind: str
    href: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One message, or one thing that happened."""

    number: int
    voice: str
    text: str | Markup = field(repr=False)
    event: str
    author: str
    time: str
    iso: str
    full: str
    day: str
    danger: str
    is_first_note: bool
    is_next: bool
    answer: str
    delivery: Journey | None
    attachments: tuple[Item, ...]
    location: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Chat:
    """What the page of a chat shows. `can`: "write", "read" (a note can be left) or "nothing"."""

    id: str
    href: str
    now_href: str
    back_href: str
    topic: str
    language: str
    language_code: str
    channel: str
    stage: str
    danger: str
    alarm: str
    advisor: str
    advisor_name: str
    standing_says: str
    is_mine: bool
    is_erased: bool
    said_s: int
    can: str
    can_take: bool
    notice: str
    notice_kind: str
    window_left: str
    window_until: str
    window_says: str
    window_is_short: bool
    opened: str
    opened_iso: str
    promised: str
    path: tuple[str, ...]
    safe_time: str
    has_check_word: bool
    check_word: str = field(repr=False)
    number: str = field(repr=False)
    can_reveal: bool
    lines: tuple[Line, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read of a ticket for one page."""

    ticket: Ticket
    messages: Sequence[Message]
    contact: Contact | None
    deliveries: Mapping[str, Delivery]
    may: Done
    window_until_s: int


@dataclass(frozen=True)
class ChatDrawer:
    """Draws chats for one reader."""

    catalogue: Catalogue
    clock: Clock
    colleagues: Colleagues
    user: str

    def chat(self, seen: Seen, tab: Tab = Tab.WAITING) -> Chat:
        ticket, words = seen.ticket, self.clock.words
        is_mine = ticket.stage is Stage.TALKING and ticket.advisor == self.user
        can, notice, kind = self._standing(seen)
        window_left_s = self._window_left_s(seen)
        window_left = self.clock.lasted(window_left_s) if window_left_s else ""
        window_until = self.clock.time(seen.window_until_s) if window_left_s else ""
        base = chat_href(ticket.id)
        return Chat(
            id=ticket.id,
            href=base,
            now_href=chat_href(f"{ticket.id}/now", tab),
            back_href="/advisor" if tab is Tab.WAITING else f"/advisor?tab={tab.value}",
            topic=topic_of(self.catalogue, ticket, words),
            language=language_name(ticket, words),
            language_code=ticket.language,
            channel=ticket.channel.value,
            stage=ticket.stage.value,
            danger=danger_of(ticket),
            alarm=ticket.alarm.value if ticket.alarm and ticket.stage is not Stage.CLOSED else "",
            advisor=ticket.advisor,
            advisor_name=self.colleagues.name(ticket.advisor),
            standing_says=self._stage(ticket),
            is_mine=is_mine,
            is_erased=ticket.outcome is Outcome.ERASED,
            said_s=ticket.said_s,
            can=can,
            can_take=ticket.stage is Stage.WAITING or (ticket.stage is Stage.TALKING and not is_mine),
            notice=notice,
            notice_kind=kind,
            window_left=window_left,
            window_until=window_until,
            window_says=(
                words("window_left", left=window_left, time=window_until) if 0 < window_left_s < SOON_S else ""
            ),
            window_is_short=window_left_s < SHORT_S,
            opened=self.clock.time(ticket.opened_s),
            opened_iso=self.clock.iso(ticket.opened_s),
            promised=self.clock.until(ticket.promised_s) if ticket.promised_s and ticket.stage is Stage.WAITING else "",
            path=tuple(label_of(self.catalogue, node, words) for node in ticket.path),
            safe_time=self._safe_time(ticket),
            has_check_word=bool(seen.contact and seen.contact.check_word),
            check_word=readable(seen.contact.check_word) if seen.contact else "",
            number=masked(seen.contact.address) if seen.contact else "",
            can_reveal=is_mine,
            lines=tuple(self._lines(seen)),
        )

    def _stage(self, ticket: Ticket) -> str:
        words = self.clock.words
        if ticket.stage is Stage.TALKING:
            return (
                words("stage_mine")
                if ticket.advisor == self.user
                else words("stage_theirs", name=self.colleagues.name(ticket.advisor))
            )
        return words.of("stage", ticket.stage)

    def _standing(self, seen: Seen) -> tuple[str, str, str]:
        """What the reader can do now, what to say about it, and whether that stops them."""
        ticket, words = seen.ticket, self.clock.words
        if ticket.outcome is Outcome.ERASED:
            return NOTHING, words("notice_erased"), "stop"
        if ticket.stage is Stage.CLOSED:
            return NOTHING, words("notice_closed", outcome=words.of("outcome", ticket.outcome)), "stop"
        if ticket.stage is Stage.WAITING:
            return READ, words("notice_waiting"), "tell"
        if ticket.advisor != self.user:
            return READ, words("notice_theirs", name=self.colleagues.name(ticket.advisor)), "tell"
        if seen.may is Done.INVITED:
            return WRITE, words("notice_window_template"), "stop"
        if seen.may.is_done and not is_safe(ticket.safe_time, self.clock.at(self.clock.now_s), ticket.said_s):
            return WRITE, words("notice_not_safe", when=self._safe_time(ticket)), "stop"
        if seen.may.is_done:
            return WRITE, "", ""
        key = {Done.WINDOW_CLOSED: "notice_window", Done.OPTED_OUT: "notice_opted_out"}.get(
            seen.may, "notice_person_gone"
        )
        return READ, words(key), "stop"

    def _window_left_s(self, seen: Seen) -> int:
        """How much is left of WhatsApp's window; 0 where there is none, or when it has closed."""
        is_closed = seen.ticket.stage is Stage.CLOSED or seen.window_until_s <= 0
        return 0 if is_closed else max(0, seen.window_until_s - self.clock.now_s)

    def _safe_time(self, ticket: Ticket) -> str:
        if not ticket.safe_time:
            return ""
        return label_of(self.catalogue, option_id(SAFE_TIME_SLOT, ticket.safe_time), self.clock.words)

    def _lines(self, seen: Seen) -> Iterator[Line]:
        """What was said and done, oldest first; that somebody asked for an advisor is the beginning."""
        if seen.ticket.outcome is Outcome.ERASED:
            return
        before = Message(seen.ticket.opened_s, Voice.EVENT, "opened")
        day = self.clock.day(before.at_s)
        yield self._line(seen, 0, before, day)
        for number, message in enumerate(seen.messages, 1):
            day, last_day = self.clock.day(message.at_s), day
            is_next = day == last_day and _goes_with(message, before)
            yield self._line(seen, number, message, "" if day == last_day else day, is_next=is_next)
            before = message

    def _line(self, seen: Seen, number: int, message: Message, day: str, *, is_next: bool = False) -> Line:
        words = self.clock.words
        is_event = message.voice is Voice.EVENT
        return Line(
            number=number,
            voice=message.voice.value,
            text="" if is_event else _text(seen.ticket, message),
            event=self._event(message) if is_event else "",
            author=self.colleagues.name(message.author),
            time=self.clock.hours(message.at_s),
            iso=self.clock.iso(message.at_s),
            full=self.clock.full(message.at_s),
            day=day,
            danger=message.danger,
            is_first_note=message.is_first_note,
            is_next=is_next,
            answer=label_of(self.catalogue, message.answer, words) if message.answer and not is_event else "",
            delivery=self._journey(seen, message) if message.entry else None,
            attachments=tuple(
                self._item(seen.ticket, number, place, each) for place, each in enumerate(message.attachments)
            ),
            location=f"{message.location[0]:.5f}, {message.location[1]:.5f}" if message.location else "",
        )

    def _journey(self, seen: Seen, message: Message) -> Journey:
        """How far a message has come. After the window an advisor's waits until the person answers the template."""
        found = journey(seen.deliveries.get(message.entry), self.clock)
        is_shut = 0 < seen.window_until_s <= self.clock.now_s
        if found.state != "queued" or not is_shut or message.voice is not Voice.ADVISOR:
            return found
        words = self.clock.words
        return Journey("parked", "clock", words("delivery_parked"), words("delivery_parked_why"))

    def _event(self, message: Message) -> str:
        """What happened, in words."""
        words = self.clock.words
        if message.text == "transferred" and message.answer:
            return words("event_transferred_to", name=self.colleagues.name(message.answer))
        if message.text == "taken" and message.answer:
            return words("event_taken_from", name=self.colleagues.name(message.answer))
        if message.text == "too_many":
            return words("event_too_many", count=message.count)
        said = words.of("event", message.text)
        if message.text == "closed" and message.answer:
            key = "why" if f"why_{message.answer}" in words else "outcome"
            return f"{said}: {words.of(key, message.answer)}"
        return said

    def _item(self, ticket: Ticket, number: int, place: int, attachment: Attachment) -> Item:
        words = self.clock.words
        content_type = kind_of(attachment.content_type)
        kind = kind_in_words(content_type)
        if ticket.stage is Stage.CLOSED:
            return Item(kind, "", words("media_why_closed"))
        if content_type not in ALLOWED:
            return Item(kind, "", words("media_why_wrong_kind"))
        return Item(kind, f"{chat_href(ticket.id)}/media/{number}/{place}")


def _goes_with(message: Message, before: Message) -> bool:
    """Whether a message stands under the name of the one before it."""
    is_same = (message.voice, message.author) == (before.voice, before.author)
    is_said = message.voice in (Voice.PERSON, Voice.ADVISOR) and not message.is_first_note
    return is_same and is_said and message.at_s - before.at_s <= TOGETHER_S


def _text(ticket: Ticket, message: Message) -> str | Markup:
    """The words of a message as the phone shows them; a note as it was written."""
    text = readable(message.text)
    is_chat = ticket.channel is Channel.WHATSAPP and message.voice is not Voice.NOTE
    return emphasised(text) if is_chat else text


def kind_in_words(content_type: str) -> str:
    """Of which kind something is, by the end of a key of the words."""
    if content_type in PLAYED or content_type.startswith("audio/"):
        return "voice"
    if content_type in SEEN:
        return "photo"
    if content_type.startswith("video/"):
        return "video"
    return "contact" if content_type in ("text/vcard", "text/x-vcard") else "file"


def journey(delivery: Delivery | None, clock: Clock) -> Journey:
    """How far a message has come. One of which nothing is known yet waits in the outbox."""
    words = clock.words
    if delivery is None:
        return Journey("queued", "clock", words("delivery_queued"))
    if delivery.has_failed:
        why = reason_of(delivery.code, words.language, delivery.reason)
        return Journey("failed", "cross", words("delivery_failed"), why)
    state, icon = _STATES.get(delivery.status, ("sending", "clock"))
    double = f" · {words('may_be_double')}" if delivery.double else ""
    return Journey(state, icon, words(f"delivery_{state}") + double)
