"""`action_office_hours`: is it open now? For one place, or for the offices of the country the person is in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.asking import Asking, read_asking
from bot.actions.place_words import hours_line, hours_lines
from bot.catalogue import ADVISOR, Catalogue, Place
from bot.nearest import GUARDED, OFFICES, door, is_a_door, may_be_listed

FOUND = "office-hours"
PAGE = "open-now"
MOST = 4
_NEVER = datetime.max.replace(tzinfo=UTC)


class ActionOfficeHours(Action):  # type: ignore[misc]  # rasa_sdk ships no types
    """Answers with `office-hours` and the value `hours`; for all offices with the page `open-now`, if there is one.

    The place is named by the slot or the metadata `place`. Without one: up to four offices, those whose hours are known
    before the others, the open ones first.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def name(self) -> str:
        return "action_office_hours"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        asking = read_asking(tracker)
        place = self._catalogue.places.get(tracker.slots.get("place") or asking.place)
        if place is not None and not self._is_guarded(place, tracker):
            dispatcher.utter_message(
                response=FOUND, hours=hours_lines(self._catalogue, place, asking.now, asking.language)
            )
        elif hours := "\n".join(self._lines(asking)):
            is_page = PAGE in self._catalogue.answers
            dispatcher.utter_message(response=PAGE if is_page else FOUND, hours=hours, hours_now=hours)
        else:
            dispatcher.utter_message(response=ADVISOR)
        return []

    def _is_guarded(self, place: Place, tracker: Tracker) -> bool:
        """Whether naming this door could harm: a consulate, to somebody who fears their own government (R36)."""
        return bool(GUARDED.intersection(place.kinds)) and tracker.slots.get("fears-government") == "yes"

    def _lines(self, asking: Asking) -> list[str]:
        offices = [
            place
            for place in self._catalogue.places.values()
            if OFFICES.intersection(place.kinds) and may_be_listed(place) and is_a_door(place)
        ]
        here = [place for place in offices if place.country == asking.country]
        listed = sorted(here or offices, key=lambda place: _rank(place, asking.now))[:MOST]
        return [
            hours_line(self._catalogue, place, asking.now, asking.language, with_country=not here) for place in listed
        ]


def _rank(place: Place, at: datetime) -> tuple[int, datetime]:
    """Open ones first, then by when they open, then those of which nobody knows."""
    is_open, changes_at = door(place, at)
    if is_open is None:
        return 2, _NEVER
    return (0, _NEVER) if is_open else (1, changes_at or _NEVER)
