"""While an advisor has the chat: everything goes to the ticket, and the bot stays quiet (design §3, safety R42).

The bot answers only to what must never depend on a person reading it in time: certain danger, the help numbers, leaving,
opting out, erasing; and to the words for another language, for the menu and for a complaint, of which the last two ask
first whether the talk is to end. Of numbers only those count that the bot printed in its very last reply.
"""

from __future__ import annotations

from dataclasses import replace

from bot import complaining, rendering, replying
from bot.catalogue import HELP_NUMBERS, LEAVING, MAIN, NodeId, option_id
from bot.choosing import exactly
from bot.handoff import RAISED, SPEAKS, asked_of, left, said
from bot.heeding import heeded, understanding_of
from bot.inbound import OptOut
from bot.obeying import AT_ONCE, obey, opted_in_again, word_in
from bot.pace import Pace, pace
from bot.scene import Scene
from bot.turn import Call, Turn
from bot.words import Command, Word

COMPLAINT = "complaint"


def talk(scene: Scene, folded: str) -> Turn | Call:
    """What one message leads to while an advisor has the chat."""
    scene = replace(scene, first=False)
    word = word_in(scene, folded)
    if word is not None and word.command in AT_ONCE and word.command is not Command.HELP_NUMBERS:
        return obey(scene, word)
    scene = opted_in_again(scene)  # else the advisor could not answer somebody who writes
    if word is not None and word.command is Command.HELP_NUMBERS:
        return _numbers(scene)
    answer = _answer(scene, folded)
    if answer:
        return _left_or_not(scene, answer)
    if word is not None:
        turn = _obeyed(scene, word)
        if turn is not None:
            return turn
    return _told(scene, folded)


def _answer(scene: Scene, folded: str) -> str:
    """The answer to "end the talk?", if that was the last thing the bot said; "" for anything else."""
    if scene.session.asking != LEAVING:
        return ""
    option = exactly(scene, folded)
    if option in scene.session.offered:
        return str(option).partition("=")[2]
    words = scene.catalogue.words
    offered = [option_.partition("=")[2] for option_ in scene.session.offered]
    return offered[0] if words.says("yes", folded) else "no" if words.says("no", folded) else ""


def _left_or_not(scene: Scene, answer: str) -> Turn | Call:
    if answer == "no":
        return replying.beside(scene, scene.told("talk_goes_on"), outcome="talk_goes_on")
    target: NodeId = COMPLAINT if answer == COMPLAINT and COMPLAINT in scene.catalogue.answers else MAIN
    scene = left(scene, "menu").with_session(asking="", offered=(), printed="")
    return replying.enter(scene.led_by(*scene.told("talk_left")), target)


def _obeyed(scene: Scene, word: Word) -> Turn | None:
    """The few global words that still mean something; None for those that are just words in a talk."""
    if word.command is Command.OPT_IN and scene.inbound.opt_out is OptOut.START:
        return replying.silence(scene, "opted_in")
    if word.command not in (Command.LANGUAGE, Command.MENU) and word.target != COMPLAINT:
        return None
    if pace(scene) is not Pace.FINE:
        return replying.silence(scene, "held_back")
    if word.command is Command.LANGUAGE:
        scene = asked_of(scene.in_language(word.target), SPEAKS, language=word.target)
        return replying.beside(scene, scene.told("language_set"), outcome="language_set")
    value, key = (COMPLAINT, "leave_talk_complaint") if word.target == COMPLAINT else ("yes", "leave_talk")
    options = (option_id(LEAVING, value), option_id(LEAVING, "no"))
    return replying.beside(scene, scene.told(key), options, asking=LEAVING, outcome="asked")


def _told(scene: Scene, folded: str) -> Turn | Call:
    """Free text, a number, a place, a photo: to the advisor, after a look for danger; a complaint to nobody here."""
    if folded and scene.catalogue.words.number(folded) is None:
        scene = heeded(understanding_of(scene), known=True)
        scene = replace(scene, lead=())  # possible danger is marked for the advisor; the bot stays quiet
    if scene.danger == "certain":
        return _in_danger(scene)
    complaint = complaining.complained(scene, folded)
    if complaint is not None:
        return _talk_again(complaint)
    scene = scene.with_session(
        asking="", offered=(), printed="", misses=0, sensitive=scene.session.sensitive or bool(scene.danger)
    )
    inbound = scene.inbound
    if inbound.text.strip() or inbound.media or inbound.location is not None:
        scene = said(scene)
    return replying.silence(scene, "joined")


def _in_danger(scene: Scene) -> Turn | Call:
    """The help lines at once, from the bot: nobody knows when the advisor looks. The ticket is raised."""
    lines = _page(scene, scene.understood.danger_node)
    if complaining.is_open(scene):
        turn = replying.beside(asked_of(scene, RAISED), lines, outcome="danger", danger=scene.danger)
        return _talk_again(complaining.beside_danger(scene, turn))
    scene = asked_of(said(scene), RAISED)
    lines += scene.told("danger_passed_on")
    return replying.beside(scene, lines, outcome="danger", danger=scene.danger)


def _numbers(scene: Scene) -> Turn:
    return replying.beside(scene, _page(scene, HELP_NUMBERS), outcome="helped")


def _page(scene: Scene, id_: NodeId) -> list[str]:
    return list(rendering.body(scene.catalogue, scene.catalogue.answers[id_], scene.view()))


def _talk_again(turn: Turn | Call) -> Turn | Call:
    """A complaint was taken: what comes next is for the advisor again."""
    if not isinstance(turn, Turn) or complaining.made(turn) is None:
        return turn
    session = replace(turn.state.session, node=COMPLAINT, offered=(), printed="")
    return replace(turn, state=replace(turn.state, session=session))
