"""Reads what an action answers, in Rasa's form, whether it ran here or behind a URL.

An answer is `{"events": [...], "responses": [...]}`. Each response has a `response` (the id of an answer or a phrase of
the content) or a `text`, and the values it is filled with. What Rasa adds for other channels (buttons, pictures) is
dropped when it is empty.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from bot.turn import ActionResult

FAILED = ActionResult(failed=True)
_ALWAYS_THERE = ("text", "buttons", "elements", "custom", "template", "response", "image", "attachment")


class NotAnAnswer(ValueError):
    """What came back is not in Rasa's form. The message names the part, never its content."""


def read_result(payload: object) -> ActionResult:
    """The result in an action's answer. Raises NotAnAnswer."""
    if not isinstance(payload, Mapping):
        raise NotAnAnswer("answer")
    events = tuple(_mappings(payload, "events"))
    if not all(isinstance(event.get("event"), str) for event in events):
        raise NotAnAnswer("events")
    return ActionResult(events=events, responses=tuple(_utterance(each) for each in _mappings(payload, "responses")))


def _mappings(payload: Mapping[str, Any], key: str) -> Iterable[Mapping[str, Any]]:
    found = [] if payload.get(key) is None else payload[key]
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise NotAnAnswer(key)
    return found


def _utterance(response: Mapping[str, Any]) -> Mapping[str, Any]:
    """A response without Rasa's empty furniture. Older servers call the id `template`."""
    id_ = response.get("response") or response.get("template")
    named = {"response": id_} if id_ else {}
    kept = {key: value for key, value in response.items() if value or key not in _ALWAYS_THERE}
    return {**{key: value for key, value in kept.items() if key not in ("template", "response")}, **named}
