"""What is said when nothing was understood: kindly, with a way on, and never without the help numbers when it matters."""

from __future__ import annotations

from dataclasses import replace

from bot import handing_over, pace, questions, replying
from bot.catalogue import ADVISOR, CONSENT, HAND_OVER, MAIN
from bot.folding import fold
from bot.heeding import numbers
from bot.inbound import Media
from bot.pace import Pace
from bot.scene import Scene
from bot.session import Owner
from bot.turn import Turn


def unclear(scene: Scene) -> Turn:
    """Nothing that could be understood: not even words, perhaps."""
    scene = pace.echoed(scene)
    return replying.silence(scene, "echo") if pace.is_echo(scene) else not_understood(scene)


def not_understood(scene: Scene) -> Turn:
    """Says so kindly, with the nearest answers and an advisor; the second time in a row the advisor first."""
    if not scene.language:
        return replying.welcome_in_all(scene)
    misses = scene.session.misses + 1
    scene = scene.with_session(misses=misses).noting(questions.not_understood(scene.inbound, scene.tongue))
    scene = with_help(scene)
    if scene.inbound.media and not joins(scene):
        scene = scene.led_by(scene.phrase(cannot_read(scene)))
    if scene.session.asking == HAND_OVER:
        return replying.say(scene, "hand_over_first", handing_over.options_of(scene), outcome="not_understood")
    question = scene.catalogue.questions.get(scene.session.asking)
    if misses > 1 and not joins(scene):
        return replying.say(scene, "not_understood_again", _advisor_first(scene), outcome="not_understood")
    if scene.session.asking == CONSENT:
        return replying.say(scene, "not_understood_choice", replying.consent_options(), outcome="not_understood")
    if question is not None and question.kind == "place":
        return replying.say(scene, "which_town", ("offices-mexico", "offices-belize"), outcome="not_understood")
    if question is not None:
        return replying.say(
            scene, "not_understood_choice", replying.options_of(scene, question), outcome="not_understood"
        )
    if scene.catalogue.words.number(fold(scene.inbound.text)) is not None and scene.session.offered:
        return replying.say(scene, "not_understood_choice", _offered_still(scene), outcome="not_understood")
    key = "meanwhile_choose" if joins(scene) else "not_understood"
    return replying.say(scene, key, topics(scene), outcome="not_understood")


def joins(scene: Scene) -> bool:
    """Whether what the bot cannot answer goes to an advisor: then it is no miss."""
    return scene.session.owner is Owner.QUEUE and not scene.stateless


def topics(scene: Scene) -> list[str]:
    """What the bot knows, in few words, and an advisor; the danger answer first for who may be in danger."""
    first = [scene.understood.danger_node] if scene.danger else []
    return [*first, *[id_ for id_ in replying.follow_ups(scene, MAIN) if id_ != ADVISOR][: 2 - len(first)], ADVISOR]


def _offered_still(scene: Scene) -> list[str]:
    """What was offered and still exists."""
    return [id_ for id_ in scene.session.offered if id_ in scene.catalogue.option_labels]


def _advisor_first(scene: Scene) -> list[str]:
    """The advisor, then what was on offer: an open question stays open."""
    question = scene.catalogue.questions.get(scene.session.asking)
    if scene.session.asking == CONSENT:
        return [ADVISOR, *replying.consent_options()]
    if question is not None and question.options:
        return [ADVISOR, *replying.options_of(scene, question)]
    return [ADVISOR, *(id_ for id_ in topics(scene) if id_ != ADVISOR)]


def with_help(scene: Scene) -> Scene:
    """The same turn, with the emergency numbers on top where the chat is sensitive, or may have been (safety R28)."""
    if scene.danger or not (scene.session.sensitive or scene.stateless):
        return scene
    return scene.led_by(scene.phrase("help_line", numbers=numbers(scene)))


def held_back(scene: Scene) -> Turn:
    """Too many messages: said once, then quiet until a minute has passed."""
    if pace.pace(scene) is Pace.TELL:
        return replying.say(scene, "too_fast", outcome="too_fast")
    return replying.silence(scene, "held_back")


def cannot_read(scene: Scene) -> str:
    """The phrase that says what cannot be read."""
    phrases = {Media.VOICE: "cannot_read_voice", Media.IMAGE: "cannot_read_image"}
    return phrases.get(scene.inbound.media[0] if scene.inbound.media else Media.FILE, "cannot_read_other")


def where_they_stand(scene: Scene, key: str, *, outcome: str) -> Turn:
    """A phrase, and again what was offered last."""
    if not scene.language:
        return replying.welcome_in_all(scene)
    if scene.first:
        return replace(replying.welcome(scene.led_by(scene.phrase(key))), outcome=outcome)
    options = _offered_still(scene) or replying.follow_ups(scene, MAIN)
    return replying.say(with_help(scene), "meanwhile_choose" if joins(scene) else key, options, outcome=outcome)
