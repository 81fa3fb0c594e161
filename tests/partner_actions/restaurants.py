# ruff: noqa: UP006, UP019, UP035
from typing import Any, Dict, List, Text

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

RESTAURANTS = {"mexican": ["La Cocina"], "belizean": ["Di Kitchen"]}


class ActionCheckRestaurants(Action):
    def name(self) -> Text:
        return "action_check_restaurants"

    def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: Dict[Text, Any],
    ) -> List[Dict[Text, Any]]:
        cuisine = tracker.get_slot("cuisine")
        result = RESTAURANTS.get(cuisine, [])
        dispatcher.utter_message(text=f"I know {len(result)} restaurant(s).")
        dispatcher.utter_message(response="utter_matches", matches=", ".join(result))

        return [SlotSet("matches", result if result is not None else [])]


class ActionSlowly(Action):
    def name(self) -> Text:
        return "action_slowly"

    async def run(self, dispatcher, tracker, domain):  # type: ignore[no-untyped-def]
        import asyncio

        await asyncio.sleep(30)
        return []


class ActionBlocks(Action):
    def name(self) -> Text:
        return "action_blocks"

    def run(self, dispatcher, tracker, domain):  # type: ignore[no-untyped-def]
        import time

        time.sleep(3)
        return []


class ActionBreaks(Action):
    def name(self) -> Text:
        return "action_breaks"

    def run(self, dispatcher, tracker, domain):  # type: ignore[no-untyped-def]
        raise RuntimeError(f"broken: {tracker.latest_message}")


class ActionTellsTracker(Action):
    """Says what it can see, so that a test can look at it."""

    def name(self) -> Text:
        return "action_tells_tracker"

    def run(self, dispatcher, tracker, domain):  # type: ignore[no-untyped-def]
        dispatcher.utter_message(
            text="seen",
            slots=dict(tracker.current_slot_values()),
            message=tracker.latest_message,
            sender=tracker.sender_id,
            channel=tracker.get_latest_input_channel(),
            town=next(tracker.get_latest_entity_values("town"), None),
            domain=sorted(domain),
        )
        return []
