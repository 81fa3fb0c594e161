"""Obeys the global words: the table of design §3, row by row, in every state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot import questions, replying
from bot.catalogue import HELP_NUMBERS, MAIN, WELCOME
from bot.drawing import MENU_KEY
from bot.handoff import SPEAKS, asked_of, left
from bot.inbound import Channel, OptOut
from bot.native import BACK_ROW, MENU_ROW
from bot.scene import Scene
from bot.session import Prefs, Session
from bot.turn import Call, Clears, State, Turn
from bot.words import Command, Word

AT_ONCE = frozenset(
    {Command.CARRIER_STOP, Command.CARRIER_END, Command.OPT_OUT, Command.EXIT, Command.DELETE, Command.HELP_NUMBERS}
)
"""Words that are obeyed before anything else, however many messages came."""

YIELDING = frozenset({Command.GREETING, Command.GO, Command.LANGUAGE, Command.OPT_IN_IF_OUT, Command.MORE})
"""Words that give way to an option of the same name in what was just offered."""


_KEY_ROWS = {
    MENU_ROW: Word(Command.MENU),
    BACK_ROW: Word(Command.BACK),
}
"""The keys of a message where they are rows to tap: they count for as long as somebody can scroll back to them."""


def word_in(scene: Scene, folded: str) -> Word | None:
    """The global word that the whole message is, if any: also a key that the last reply printed."""
    if scene.inbound.opt_out is OptOut.STOP:
        return Word(Command.CARRIER_STOP)
    if scene.inbound.opt_out is OptOut.START:
        return Word(Command.OPT_IN)
    if scene.inbound.opt_out is OptOut.HELP:
        return Word(Command.HELP_NUMBERS)
    if scene.inbound.tapped in _KEY_ROWS:
        return _KEY_ROWS[scene.inbound.tapped]
    if folded in scene.session.printed and len(folded) == 1:
        return Word(Command.MENU) if folded == MENU_KEY else Word(Command.BACK)
    word = scene.catalogue.words.find(folded)
    if word is not None and word.command is Command.OPT_IN_IF_OUT:
        return word if scene.inbound.channel in scene.prefs.opted_out else None
    return word


def obey(scene: Scene, word: Word) -> Turn | Call:
    """Do what a word says."""
    return _OBEY[word.command](scene, word)


def _carrier_stop(scene: Scene, word: Word) -> Turn:
    """Twilio has answered on SMS, and wherever it says so; on WhatsApp one neutral line is ours to send."""
    answered = scene.inbound.channel is Channel.SMS or scene.inbound.opt_out is OptOut.STOP
    return _opted_out(scene, silent=answered)


def _carrier_end(scene: Scene, word: Word) -> Turn:
    """On SMS the carrier's stop, on WhatsApp the same as exit."""
    return _opted_out(scene, silent=True) if scene.inbound.channel is Channel.SMS else _exit(scene, word)


def _opt_out(scene: Scene, word: Word) -> Turn:
    return _opted_out(scene, silent=scene.inbound.opt_out is OptOut.STOP)


def _opted_out(scene: Scene, *, silent: bool) -> Turn:
    scene = left(scene.with_prefs(scene.prefs.opt_out(scene.inbound.channel)), "opted_out")
    silent = silent or scene.stateless
    return replying.leave(scene, "opted_out", outcome="opted_out", clears=Clears.COPIES, silent=silent)


def _exit(scene: Scene, word: Word) -> Turn:
    return replying.leave(left(scene, "exit"), "exit_done", outcome="left", clears=Clears.COPIES)


def _delete(scene: Scene, word: Word) -> Turn:
    if scene.stateless:
        return replying.say(scene, "not_possible_now", outcome="not_possible")
    turn = replying.leave(scene, "deleted", outcome="deleted", clears=Clears.ALL)
    return replace(turn, state=State(Session(), Prefs()))


def _help_numbers(scene: Scene, word: Word) -> Turn | Call:
    scene = replace(opted_in_again(scene), offers_language=not scene.language)
    return replying.show(scene, HELP_NUMBERS, outcome="helped")


def _opt_in(scene: Scene, word: Word) -> Turn | Call:
    scene = scene.with_prefs(scene.prefs.opt_in(scene.inbound.channel))
    if scene.inbound.opt_out is OptOut.START:
        return replying.silence(scene, "opted_in")
    if not scene.language:
        return replying.welcome_in_all(scene)
    return _menu(scene.led_by(scene.phrase("opted_in")), word)


def _menu(scene: Scene, word: Word) -> Turn | Call:
    return replying.enter(scene, MAIN) if scene.language else replying.welcome_in_all(scene)


def _back(scene: Scene, word: Word) -> Turn | Call:
    """Where the person was before. A question that was answered there is asked again."""
    target = scene.session.path[-1] if scene.session.path else MAIN
    return replying.enter(_unanswered(scene, target), target)


def _unanswered(scene: Scene, id_: str) -> Scene:
    """Forget the answers to the questions of a node, so that entering it asks them again."""
    asks = scene.catalogue.nodes[id_].ask if id_ in scene.catalogue.nodes else ()
    return scene.with_session(slots={name: slot for name, slot in scene.session.slots.items() if name not in asks})


def _more(scene: Scene, word: Word) -> Turn | Call:
    return replying.rest(scene)


def not_this(scene: Scene, word: Word | None = None) -> Turn | Call:
    """The bot has misunderstood: back to where the person was, without judgement (safety R24)."""
    return _back_from_guess(scene.noting(questions.refused(scene.session.question, scene.session.node)))


def something_else(scene: Scene) -> Turn | Call:
    """None of what was offered is meant."""
    return _back_from_guess(scene.noting(questions.refused(scene.session.question)))


def _back_from_guess(scene: Scene) -> Turn | Call:
    target = scene.session.path[-1] if scene.session.path else MAIN
    phrase = "back_from_danger" if scene.catalogue.is_danger(scene.session.node) else "say_it_again"
    turn = replying.enter(scene.led_by(scene.phrase(phrase)), target)
    return replace(turn, outcome="not_this") if isinstance(turn, Turn) else turn


def language(scene: Scene, word: Word) -> Turn | Call:
    """Go on in the language that a word names, at the same place."""
    scene = asked_of(scene.in_language(word.target), SPEAKS, language=word.target)
    if scene.session.node in ("", WELCOME):
        return replying.welcome(scene)
    node = scene.session.node if scene.session.node != "language" else MAIN
    return replying.enter(scene.led_by(scene.phrase("language_set")), node)


def _greeting(scene: Scene, word: Word) -> Turn | Call:
    return replying.welcome(scene) if scene.first or scene.stateless else replying.enter(scene, MAIN)


def _go(scene: Scene, word: Word) -> Turn | Call:
    return replying.enter(scene, word.target)


_OBEY: dict[Command, Callable[[Scene, Word], Turn | Call]] = {
    Command.CARRIER_STOP: _carrier_stop,
    Command.CARRIER_END: _carrier_end,
    Command.OPT_OUT: _opt_out,
    Command.EXIT: _exit,
    Command.DELETE: _delete,
    Command.HELP_NUMBERS: _help_numbers,
    Command.OPT_IN: _opt_in,
    Command.OPT_IN_IF_OUT: _opt_in,
    Command.MENU: _menu,
    Command.BACK: _back,
    Command.MORE: _more,
    Command.NOT_THIS: not_this,
    Command.LANGUAGE: language,
    Command.GREETING: _greeting,
    Command.GO: _go,
}


def opted_in_again(scene: Scene) -> Scene:
    """Whoever writes anything else after opting out wants an answer, and further ones."""
    if scene.inbound.channel not in scene.prefs.opted_out:
        return scene
    return scene.with_prefs(scene.prefs.opt_in(scene.inbound.channel))
