"""Answers free text: at once where that is sure, with a short list where it is not, honestly where there is no answer."""

from __future__ import annotations

import re
from dataclasses import replace

from bot import pace, questions, replying
from bot.answering import Decision
from bot.catalogue import ADVISOR, MAIN, SOMETHING_ELSE
from bot.folding import fold
from bot.missing import not_understood, topics, with_help
from bot.scene import Scene
from bot.turn import Turn

MOST_OFFERED = 3
LEAST_WORDS_OF_TWO, MOST_WORDS_OF_TWO = 6, 40
"""A shorter message holds one question, a longer one a story."""

LEAST_WORDS = 2
"""Of each part of a message that holds two."""

_BETWEEN = re.compile(
    r"[?.!;\n]+|,\s*(?:and|y|also|tambien|también|pero|but)\b|\b(?:and also|y tambien|y también|also|ademas|además|another thing|otra cosa)\b",
    re.IGNORECASE,
)


def understood_text(scene: Scene, folded: str) -> Decision:
    """What a free text asks for, as far as it was understood."""
    if not folded:
        return None
    understood = scene.understood
    if understood.named and not understood.direct:
        shown = offerable(scene, understood.listed)
        return replying.say(scene, "which_one", shown, outcome="asked_which") if shown else None
    if len(both := two_questions(scene)) > 1:
        scene = scene.noting(questions.offered(scene.inbound, scene.tongue, both))
        return replying.say(scene, "two_questions", both, outcome="asked_which")
    if understood.direct:
        return _at_once(scene, understood.direct)
    scene = pace.echoed(scene)
    if pace.is_echo(scene):
        return replying.silence(scene, "echo")
    if scene.session.asking:
        return not_understood(scene)  # an open question stays open: its numbers must go on meaning its answers
    if understood.has_no_answer and understood.outside:
        return _no_answer(scene, understood.outside)
    listed = offerable(scene, understood.listed)
    if listed:
        scene = with_help(scene).noting(questions.offered(scene.inbound, scene.tongue, listed))
        return replying.say(scene, "did_you_mean", [*listed, SOMETHING_ELSE], outcome="asked_which")
    return not_understood(scene)


def _at_once(scene: Scene, id_: str) -> Decision:
    """The answer, under what was understood; unless the person has named it, they may say that it is not this."""
    if scene.understood.named:
        return replying.enter(scene, id_)
    scene = understood_as(scene, id_).noting(questions.answered(scene.inbound, scene.tongue, id_))
    return replying.enter(scene, id_)


def understood_as(scene: Scene, id_: str) -> Scene:
    """The same turn, saying what was understood, and ready to be told that it is not this. A menu says itself what it is."""
    if scene.catalogue.node(id_).menu:
        return scene
    label = scene.catalogue.label(id_, scene.tongue)
    return replace(scene, found=True).led_by(scene.phrase("understood", label=label))


def _no_answer(scene: Scene, kind: str) -> Turn:
    """There is no answer to this here: said so, with what there is."""
    if not scene.language:
        return replying.welcome_in_all(scene)
    scene = scene.noting(questions.not_understood(scene.inbound, scene.tongue, outside=kind))
    text = scene.catalogue.not_covered[kind].text[scene.tongue]
    return replying.say_lines(with_help(scene), text.splitlines(), topics(scene), outcome="not_covered")


def offerable(scene: Scene, ids: tuple[str, ...]) -> list[str]:
    """Answers that may be offered to this person.

    Nobody who asked about something else is shown that their words looked a little like danger.
    """
    catalogue = scene.catalogue
    return [
        id_
        for id_ in ids
        if id_ not in (ADVISOR, MAIN)
        and not replying.is_hidden(scene, id_)
        and (scene.danger or scene.understood.named or id_ not in catalogue.danger_nodes)
    ]


def two_questions(scene: Scene) -> list[str]:
    """The answers to the parts of a message that asks two different things, each of them clearly."""
    parts = [part for part in _BETWEEN.split(scene.inbound.text) if len(fold(part).split()) >= LEAST_WORDS]
    words = len(fold(scene.inbound.text).split())
    if len(parts) < 2 or not LEAST_WORDS_OF_TWO <= words <= MOST_WORDS_OF_TWO:
        return []
    understanding = scene.catalogue.understanding
    found = [understanding.understand(part, scene.tongue).direct for part in parts[:MOST_OFFERED]]
    return list(dict.fromkeys(offerable(scene, tuple(id_ for id_ in found if id_))))
