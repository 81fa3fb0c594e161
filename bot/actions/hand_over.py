"""`action_hand_over`: the truth about the desk, what would be passed on, and whether the person wants that.

Three pages, by what stands in the metadata. Without a `ticket` and a `choice`: hours, expected wait, exactly what an
advisor gets to see, and the slot `hand-over` is asked for. With the choice "yes" or "steps": `ConversationPaused`, until
when somebody comes (`promised`), and whether the way through the menu goes along. With a `ticket`: how the line stands.
Where there is no desk: the page that says what there is instead.

It reads and answers; the ticket is opened by the conversation that runs it, and only after a yes to this very question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ConversationPaused, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.actions import desk_words
from bot.catalogue import ADVISOR, HAND_OVER, Catalogue, Language
from bot.desk import Desk, promised_at
from bot.handing_over import PROMISED, STEPS
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


class ActionHandOver(Action):  # type: ignore[misc]  # rasa_sdk ships no types
    """Says what is true of the desk at this moment, and hands over when the person has said yes."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def name(self) -> str:
        return "action_hand_over"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        asked = Asked.of(tracker.latest_message["metadata"])
        hours = self._catalogue.desk_hours
        promised = promised_at(hours, asked.desk, asked.now) if hours is not None else None
        if hours is None or promised is None or not asked.desk.is_there:
            dispatcher.utter_message(response=ADVISOR)
            return []
        if asked.ticket:
            dispatcher.utter_message(text="\n".join(self._waiting(asked, hours)))
            return []
        if asked.choice:
            dispatcher.utter_message(text="\n".join(self._handed_over(asked, promised)))
            shares = asked.choice == STEPS
            return [SlotSet(PROMISED, int(promised.timestamp())), SlotSet(STEPS, shares), ConversationPaused()]
        lines = self._in_danger(asked, hours) if asked.danger else self._first(asked, hours)
        dispatcher.utter_message(text="\n".join(lines))
        return [SlotSet("requested_slot", HAND_OVER)]

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
