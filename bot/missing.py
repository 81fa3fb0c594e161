"""What is said when nothing was understood: kindly, with a way on, and never without the help numbers when it matters."""

from __future__ import annotations

from dataclasses import replace

from bot import pace, replying
from bot.catalogue import ADVISOR, CONSENT, MAIN
from bot.folding import fold
from bot.inbound import Media
from bot.pace import Pace
from bot.rendering import help_lines
from bot.scene import Scene
from bot.turn import Turn
from bot.understanding import NEARLY_SURE


def not_understood(scene: Scene) -> Turn:
    """Says so kindly, with the nearest answers and an advisor; the second time in a row the advisor first."""
    scene = pace.echoed(scene)
    if pace.is_echo(scene):
        return replying.silence(scene, "echo")
    if not scene.language:
        return replying.welcome_in_all(scene)
    misses = scene.session.misses + 1
    scene = scene.with_session(misses=misses)
    scene = with_help(scene)
    if scene.inbound.media:
        scene = scene.led_by(scene.phrase(cannot_read(scene)))
    question = scene.catalogue.questions.get(scene.session.asking)
    if misses > 1:
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
    return replying.say(scene, "not_understood", [*_nearest_answers(scene), ADVISOR], outcome="not_understood")


def _nearest_answers(scene: Scene) -> list[str]:
    """The two answers nearest to what was written; without any, the main menu's first topics."""
    near = [id_ for id_, confidence in scene.ranked if _may_be_offered(scene, id_, confidence)]
    return near[:2] if near else [id_ for id_ in replying.follow_ups(scene, MAIN) if id_ != ADVISOR][:2]


def _may_be_offered(scene: Scene, id_: str, confidence: float) -> bool:
    """Nobody who asked about something else is shown that their words looked like danger, unless they very nearly did."""
    if id_ in (ADVISOR, MAIN) or replying.is_hidden(scene, id_):
        return False
    return confidence >= NEARLY_SURE or not scene.catalogue.is_sensitive(id_)


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
    return [ADVISOR, *_nearest_answers(scene)]


def with_help(scene: Scene) -> Scene:
    """The same turn, with the emergency numbers on top where the chat is sensitive, or may have been (safety R28)."""
    if not scene.session.sensitive and not scene.stateless:
        return scene
    numbers = "; ".join(help_lines(scene.catalogue, "emergency", scene.view()))
    return scene.led_by(scene.phrase("help_line", numbers=numbers))


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
    return replying.say(with_help(scene), key, options, outcome=outcome)
