"""Goes on after an action: what its events change, and what its utterances say."""

from __future__ import annotations

from typing import Any

from bot.rendering import body
from bot.scene import Scene
from bot.session import Slot
from bot.turn import ActionResult


def applied(scene: Scene, event: Any) -> Scene:
    """What an event of an action changes: slots of closed lists, nothing else."""
    if event.get("event") != "slot":
        return scene
    question = scene.catalogue.questions.get(str(event.get("name")))
    value = str(event.get("value"))
    allowed = question is not None and value in {option.value for option in question.options}
    if question is None or not allowed:
        return scene
    slots = {**scene.session.slots, question.slot: Slot(value, scene.now_s + question.keeps_s)}
    return scene.with_session(slots=slots)


def uttered(scene: Scene, result: ActionResult) -> list[str]:
    """The lines of what an action said: an answer or phrase of the content with values, or a partner's own text."""
    lines: list[str] = []
    catalogue = scene.catalogue
    for utterance in result.responses:
        values = {key: str(value) for key, value in utterance.items() if key not in ("response", "text")}
        values |= {key: str(value) for key, value in (utterance.get("values") or {}).items()}
        response, text = str(utterance.get("response") or ""), str(utterance.get("text") or "")
        if response in catalogue.answers:
            lines += body(catalogue, catalogue.answers[response], scene.view(values))
        elif response in catalogue.phrases:
            lines += scene.phrase(response, **values).splitlines()
        elif text:
            lines += text.splitlines()
    return lines
