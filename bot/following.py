"""Follows what was offered: a node, the answer to a question, consent, a language."""

from __future__ import annotations

from dataclasses import replace

from bot import handing_over, questions, replying
from bot.catalogue import CONSENT, LANGUAGE_SLOT, MAIN, NOT_THIS, RATHER_NOT, SOMETHING_ELSE, Question
from bot.obeying import language, not_this, something_else
from bot.scene import Scene
from bot.session import Slot
from bot.turn import Call, Turn
from bot.words import Command, Word

RATHER_NOT_KEPT_S = 1800
"""How long "I'd rather not say" is respected before a question may be asked again."""


def choose(scene: Scene, option: str) -> Turn | Call:
    """Follow an option that was offered, whatever became of it since."""
    if option == NOT_THIS:
        return not_this(scene)
    if option == SOMETHING_ELSE:
        return something_else(scene)
    slot, is_value, value = option.partition("=")
    if not is_value:
        return replying.enter(scene.noting(questions.chosen(scene.session.question, option)), option)
    if slot == LANGUAGE_SLOT and value in scene.catalogue.languages:
        return language(scene, Word(Command.LANGUAGE, value))
    if slot in handing_over.DESK_SLOTS:
        return handing_over.chosen(scene, slot, value)
    if slot == CONSENT:
        return replying.enter(scene.with_prefs(replace(scene.prefs, consent=value == "yes")), standing(scene))
    if slot in scene.catalogue.questions:
        return answered(scene, scene.catalogue.questions[slot], value)
    return _gone(scene)


def choose_late(scene: Scene, option: str) -> Turn | Call:
    """Follow a row under an old message: another answer to a question on the way here, or the menu."""
    slot, _, value = option.partition("=")
    session, nodes = scene.session, scene.catalogue.nodes
    way = (id_ for id_ in (session.node, *reversed(session.path)) if id_ in nodes)
    asked_at = next((id_ for id_ in way if slot in nodes[id_].ask), "")
    if not asked_at or (scene.catalogue.questions[slot].personal and not scene.prefs.consent):
        return _gone(scene)
    return answered(scene.with_session(node=asked_at), scene.catalogue.questions[slot], value)


def _gone(scene: Scene) -> Turn:
    return replying.show(scene.led_by(scene.phrase("gone")), MAIN, outcome="gone")


def standing(scene: Scene) -> str:
    """Where the person is."""
    return scene.session.node or MAIN


def answered(scene: Scene, question: Question, value: str) -> Turn | Call:
    """Keep the answer to a question as long as it says, and go on."""
    kept_s = RATHER_NOT_KEPT_S if value == RATHER_NOT else question.keeps_s
    slots = {**scene.session.slots, question.slot: Slot(value, scene.now_s + kept_s)}
    return replying.enter(scene.with_session(slots=slots), standing(scene))
