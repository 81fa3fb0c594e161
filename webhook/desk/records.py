"""A ticket: one person who asked for an advisor, from asking to closing, as it is kept in the store.

One hash holds all of a ticket. Plain fields hold ids, codes and moments; everything a person or an advisor has written,
and the address, is sealed. A change of a ticket is a `TicketWrite`, which a script carries out together with the session.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.inbound import Channel


class Stage(StrEnum):
    """Where a ticket stands. It only moves WAITING ↔ TALKING → CLOSED."""

    WAITING = "waiting"  # in the queue; the bot works as usual
    TALKING = "talking"  # an advisor has it
    CLOSED = "closed"


class Outcome(StrEnum):
    """How a ticket ended."""

    HANDED_BACK = "handed_back"  # the advisor closed it
    LEFT = "left"  # the person went back to the menu, or no longer wants to wait
    EXIT = "exit"  # the person wrote X
    OPTED_OUT = "opted_out"
    ERASED = "erased"  # the person wrote DELETE: nothing is left but the count
    UNTOUCHED = "untouched"  # nobody wrote for 72 hours


class Why(StrEnum):
    """Why an advisor closed a ticket, as they said when closing."""

    HELPED = "helped"
    REFERRED = "referred"
    NO_ANSWER = "no_answer"
    CANNOT_HELP = "cannot_help"
    HANDED_BACK = "handed_back"  # they did not say


class Alarm(StrEnum):
    """Why somebody must look at a ticket now."""

    NOT_TAKEN = "not_taken"  # nobody took it in the promised time
    SILENT = "silent"  # the advisor did not answer in time; it went back to the queue


class Voice(StrEnum):
    """Who speaks in a ticket."""

    PERSON = "person"
    ADVISOR = "advisor"
    NOTE = "note"  # between advisors; never sent
    BOT = "bot"  # what the bot told the person about the ticket
    EVENT = "event"  # taken, transferred, closed …: `text` is the name of the event


@dataclass(frozen=True, slots=True)
class Attachment:
    """Something that came with a message: where the provider keeps it, and its content type."""

    url: str = field(repr=False)
    content_type: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a ticket. `author` is the user id of an advisor, `entry` the id in the outbox, `danger` a tier or "".

    The text of an EVENT is its name: taken, transferred (`answer` is to whom), returned, silent, not_taken, closed, or
    too_many: so many messages (`count`) came after the ticket was full.
    """

    at_s: int
    voice: Voice
    text: str = field(default="", repr=False)
    author: str = ""
    entry: str = ""
    answer: str = ""
    danger: str = ""
    count: int = 0
    is_first_note: bool = False
    attachments: tuple[Attachment, ...] = field(default=(), repr=False)
    location: tuple[float, float] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the queue shows of a ticket: no words, no address. Moments are seconds since 1970, 0 for "not yet".

    `person` is the person's code ("" once it was erased), `advisor` the id of the user who has it, `danger` the tier it
    was opened with or "possible" if that came up later, `raised` that certain danger was told since, `promised_s` until
    when somebody should have taken it, `said_s` the person's last message, `unanswered_s` their first since the advisor's
    last, `answered_s` the advisor's last one and `first_answer_s` the first, `path` the menu nodes the person agreed to
    share, `messages` and `size_bytes` what it holds, `beyond` how many messages found no room, `told_s` the promise that
    the person was told is over, `danger_s` when danger was first told and `danger_answered` whether an advisor has
    answered since, `revision` counts every change.
    """

    id: str
    stage: Stage
    person: str
    channel: Channel
    language: str
    topic: str
    danger: str
    opened_s: int
    promised_s: int
    said_s: int
    revision: int
    advisor: str = ""
    raised: bool = False
    alarm: Alarm | None = None
    taken_s: int = 0
    first_answer_s: int = 0
    answered_s: int = 0
    closed_s: int = 0
    outcome: Outcome | None = None
    safe_time: str = ""
    path: tuple[str, ...] = ()
    messages: int = 0
    size_bytes: int = 0
    beyond: int = 0
    unanswered_s: int = 0
    told_s: int = 0
    danger_s: int = 0
    danger_answered: bool = False

    @property
    def is_dangerous(self) -> bool:
        """Whether danger was told: such a ticket goes to the head of the queue, and its text is kept for an hour only."""
        return bool(self.danger or self.raised)


@dataclass(frozen=True, slots=True)
class Contact:
    """What is sealed in a ticket beside its messages."""

    address: str = field(repr=False)
    sender: str = field(repr=False)
    check_word: str = field(default="", repr=False)


class Index(StrEnum):
    """The list a ticket stands in after a write."""

    SAME = ""
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class TicketWrite:
    """One change of one ticket, carried out by a script.

    `sets` and `drops` are fields of the hash, `firsts` fields that are set only where there is none, `adds` sealed
    messages to append, in order. What finds no room is counted if `spills`. `opens` says that the ticket must not exist
    yet. `index` is the list it stands in afterwards, by `score_s`; how long it is kept follows from that.
    """

    ticket: str
    sets: Mapping[str, str | bytes | int] = field(default_factory=dict)
    firsts: Mapping[str, str | bytes | int] = field(default_factory=dict)
    adds: tuple[bytes, ...] = ()
    drops: tuple[str, ...] = ()
    index: Index = Index.SAME
    score_s: int = 0
    opens: bool = False
    spills: bool = True
