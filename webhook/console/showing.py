"""How moments, lengths of time and marks of a ticket are written on the pages, in the reader's language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date
from markupsafe import Markup, escape

from bot.catalogue import Catalogue
from webhook.console.words import Words
from webhook.desk.records import Stage, Ticket

HUB = "hub"
HUB_ZONE = "America/Cancun"
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 24 * 3600
_LAST_SHOWN = 2
_BOLD = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]*[^\s*])\*(?![\w*])")
_UNREADABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class Clock:
    """The time at the hub. Every moment that it is given is in seconds since 1970."""

    words: Words
    zone: ZoneInfo
    now_s: int

    @classmethod
    def of(cls, catalogue: Catalogue, words: Words, now: float) -> Clock:
        hub = catalogue.places.get(HUB)
        return cls(words, ZoneInfo(hub.zone if hub else HUB_ZONE), int(now))

    def at(self, moment_s: int) -> datetime:
        return datetime.fromtimestamp(moment_s, self.zone)

    def time(self, moment_s: int) -> str:
        """Hours and minutes; with the day before them if it is not today's."""
        written = f"{self.at(moment_s):%H:%M}"
        return written if self.at(moment_s).date() == self.at(self.now_s).date() else f"{self.day(moment_s)} {written}"

    def until(self, moment_s: int) -> str:
        """A moment that was promised, as the person was told it: the first whole minute after it."""
        return self.time(-(-moment_s // _MINUTE_S) * _MINUTE_S)

    def hours(self, moment_s: int) -> str:
        return f"{self.at(moment_s):%H:%M}"

    def iso(self, moment_s: int) -> str:
        return self.at(moment_s).isoformat()

    def full(self, moment_s: int) -> str:
        """Day, time and zone, to hover over."""
        return f"{self.at(moment_s):%Y-%m-%d %H:%M:%S} ({self.zone.key})"

    def day(self, moment_s: int) -> str:
        """Today, yesterday, tomorrow, or the day by its name."""
        day, today = self.at(moment_s).date(), self.at(self.now_s).date()
        if day == today:
            return self.words("today")
        if day == today - timedelta(days=1):
            return self.words("yesterday")
        if day == today + timedelta(days=1):
            return self.words("tomorrow")
        return str(format_date(day, "EEE d MMM", locale=self.words.language))

    def since(self, moment_s: int) -> str:
        """How long ago something was."""
        return self.lasted(self.now_s - moment_s)

    def lasted(self, seconds: int) -> str:
        """A length of time, never finer than a minute."""
        if seconds < _MINUTE_S:
            return self.words("under_a_minute")
        if seconds < _HOUR_S:
            return self.words("minutes", count=seconds // _MINUTE_S)
        if seconds < _DAY_S:
            return self.words("hours_minutes", hours=seconds // _HOUR_S, minutes=seconds % _HOUR_S // _MINUTE_S)
        return self.words("days_hours", days=seconds // _DAY_S, hours=seconds % _DAY_S // _HOUR_S)


def danger_of(ticket: Ticket) -> str:
    """The tier that is shown: "certain", "possible" or ""."""
    return "certain" if ticket.raised or ticket.danger == "certain" else ticket.danger


def topic_of(catalogue: Catalogue, ticket: Ticket, words: Words) -> str:
    """What a ticket is about, by the menu's name for it in the reader's language."""
    return label_of(catalogue, ticket.topic, words) if ticket.topic else words("no_topic")


def label_of(catalogue: Catalogue, node: str, words: Words) -> str:
    """What a node is called; its id if the menu has lost it since."""
    labels = catalogue.option_labels.get(node, {})
    return labels.get(words.language) or next(iter(labels.values()), node)


def language_name(ticket: Ticket, words: Words) -> str:
    """The person's language as it is called in the reader's."""
    return words.of("speaks", ticket.language)


def urgency(ticket: Ticket) -> tuple[int, int, int]:
    """Sorts the queue: danger first, then who has waited longest."""
    tier = {"certain": 0, "possible": 1}.get(danger_of(ticket), 2)
    waiting_since_s = ticket.opened_s if ticket.stage is Stage.WAITING else ticket.unanswered_s or ticket.said_s
    return tier, 0 if ticket.stage is Stage.WAITING or ticket.unanswered_s else 1, waiting_since_s


def masked(address: str) -> str:
    """An address of which only the end is told: enough to compare, too little to call."""
    return f"•••• {address[-_LAST_SHOWN:]}" if len(address) > 2 * _LAST_SHOWN else "••••"


def emphasised(text: str) -> Markup:
    """A text of WhatsApp with what stands between stars in bold, as the phone shows it. Everything else is escaped."""
    parts = _BOLD.split(text)
    return Markup("").join(
        Markup("<b>{}</b>").format(part) if at % 2 else escape(part) for at, part in enumerate(parts)
    )


def readable(text: str) -> str:
    """A text from outside as a page can hold it: what is no character, or steers a terminal, shows as a mark."""
    return _UNREADABLE.sub("\N{REPLACEMENT CHARACTER}", text)
