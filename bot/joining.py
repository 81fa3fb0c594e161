"""While somebody waits for an advisor: what the bot could not answer joins the ticket, and the person is told so.

The bot answers as always; only then it shows whether anything was left over. Certain danger is answered by the bot, and
puts the ticket at the head of the queue.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot import complaining
from bot.catalogue import FIRST_NOTE
from bot.folding import fold
from bot.handoff import RAISED, SAID, asked_of, said
from bot.questions import ASKED
from bot.scene import Scene
from bot.turn import Call, Effect, Turn

UNANSWERED = frozenset({"not_understood", "not_covered", "no_text", "photo_burst", "echo", "too_fast", "held_back"})
"""Outcomes of turns in which a message got no answer of its own."""


def joined(scene: Scene, turn: Turn, again: Callable[[Scene], Turn | Call]) -> Turn | Call:
    """The turn of somebody who waits, with what goes to their ticket. `again` takes it anew with a line on top."""
    if not turn.state.session.ticket or complaining.is_open(scene) or complaining.is_prompted(scene.session):
        return turn
    if turn.danger == "certain":
        return _raised(scene, turn)
    if not _is_left_over(scene, turn):
        return turn
    if turn.reply is not None and turn.outcome != "too_fast":
        told = again(scene.led_by(*scene.told("joined")))
        if not isinstance(told, Turn):
            return told
        turn = told
    return _with(replace(turn, effects=_not_for_editors(turn)), said(replace(scene, danger=turn.danger)))


def _is_left_over(scene: Scene, turn: Turn) -> bool:
    """A recording or a photo always: the bot can read none. Words where they got no answer; a mistyped number never."""
    if any(effect.kind == SAID for effect in turn.effects):
        return False
    if scene.inbound.media:
        return True
    is_number = scene.catalogue.words.number(fold(scene.inbound.text)) is not None
    is_unanswered = turn.outcome in UNANSWERED or (turn.outcome == "welcomed" and not scene.language)
    return is_unanswered and bool(scene.inbound.text.strip()) and not is_number


def _raised(scene: Scene, turn: Turn) -> Turn:
    """The advisor learns that there is danger; the words themselves only where they were meant for the advisor."""
    meant = scene.session.asking == FIRST_NOTE or bool(scene.inbound.media)
    scene = replace(scene, danger=turn.danger)
    scene = said(scene, note=scene.session.asking == FIRST_NOTE) if meant else scene
    return _with(turn, asked_of(scene, RAISED))


def _with(turn: Turn, scene: Scene) -> Turn:
    return replace(turn, effects=(*turn.effects, *scene.effects))


def _not_for_editors(turn: Turn) -> tuple[Effect, ...]:
    """What goes to an advisor is not also kept as a question for the editors."""
    return tuple(effect for effect in turn.effects if effect.kind not in ASKED)
