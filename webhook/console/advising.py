"""What the advisors' pages work with, put together once for each console."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from flask import abort

from bot.catalogue import Catalogue
from webhook.console.accounts import Account
from webhook.console.chat_view import Chat, ChatDrawer, Seen
from webhook.console.colleagues import Colleagues
from webhook.console.listing import CLOSED_SHOWN, Lister, Lists, Tab
from webhook.console.local_media import local_media
from webhook.console.media import MediaDoor
from webhook.console.showing import Clock
from webhook.console.words import Words, words_in
from webhook.console.world import Console
from webhook.desk.changing import Done
from webhook.desk.desk import DeskService
from webhook.desk.records import Message, Stage, Ticket
from webhook.outbox.deliveries import Deliveries
from webhook.settings import Settings

MOST_KNOWN = 1000
CLOCK_S = 20
"""How late a chat in which nothing happens may show that a minute has passed."""


class KnownEntries:
    """The ids of what was sent in each ticket, as of its last revision: so that a poll need not open the messages."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, list[str]]] = {}

    def of(self, ticket: Ticket, find: Callable[[], list[str]]) -> list[str]:
        known = self._known.get(ticket.id)
        if known is None or known[0] != ticket.revision:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[ticket.id] = known = (ticket.revision, find())
        return known[1]


@dataclass(frozen=True)
class Advising:
    """The parts behind the pages of one console."""

    console: Console
    desk: DeskService
    deliveries: Deliveries
    colleagues: Colleagues
    media: MediaDoor = field(repr=False)
    entries: KnownEntries = field(default_factory=KnownEntries)

    @classmethod
    def of(cls, console: Console) -> Advising:
        return cls(
            console=console,
            desk=DeskService(
                console.connection,
                console.keys,
                console.holder,
                invites=bool(console.settings.sending.templates),
                now=console.now,
            ),
            deliveries=Deliveries(console.connection),
            colleagues=Colleagues(console.accounts, console.now),
            media=MediaDoor(
                credentials_of(console.settings),
                account=console.settings.account_sid,
                adapter=local_media(console.settings),
            ),
        )

    @property
    def catalogue(self) -> Catalogue:
        return self.console.holder.current

    def clock(self, account: Account) -> Clock:
        """The hub's time, in the reader's language."""
        return Clock.of(self.catalogue, self.words(account), self.console.now())

    def words(self, account: Account) -> Words:
        return words_in(account.language)

    def ticket(self, id_: str) -> Ticket:
        """A ticket, or "there is no such page"."""
        ticket = self.desk.ticket(id_)
        if ticket is None:
            abort(404)
        return ticket

    def lists(self, account: Account, tab: Tab, here: str = "") -> Lists:
        lister = Lister(self.catalogue, self.clock(account), self.colleagues, account.id)
        closed = self.desk.closed_tickets(CLOSED_SHOWN) if tab is Tab.ALL else []
        return lister.lists(tab, self.desk.open_tickets(), closed, here)

    def seen(self, account: Account, ticket: Ticket) -> Seen:
        """Everything of a ticket that its page shows."""
        messages = self.desk.messages(ticket.id)
        is_mine = ticket.stage is Stage.TALKING and ticket.advisor == account.id
        is_open = ticket.stage is not Stage.CLOSED
        return Seen(
            ticket=ticket,
            messages=messages,
            contact=self.desk.contact(ticket.id) if is_open else None,
            deliveries=self.deliveries.of(entries_of(messages)),
            may=self.desk.may_reply(ticket.id, account.id) if is_mine else Done.NOT_YOURS,
            window_until_s=self.desk.window_until_s(ticket.id) if is_open else -1,
        )

    def standing(self, account: Account, ticket: Ticket) -> tuple[object, ...]:
        """What tells whether the page of a chat would be drawn otherwise: asked by every poll, so nothing is opened.

        Every change of a ticket counts its revision; how far messages have come, and the time, do not.
        """
        entries = self.entries.of(ticket, lambda: entries_of(self.desk.messages(ticket.id)))
        return (
            *(account.id, account.language, self.catalogue.version),
            *(ticket, int(self.console.now()) // CLOCK_S, self.deliveries.of(entries)),
        )

    def chat(self, account: Account, ticket: Ticket, tab: Tab = Tab.WAITING) -> Chat:
        drawer = ChatDrawer(self.catalogue, self.clock(account), self.colleagues, account.id)
        return drawer.chat(self.seen(account, ticket), tab)


def entries_of(messages: Sequence[Message]) -> list[str]:
    return [message.entry for message in messages if message.entry]


def credentials_of(settings: Settings) -> tuple[str, str]:
    """What opens the provider's media: the key for calls if there is one, else the account's token."""
    if all(settings.api_key):
        return settings.api_key
    return settings.account_sid, settings.auth_tokens[0] if settings.auth_tokens else ""
