"""Decides what one message leads to. Pure: equal arguments always give an equal turn.

The order of meaning is that of design §3; each step is one function that answers with a turn, or with None to let the
next one try. Danger comes before everything but what the person was just offered and the global words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot import complaining, handing_over, joining, pace, questions, replying, talking
from bot.acting import applied, uttered
from bot.answering import (
    Decision,
    acknowledged,
    answer_to_question,
    desk_note,
    nearly_offered,
    says_where,
    town_alone,
    without_text,
)
from bot.catalogue import ADVISOR, Catalogue
from bot.choosing import exactly, is_past
from bot.folding import fold
from bot.following import choose, choose_late
from bot.heeding import danger_answer, heeded, understanding_of
from bot.inbound import Inbound
from bot.missing import held_back, unclear, with_help
from bot.obeying import AT_ONCE, YIELDING, obey, opted_in_again, word_in
from bot.pace import Pace
from bot.scene import Scene
from bot.session import Owner, Session
from bot.turn import ActionResult, Call, State, Turn
from bot.understood_text import understood_text
from bot.words import Word

SENTENCE_WORDS = 3


def step(catalogue: Catalogue, state: State, inbound: Inbound, *, stateless: bool = False) -> Turn | Call:
    """Decide what an inbound message leads to.

    Gives the turn, or the action to run before `resume`. `stateless` answers without memory: no numbers, no promises.
    """
    decided = _decided(catalogue, state, inbound, stateless=stateless)
    return _settled(state.session.question, decided) if isinstance(decided, Turn) else decided


def _decided(catalogue: Catalogue, state: State, inbound: Inbound, *, stateless: bool) -> Turn | Call:
    scene = _scene(catalogue, state, inbound, stateless=stateless)
    folded = fold(inbound.text)
    if scene.session.owner is Owner.ADVISOR:
        return talking.talk(scene, folded)
    decided = _by_the_bot(scene, folded)
    if scene.session.owner is Owner.QUEUE and isinstance(decided, Turn):
        return joining.joined(scene, decided, lambda told: _by_the_bot(told, folded))
    return decided


def _by_the_bot(scene: Scene, folded: str) -> Turn | Call:
    """The order of meaning while no advisor has the chat."""
    catalogue = scene.catalogue
    word = word_in(scene, folded)
    option = exactly(scene, folded) if word is None or word.command in YIELDING else None
    if option is None and handing_over.is_of_the_desk(scene.inbound.tapped):
        option = scene.inbound.tapped
    plain = word is not None or option is not None or catalogue.words.number(folded) is not None
    known = bool(scene.language)
    scene = _in_their_language(scene, folded, plain=plain and not _is_sentence(word, folded))
    if not plain:
        scene = heeded(understanding_of(scene), known=known)
        if scene.danger == "certain":
            scene = opted_in_again(scene)
            return complaining.beside_danger(scene, danger_answer(scene))
    if word is not None and word.command in AT_ONCE:
        return obey(scene, word)
    if not scene.danger and pace.pace(scene) is not Pace.FINE:
        return held_back(scene)
    scene = opted_in_again(scene)
    if option is not None:
        return choose_late(scene, option) if is_past(scene, option) else choose(scene, option)
    if word is not None:
        return obey(scene, word)
    for attempt in _LATER:
        turn = attempt(scene, folded)
        if turn is not None:
            return turn
    return unclear(scene)


def resume(
    catalogue: Catalogue, call: Call, inbound: Inbound, result: ActionResult, *, stateless: bool = False
) -> Turn:
    """Go on after an action, with the events and utterances that it returned."""
    return _settled(call.state.session.question, _resumed(catalogue, call, inbound, result, stateless=stateless))


def _settled(question: str, turn: Turn) -> Turn:
    """The turn with what editors may learn from it, and no more."""
    turn, question = questions.settled(question, turn)
    return replace(turn, state=replace(turn.state, session=replace(turn.state.session, question=question)))


def _resumed(catalogue: Catalogue, call: Call, inbound: Inbound, result: ActionResult, *, stateless: bool) -> Turn:
    scene = _scene(catalogue, call.state, inbound, stateless=stateless)
    scene = replace(scene, language=call.language, session=call.state.session, lead=call.lead, first=call.first)
    scene = replace(scene, danger=call.danger, effects=call.effects)
    for event in result.events:
        scene = applied(scene, event)
    follow = next((str(event.get("name")) for event in result.events if event.get("event") == "followup"), "")
    if follow in catalogue.answers and follow != call.node:
        turn = replying.enter(scene, follow)
        if isinstance(turn, Turn):
            return turn
    lines = uttered(scene, result)
    page = handing_over.resumed(scene, call, result, lines) if lines and not result.failed else None
    if page is not None:
        return page
    if [dict(each) for each in result.responses] == [{"response": ADVISOR}] and call.node == ADVISOR:
        return handing_over.nobody_here(scene)
    if result.failed or not lines:
        scene = with_help(scene).led_by(scene.phrase("action_failed"))
        return replying.show(scene, call.node, outcome="action_failed")
    return replying.show_result(scene, call.node, lines, outcome="acted")


def _scene(catalogue: Catalogue, state: State, inbound: Inbound, *, stateless: bool) -> Scene:
    """What is known at the start. A session gone stale counts as forgotten."""
    session = Session() if stateless else state.session
    if session.is_stale(inbound.at_s):
        session = session.afresh()
    prefs = state.prefs if state.prefs.language in catalogue.languages else replace(state.prefs, language="")
    first = not session.node and not stateless
    session = pace.counted(session, inbound.at_s)
    catalogue = catalogue.without_complaints if stateless else catalogue
    return Scene(catalogue, inbound, session, prefs, prefs.language, first, stateless)


def _is_sentence(word: Word | None, folded: str) -> bool:
    """Whether a global word is a whole sentence ("are you a person"), which tells the language as any sentence does."""
    return word is not None and len(folded.split()) >= SENTENCE_WORDS


def _in_their_language(scene: Scene, folded: str, *, plain: bool) -> Scene:
    """Find out the language: a first time from anything that decides, later from clear sentences only.

    Who writes a clear sentence in another language is answered in it, and goes on in it with numbers, until the next
    clear sentence; the language that is remembered is only changed by asking for it.

    Names do not decide: what answers an open question, or was on offer, is never taken for a change of language.
    """
    catalogue = scene.catalogue
    if not scene.language:
        named = () if plain else catalogue.understanding.names.languages_of(folded)
        # what an advisor would see must be read before a yes to it (safety R37): there the word decides
        spoken = catalogue.words.spoken_in(folded, or_leads_to=ADVISOR) or named
        language = next(iter(spoken)) if len(spoken) == 1 else catalogue.language_guess.guess(scene.inbound.text)
        return scene.in_language(language) if language else scene
    guessed = "" if plain or scene.session.asking else catalogue.language_guess.guess(scene.inbound.text)
    language = guessed or scene.session.tongue or scene.language
    if language != scene.language and language in catalogue.languages:
        return replace(scene, language=language, offers_language=True)
    return scene


_LATER: tuple[Callable[[Scene, str], Decision], ...] = (
    complaining.complained,  # before whatever joins a ticket: an advisor never reads a complaint
    nearly_offered,
    desk_note,
    answer_to_question,
    acknowledged,
    without_text,
    says_where,
    town_alone,
    understood_text,
)
