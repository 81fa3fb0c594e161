"""The lists beside a chat: who waits, which chats are mine, and all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode

from bot.catalogue import Catalogue
from webhook.console.colleagues import Colleagues
from webhook.console.showing import Clock, danger_of, language_name, topic_of, urgency
from webhook.desk.records import Stage, Ticket

CLOSED_SHOWN = 50
QUEUE_PATH = "/advisor"


class Tab(StrEnum):
    """Which chats are listed."""

    WAITING = "waiting"
    MINE = "mine"
    ALL = "all"

    @classmethod
    def named(cls, name: str) -> Tab:
        return cls(name) if name in set(cls) else cls.WAITING


@dataclass(frozen=True, slots=True)
class Row:
    """One ticket in a list. It has no word of the person."""

    id: str
    href: str
    topic: str
    language: str
    channel: str
    stage: str
    danger: str
    alarm: str
    advisor: str
    wait: str
    wait_says: str
    ended: str
    is_late: bool
    said_s: int
    is_unread: bool
    is_here: bool


@dataclass(frozen=True, slots=True)
class TabLink:
    name: str
    href: str
    count: int | None
    is_here: bool
    is_urgent: bool


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Lists:
    """What is drawn. `waiting`, `newest` and `mine` tell the page when to ring: by numbers, never by words.

    `mine` names those of my chats in which the person waits for an answer, with the moment of their last message: what of
    that was read on this screen, the page knows by itself.
    """

    tab: str
    tabs: tuple[TabLink, ...]
    groups: tuple[Group, ...]
    waiting: int
    newest: str
    mine: str

    @property
    def is_empty(self) -> bool:
        return not any(group.rows for group in self.groups)


@dataclass(frozen=True)
class Lister:
    """Draws lists for one reader."""

    catalogue: Catalogue
    clock: Clock
    colleagues: Colleagues
    user: str

    def lists(self, tab: Tab, open_: Iterable[Ticket], closed: Sequence[Ticket], here: str = "") -> Lists:
        """The lists with one tab chosen; `here` is the ticket that is open on the page."""
        tickets = sorted(open_, key=urgency)
        waiting = [ticket for ticket in tickets if ticket.stage is Stage.WAITING]
        mine = [ticket for ticket in tickets if ticket.stage is Stage.TALKING and ticket.advisor == self.user]
        talking = [ticket for ticket in tickets if ticket.stage is Stage.TALKING]
        groups: Sequence[tuple[str, Sequence[Ticket]]] = {
            Tab.WAITING: [("", waiting)],
            Tab.MINE: [("", mine)],
            Tab.ALL: [("group_waiting", waiting), ("group_talking", talking), ("group_closed", list(closed))],
        }[tab]
        counts = {Tab.WAITING: len(waiting), Tab.MINE: len(mine), Tab.ALL: None}
        urgent = {Tab.WAITING: any(danger_of(ticket) == "certain" or ticket.alarm for ticket in waiting)}
        return Lists(
            tab=tab.value,
            tabs=tuple(
                TabLink(each.value, self._tab_href(each), counts[each], each is tab, urgent.get(each, False))
                for each in Tab
            ),
            groups=tuple(
                Group(title, tuple(self._row(ticket, tab, here) for ticket in listed))
                for title, listed in groups
                if listed
            ),
            waiting=len(waiting),
            newest=max((f"{ticket.opened_s:012d}-{ticket.id}" for ticket in waiting), default=""),
            mine=" ".join(f"{ticket.id}:{ticket.said_s}" for ticket in mine if ticket.unanswered_s),
        )

    def _row(self, ticket: Ticket, tab: Tab, here: str) -> Row:
        words = self.clock.words
        wait, says = self._wait(ticket)
        is_closed = ticket.stage is Stage.CLOSED
        return Row(
            id=ticket.id,
            href=chat_href(ticket.id, tab),
            topic=topic_of(self.catalogue, ticket, words),
            language=language_name(ticket, words),
            channel=ticket.channel.value,
            stage=ticket.stage.value,
            danger=danger_of(ticket),
            alarm=ticket.alarm.value if ticket.alarm and not is_closed else "",
            advisor=self.colleagues.name(ticket.advisor) if tab is not Tab.MINE else "",
            wait=wait,
            wait_says=words(says) if says else "",
            ended=f"{self.clock.time(ticket.closed_s)} · {words.of('outcome', ticket.outcome)}" if is_closed else "",
            is_late=bool(ticket.alarm) or (ticket.stage is Stage.WAITING and 0 < ticket.promised_s < self.clock.now_s),
            said_s=ticket.said_s,
            is_unread=ticket.stage is Stage.TALKING and ticket.unanswered_s > 0,
            is_here=ticket.id == here,
        )

    def _wait(self, ticket: Ticket) -> tuple[str, str]:
        """How long the person has waited, and for what; of a talk in which nobody waits, when something was said last."""
        if ticket.stage is Stage.WAITING:
            return self.clock.since(ticket.opened_s), "waits_since"
        if ticket.stage is Stage.TALKING and ticket.unanswered_s:
            return self.clock.since(ticket.unanswered_s), "silent_since"
        if ticket.stage is Stage.TALKING:
            return self.clock.time(max(ticket.said_s, ticket.answered_s, ticket.taken_s)), "last_at"
        return "", ""

    def _tab_href(self, tab: Tab) -> str:
        return QUEUE_PATH if tab is Tab.WAITING else f"{QUEUE_PATH}?{urlencode({'tab': tab.value})}"


def chat_href(ticket: str, tab: Tab = Tab.WAITING) -> str:
    """The page of one chat, with the same list beside it."""
    return f"{QUEUE_PATH}/chat/{ticket}" + ("" if tab is Tab.WAITING else f"?{urlencode({'tab': tab.value})}")
