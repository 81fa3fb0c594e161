"""`action_hand_over`: the truth about the desk, what would be passed on, and whether the person wants that.

Three pages, by what stands in the metadata. Without a `ticket` and a `choice`: hours, expected wait, exactly what an
advisor gets to see, and the slot `hand-over` is asked for. With the choice "yes" or "steps": `ConversationPaused`, until
when somebody comes (`promised`), and whether the way through the menu goes along. With a `ticket`: how the line stands.
Where there is no desk: the page that says what there is instead.

It reads and answers; the ticket is opened by the conversation that runs it, and only after a yes to this very question.
"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ConversationPaused, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.desk_pages import Asked, DeskPages
from bot.catalogue import ADVISOR, HAND_OVER, Catalogue
from bot.handing_over import PROMISED, STEPS


class ActionHandOver(Action):  # type: ignore[misc]  # rasa_sdk ships no types
    """Says what is true of the desk at this moment, and hands over when the person has said yes."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._pages = DeskPages(catalogue)

    def name(self) -> str:
        return "action_hand_over"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        asked = Asked.of(tracker.latest_message["metadata"])
        promised = self._pages.promised(asked)
        if promised is None:
            dispatcher.utter_message(response=ADVISOR)
            return []
        dispatcher.utter_message(text="\n".join(self._pages.page(asked, promised)))
        if asked.ticket:
            return []
        if asked.choice:
            shares = asked.choice == STEPS
            return [SlotSet(PROMISED, int(promised.timestamp())), SlotSet(STEPS, shares), ConversationPaused()]
        return [SlotSet("requested_slot", HAND_OVER)]
