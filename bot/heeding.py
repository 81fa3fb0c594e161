"""Danger first: the lexicon and what was understood, united, and the answer to it (design §7, safety R21 to R28)."""

from __future__ import annotations

from dataclasses import replace

from bot import replying
from bot.catalogue import LANGUAGE_SLOT, option_id
from bot.danger import Tier
from bot.rendering import help_lines
from bot.scene import Scene
from bot.turn import Turn

CERTAIN_IN_ANSWERS = 0.5
"""While a question is open, short answers ("on a farm far away") look like more than they are."""


def understanding_of(scene: Scene) -> Scene:
    """The same turn with what its free text asks for. What was just offered lies near."""
    understand = scene.catalogue.understanding.understand
    return replace(scene, understood=understand(scene.inbound.text, scene.tongue, scene.session.offered))


def heeded(scene: Scene, *, known: bool) -> Scene:
    """The same turn with the danger that its text tells of, certain or possible; recall goes before precision.

    Possible danger puts one quiet line of help numbers on top of whatever answer fits. `known` says that the person's
    language was known before this message: a cry in another language says nothing about it.
    """
    alarm = scene.catalogue.lexicon.search(scene.inbound.text)
    understood = scene.understood
    tier = understood.united(alarm)
    patterns = alarm is not None and alarm.tier is Tier.CERTAIN
    if tier is Tier.CERTAIN and not patterns and scene.session.asking and understood.danger < CERTAIN_IN_ANSWERS:
        tier = Tier.POSSIBLE
    if alarm is not None and not known and alarm.language not in scene.catalogue.languages:
        scene = scene.in_language("")
    if alarm is not None and not scene.language and alarm.language in scene.catalogue.languages:
        scene = scene.in_language(alarm.language)
    if tier is Tier.CERTAIN:
        node = alarm.node if alarm is not None and patterns else understood.danger_node
        return replace(scene, danger=Tier.CERTAIN.value, understood=replace(understood, danger_node=node))
    if tier is Tier.POSSIBLE:
        node = understood.danger_node or (alarm.node if alarm else "")
        scene = replace(scene, danger=Tier.POSSIBLE.value, understood=replace(understood, danger_node=node))
        return scene.led_by(*scene.told("quiet_help", numbers=numbers(scene)))
    return scene


def danger_answer(scene: Scene) -> Turn:
    """The danger answer, alone and at once, in every state and however many messages came."""
    if scene.language:
        return replying.show(scene, scene.understood.danger_node, outcome="danger", danger=scene.danger)
    return _in_all_languages(scene)


def _in_all_languages(scene: Scene) -> Turn:
    """Nobody knows the language, or it is one that we do not have: the numbers in all of ours, and nothing else."""
    languages = scene.catalogue.languages
    lines = [
        line
        for language in languages
        for line in scene.catalogue.phrase("help_line", language, numbers=numbers(scene.spoken(language))).splitlines()
    ]
    choices = [option_id(LANGUAGE_SLOT, language) for language in languages]
    node = scene.understood.danger_node
    return replying.show_lines(scene, node, lines, choices, outcome="danger", danger=scene.danger)


def numbers(scene: Scene) -> str:
    """The emergency numbers in one line: of the country that the person named, else of both."""
    return "; ".join(help_lines(scene.catalogue, "emergency", scene.view()))
