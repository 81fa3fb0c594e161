"""What the bot says and remembers when something happens to a ticket without a message of the person.

The turns are the bot's (`bot.desk_turns`); here is only what the desk needs of them, and whether a text can be sent.
"""

from datetime import datetime
from typing import Protocol

from bot.catalogue import Catalogue
from bot.inbound import Channel
from bot.segments import count
from bot.session import Prefs, Session
from bot.turn import State, Turn
from webhook.desk.records import Ticket

WINDOW_S = 23 * 3600 + 50 * 60
"""WhatsApp takes free text for 24 hours after the person's last message; ten minutes are left for sending."""

MOST_SEGMENTS = 3
MOST_WHATSAPP = 1600  # what Twilio takes, in UTF-16 units


class DeskTurn(Protocol):
    """A turn without an inbound message."""

    def __call__(self, catalogue: Catalogue, state: State, channel: Channel, at: datetime) -> Turn: ...


class DeskTurns(Protocol):
    """The turns of the bot that the desk asks for, and the texts that an advisor sends: the module `bot.desk_turns`."""

    @property
    def taken(self) -> DeskTurn: ...

    @property
    def handed_back(self) -> DeskTurn: ...

    @property
    def not_taken(self) -> DeskTurn: ...

    @property
    def advisor_silent(self) -> DeskTurn: ...

    @property
    def put_back(self) -> DeskTurn: ...

    @property
    def untouched(self) -> DeskTurn: ...

    def spoken_over(self, state: State) -> State: ...

    def advisor_says(self, catalogue: Catalogue, language: str, channel: Channel, text: str) -> str: ...

    def vetted(self, catalogue: Catalogue, node: str, language: str, channel: Channel, at: datetime) -> str: ...


def fits(channel: Channel, text: str) -> bool:
    """Whether a text can be sent as one message."""
    if channel is Channel.SMS:
        return count(text).segments <= MOST_SEGMENTS
    return len(text.encode("utf-16-le", "surrogatepass")) // 2 <= MOST_WHATSAPP


def window_until_s(ticket: Ticket, session: Session) -> int:
    """Until when free text can be sent to the person; 0 where there is no such limit."""
    return session.active_s + WINDOW_S if ticket.channel is Channel.WHATSAPP else 0


def window_is_open(ticket: Ticket, session: Session, now_s: int) -> bool:
    """Whether free text can be sent to the person."""
    until_s = window_until_s(ticket, session)
    return not until_s or now_s < until_s


def may_write(ticket: Ticket, prefs: Prefs) -> bool:
    """Whether the person wants messages on the channel of the ticket."""
    return ticket.channel not in prefs.opted_out
