"""The pages of the hand-over, in words: what is true of the desk, and exactly what an advisor would get to see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.actions import desk_words
from bot.catalogue import Catalogue, Language
from bot.desk import Desk, promised_at
from bot.hours import OpeningHours
from bot.inbound import Channel
from bot.rendering import View, help_lines


@dataclass(frozen=True, slots=True)
class Asked:
    """What the metadata of the latest message says of who asks, and of the desk."""

    language: Language
    channel: Channel
    country: str
    now: datetime
    desk: Desk
    choice: str
    ticket: str
    topic: str
    danger: str
    has_steps: bool

    @classmethod
    def of(cls, metadata: Mapping[str, Any]) -> Asked:
        return cls(
            metadata["language"],
            Channel(metadata["channel"]),
            metadata.get("country", ""),
            datetime.fromisoformat(metadata["now"]),
            Desk(**metadata["desk"]),
            metadata.get("choice", ""),
            metadata.get("ticket", ""),
            metadata.get("topic", ""),
            metadata.get("danger", ""),
            bool(metadata.get("has_steps")),
        )


class DeskPages:
    """Writes the pages; they fit in one message, which `bot/check/desks.py` holds them to."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def promised(self, asked: Asked) -> datetime | None:
        """Until when somebody comes; None where there is no desk to ask at."""
        hours = self._catalogue.desk_hours
        if hours is None or not asked.desk.is_there:
            return None
        return promised_at(hours, asked.desk, asked.now)

    def page(self, asked: Asked, promised: datetime) -> list[str]:
        """The lines for somebody who waits already, has just said yes, or is to be asked."""
        hours = self._catalogue.desk_hours
        assert hours is not None  # or nothing could have been promised
        if asked.ticket:
            return self._waiting(asked, hours)
        if asked.choice:
            return self._handed_over(asked, promised)
        return self._in_danger(asked, hours) if asked.danger else self._first(asked, hours)

    def _first(self, asked: Asked, hours: OpeningHours) -> list[str]:
        """The whole page: the desk, who answers now if it is closed, what an advisor would see."""
        lines = [*self._head(asked), *self._desk(asked, hours)]
        if not hours.is_open(asked.now):
            lines += self._lines_now(asked)
        lines += ["", *self._will_see(asked)]
        if asked.has_steps:
            lines.append(self._say("will_see_steps", asked))
        return [*lines, "", self._say("pass_on", asked)] if asked.channel is not Channel.SMS else lines

    def _in_danger(self, asked: Asked, hours: OpeningHours) -> list[str]:
        """One step: help first, the desk in a line or two, what an advisor would see."""
        numbers = "; ".join(help_lines(self._catalogue, "emergency", self._view(asked)))
        return [self._say("ahead", asked, numbers=numbers), *self._desk(asked, hours), *self._will_see(asked)]

    def _handed_over(self, asked: Asked, promised: datetime) -> list[str]:
        """That it is done, and until when somebody comes. The case code is filled in by who opens the ticket."""
        said = self._say("handed_over", asked)
        when = desk_words.promise_line(self._catalogue, promised, asked.now, asked.language, asked.channel)
        helps = self._lines_now(asked) if asked.danger else []
        return [said, when, *helps, "", self._say("first_note", asked)]

    def _waiting(self, asked: Asked, hours: OpeningHours) -> list[str]:
        desk = asked.desk.for_who_waits
        said = self._say("you_wait", asked, code=asked.ticket)
        return [said, *self._desk(asked, hours, desk), self._say("meanwhile", asked)]

    def _head(self, asked: Asked) -> list[str]:
        return [] if asked.channel is Channel.SMS else [self._say("hand_over_title", asked)]

    def _desk(self, asked: Asked, hours: OpeningHours, desk: Desk | None = None) -> list[str]:
        """When advisors are there; and, while they are, how long it takes."""
        said = desk_words.hours_line(self._catalogue, hours, asked.now, asked.language)
        if not hours.is_open(asked.now):
            return [said]
        return [said, desk_words.wait_line(self._catalogue, desk or asked.desk, asked.language)]

    def _will_see(self, asked: Asked) -> list[str]:
        labels = self._catalogue.option_labels
        topic = labels[asked.topic][asked.language] if asked.topic in labels else self._say("no_topic", asked)
        key = "will_see_sms" if asked.channel is Channel.SMS or asked.danger else "will_see"
        return self._say(key, asked, channel=desk_words.NAMES[asked.channel], topic=topic).splitlines()

    def _lines_now(self, asked: Asked) -> list[str]:
        return [self._say("answering_now", asked), *desk_words.lines_now(self._catalogue, self._view(asked))]

    def _view(self, asked: Asked) -> View:
        values = {"country": asked.country} if asked.country else {}
        return View(asked.language, asked.channel, asked.now.date(), values)

    def _say(self, key: str, asked: Asked, **values: object) -> str:
        return self._catalogue.phrase(key, asked.language, **values).rstrip("\n")
