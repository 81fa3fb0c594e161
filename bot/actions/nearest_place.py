"""`action_nearest_place`: the offices near a shared location or a named town.

Where the person is comes with the message and goes with it: this action sets no slot.
"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.asking import Asking, read_asking
from bot.actions.place_words import near_line
from bot.catalogue import ADVISOR, Catalogue
from bot.inbound import Channel
from bot.nearest import Spot, nearest

FOUND = "nearest-office"
UNKNOWN_TOWN = "nearest-unknown-town"


class ActionNearestPlace(Action):  # type: ignore[misc]  # rasa_sdk ships no types
    """Answers with `nearest-office` and the value `nearest`: up to three places, one under the other."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def name(self) -> str:
        return "action_nearest_place"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        asking = read_asking(tracker)
        spot = self._spot(tracker, asking)
        if spot is None:
            dispatcher.utter_message(response=UNKNOWN_TOWN)
            return []
        lines = self._lines(spot, asking)
        if lines:
            dispatcher.utter_message(response=FOUND, nearest="\n".join(lines))
        else:
            dispatcher.utter_message(response=ADVISOR)
        return []

    def _spot(self, tracker: Tracker, asking: Asking) -> Spot | None:
        """The shared location, else the middle of the named town."""
        if asking.location is not None:
            return Spot(asking.location.latitude, asking.location.longitude)
        named = asking.town or next(tracker.get_latest_entity_values("town"), "")
        town = self._catalogue.towns.get(named)
        return None if town is None else Spot(town.lat, town.lon, town.id)

    def _lines(self, spot: Spot, asking: Asking) -> list[str]:
        catalogue = self._catalogue
        found = nearest(catalogue.places.values(), catalogue.towns, spot, asking.now, country=asking.country)
        with_address = asking.channel != Channel.SMS
        return [near_line(catalogue, each, asking.now, asking.language, with_address=with_address) for each in found]
