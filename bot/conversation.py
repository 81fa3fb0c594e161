"""Decides what one message leads to. Pure: equal arguments always give an equal turn.

The order of meaning is that of design §3; each step is one function that answers with a turn, or with None to let the
next one try. Danger comes before everything but what the person was just offered and the global words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bot import pace, replying
from bot.catalogue import (
    ADVISOR,
    CONSENT,
    COUNTRY_SLOT,
    HELP_NUMBERS,
    LANGUAGE_SLOT,
    MAIN,
    NEAREST,
    NOT_THIS,
    RATHER_NOT,
    WELCOME,
    Catalogue,
    Question,
    option_id,
)
from bot.choosing import exactly, mentioned, nearly
from bot.drawing import MENU_KEY
from bot.folding import fold
from bot.inbound import Channel, Inbound, Media, OptOut
from bot.nearest import find_town
from bot.pace import Pace
from bot.rendering import View, body, help_lines
from bot.scene import Given, Scene
from bot.session import Prefs, Session, Slot
from bot.turn import ActionResult, Call, Clears, State, Turn
from bot.understanding import NEARLY_SURE, SURE
from bot.words import Command, Word

MAX_TOWN_WORDS = 4
RATHER_NOT_KEPT_S = 1800
"""How long "I'd rather not say" is respected before a question may be asked again."""

Decision = Turn | Call | None


def step(catalogue: Catalogue, state: State, inbound: Inbound, *, stateless: bool = False) -> Turn | Call:
    """Decide what an inbound message leads to.

    Gives the turn, or the action to run before `resume`. `stateless` answers without memory: no numbers, no promises.
    """
    scene = _scene(catalogue, state, inbound, stateless=stateless)
    folded = fold(inbound.text)
    word = _word(scene, folded)
    option = exactly(scene, folded) if word is None or word.command in _YIELDING else None
    plain = word is not None or option is not None
    scene = _in_their_language(scene, folded, plain=plain)
    alarm = None if plain else _danger(scene)
    if alarm is not None:
        return alarm
    if word is not None and word.command in _FIRST:
        return _obeyed(scene, word)
    if pace.pace(scene) is not Pace.FINE:
        return _held_back(scene)
    scene = _opted_in_again(scene, word)
    if option is not None:
        return choose(scene, option)
    if word is not None:
        return _obeyed(scene, word)
    for attempt in _LATER:
        turn = attempt(scene, folded)
        if turn is not None:
            return turn
    return _not_understood(scene)


def resume(
    catalogue: Catalogue, call: Call, inbound: Inbound, result: ActionResult, *, stateless: bool = False
) -> Turn:
    """Go on after an action, with the events and utterances that it returned."""
    scene = _scene(catalogue, call.state, inbound, stateless=stateless)
    scene = replace(scene, language=call.language, session=call.state.session, lead=call.lead, first=call.first)
    for event in result.events:
        scene = _applied(scene, event)
    follow = next((str(event.get("name")) for event in result.events if event.get("event") == "followup"), "")
    if follow in catalogue.answers and follow != call.node:
        turn = replying.enter(scene, follow)
        if isinstance(turn, Turn):
            return turn
    lines = _uttered(scene, call, result)
    if result.failed or not lines:
        return replying.show(scene.led_by(scene.phrase("action_failed")), call.node, outcome="action_failed")
    return replying.show_result(scene, call.node, lines, outcome="acted")


# --- the scene ---------------------------------------------------------------------------------------------------


def _scene(catalogue: Catalogue, state: State, inbound: Inbound, *, stateless: bool) -> Scene:
    """What is known at the start. A session gone stale counts as forgotten."""
    session = Session() if stateless else state.session
    if session.is_stale(inbound.at_s):
        session = session.afresh()
    prefs = state.prefs if state.prefs.language in catalogue.languages else replace(state.prefs, language="")
    first = not session.node and not stateless
    session = pace.counted(session, inbound.at_s)
    return Scene(catalogue, inbound, session, prefs, prefs.language, first, stateless)


def _in_their_language(scene: Scene, folded: str, *, plain: bool) -> Scene:
    """Find out the language: a first time from anything that decides, later from clear sentences only.

    Who writes a clear sentence in another language is answered in it, and goes on in it with numbers, until the next
    clear sentence; the language that is remembered is only changed by asking for it.

    Names do not decide: what answers an open question, or was on offer, is never taken for a change of language.
    """
    catalogue = scene.catalogue
    if not scene.language:
        spoken = catalogue.words.spoken_in(folded) or catalogue.understanding.languages_of(folded)
        language = next(iter(spoken)) if len(spoken) == 1 else catalogue.language_guess.guess(scene.inbound.text)
        return scene.in_language(language) if language else scene
    guessed = "" if plain or scene.session.asking else catalogue.language_guess.guess(scene.inbound.text)
    language = guessed or scene.session.tongue or scene.language
    if language != scene.language and language in catalogue.languages:
        return replace(scene, language=language, offers_language=True)
    return scene


# --- 0 and 2, 4: words -------------------------------------------------------------------------------------------

_FIRST = frozenset(
    {Command.CARRIER_STOP, Command.CARRIER_END, Command.OPT_OUT, Command.EXIT, Command.DELETE, Command.HELP_NUMBERS}
)
"""Words that are obeyed before anything else, however many messages came."""

_YIELDING = frozenset({Command.GREETING, Command.GO, Command.LANGUAGE, Command.OPT_IN_IF_OUT, Command.MORE})
"""Words that give way to an option of the same name in what was just offered."""


def _word(scene: Scene, folded: str) -> Word | None:
    """The global word that the whole message is, if any: also a key that the last reply printed."""
    if scene.inbound.opt_out is OptOut.STOP:
        return Word(Command.CARRIER_STOP)
    if scene.inbound.opt_out is OptOut.START:
        return Word(Command.OPT_IN)
    if scene.inbound.opt_out is OptOut.HELP:
        return Word(Command.HELP_NUMBERS)
    if folded in scene.session.printed and len(folded) == 1:
        return Word(Command.MENU) if folded == MENU_KEY else Word(Command.BACK)
    word = scene.catalogue.words.find(folded)
    if word is not None and word.command is Command.OPT_IN_IF_OUT:
        return word if scene.inbound.channel in scene.prefs.opted_out else None
    return word


def _obeyed(scene: Scene, word: Word) -> Turn | Call:
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
    scene = scene.with_prefs(scene.prefs.opt_out(scene.inbound.channel))
    silent = silent or scene.stateless
    return replying.leave(scene, "opted_out", outcome="opted_out", clears=Clears.COPIES, silent=silent)


def _exit(scene: Scene, word: Word) -> Turn:
    return replying.leave(scene, "exit_done", outcome="left", clears=Clears.COPIES)


def _delete(scene: Scene, word: Word) -> Turn:
    if scene.stateless:
        return replying.say(scene, "not_possible_now", outcome="not_possible")
    turn = replying.leave(scene, "deleted", outcome="deleted", clears=Clears.ALL)
    return replace(turn, state=State(Session(), Prefs()))


def _help_numbers(scene: Scene, word: Word) -> Turn | Call:
    scene = replace(_opted_in_again(scene, word), offers_language=not scene.language)
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


def _not_this(scene: Scene, word: Word) -> Turn | Call:
    """The bot has misunderstood: back to where the person was, without judgement (safety R24)."""
    target = scene.session.path[-1] if scene.session.path else MAIN
    if scene.catalogue.is_danger(scene.session.node):
        return replying.enter(scene.led_by(scene.phrase("back_from_danger")), target)
    return replying.enter(scene, target)


def _language(scene: Scene, word: Word) -> Turn | Call:
    scene = scene.in_language(word.target)
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
    Command.NOT_THIS: _not_this,
    Command.LANGUAGE: _language,
    Command.GREETING: _greeting,
    Command.GO: _go,
}


def _opted_in_again(scene: Scene, word: Word | None) -> Scene:
    """Whoever writes anything else after opting out wants an answer, and further ones."""
    if scene.inbound.channel not in scene.prefs.opted_out:
        return scene
    return scene.with_prefs(scene.prefs.opt_in(scene.inbound.channel))


# --- 1: danger ---------------------------------------------------------------------------------------------------


def _danger(scene: Scene) -> Turn | None:
    """The danger answer, alone and at once, in every state and however many messages came."""
    alarm = scene.catalogue.lexicon.search(scene.inbound.text)
    if alarm is None:
        return None
    if not scene.language:
        scene = scene.in_language(alarm.language)
    return replying.show(_opted_in_again(scene, None), alarm.node, outcome="danger", danger="certain")


# --- what was offered --------------------------------------------------------------------------------------------


def choose(scene: Scene, option: str) -> Turn | Call:
    """Follow an option that was offered, whatever became of it since."""
    if option == NOT_THIS:
        return _not_this(scene, Word(Command.NOT_THIS))
    slot, is_value, value = option.partition("=")
    if not is_value:
        return replying.enter(scene, option)
    if slot == LANGUAGE_SLOT and value in scene.catalogue.languages:
        return _language(scene, Word(Command.LANGUAGE, value))
    if slot == CONSENT:
        return replying.enter(scene.with_prefs(replace(scene.prefs, consent=value == "yes")), _standing(scene))
    if slot in scene.catalogue.questions:
        return _answered(scene, scene.catalogue.questions[slot], value)
    return replying.show(scene.led_by(scene.phrase("gone")), MAIN, outcome="gone")


def _standing(scene: Scene) -> str:
    return scene.session.node or MAIN


def _answered(scene: Scene, question: Question, value: str) -> Turn | Call:
    """Keep the answer to a question as long as it says, and go on."""
    kept_s = RATHER_NOT_KEPT_S if value == RATHER_NOT else question.keeps_s
    slots = {**scene.session.slots, question.slot: Slot(value, scene.now_s + kept_s)}
    return replying.enter(scene.with_session(slots=slots), _standing(scene))


# --- 5 to 8 ------------------------------------------------------------------------------------------------------


def _nearly_offered(scene: Scene, folded: str) -> Decision:
    option = nearly(scene, folded)
    return choose(scene, option) if option is not None else None


def _answer_to_question(scene: Scene, folded: str) -> Decision:
    """The open question's own kind of answer."""
    asking = scene.session.asking
    if asking == CONSENT:
        return _yes_or_no(scene, folded, CONSENT)
    question = scene.catalogue.questions.get(asking)
    if question is None or not folded:
        return None
    if question.kind == "yes-no":
        return _yes_or_no(scene, folded, question.slot)
    if question.kind == "country":
        code = country_in(scene.catalogue, folded)
        return _answered(scene, question, code) if code else None
    if question.kind == "place":
        town = find_town(scene.catalogue.towns.values(), scene.inbound.text)
        return replying.enter(scene, _standing(scene), Given(town=town)) if town else None
    option = mentioned(scene, folded)
    return choose(scene, option) if option is not None else None


def _yes_or_no(scene: Scene, folded: str, slot: str) -> Decision:
    for list_ in ("yes", "no"):
        if scene.catalogue.words.says(list_, folded):
            return choose(scene, option_id(slot, list_))
    return None


def country_in(catalogue: Catalogue, folded: str) -> str:
    """The one country that a message names ("soy de Honduras"); "" for none or several."""
    names = catalogue.country_codes
    if folded in names:
        return names[folded]
    parts = folded.split()
    spans = {" ".join(parts[at : at + length]) for length in range(1, 5) for at in range(len(parts) - length + 1)}
    found = {names[span] for span in spans if span in names}
    return found.pop() if len(found) == 1 else ""


def _without_text(scene: Scene, folded: str) -> Decision:
    """A location is a question for the nearest office; anything else that is not text is told what can be read."""
    location = scene.inbound.location
    if location is not None:
        given = Given(location.latitude, location.longitude)
        asking = scene.catalogue.questions.get(scene.session.asking)
        return replying.enter(scene, _standing(scene) if asking and asking.kind == "place" else NEAREST, given)
    if folded or scene.inbound.text.strip():
        return None
    if scene.inbound.media:
        if pace.is_media_burst(scene):
            return replying.silence(scene, "photo_burst")
        scene = scene.with_session(media_s=scene.now_s, media=scene.inbound.media[0].value)
    return _where_they_stand(scene, _cannot_read(scene), outcome="no_text")


def _cannot_read(scene: Scene) -> str:
    """The phrase that says what cannot be read."""
    phrases = {Media.VOICE: "cannot_read_voice", Media.IMAGE: "cannot_read_image"}
    return phrases.get(scene.inbound.media[0] if scene.inbound.media else Media.FILE, "cannot_read_other")


def _says_where(scene: Scene, folded: str) -> Decision:
    """ "I am in Corozal", anywhere: kept as the side for two hours, and the page again with that side's numbers."""
    question = scene.catalogue.questions.get(COUNTRY_SLOT)
    starts = (start for starts in scene.catalogue.words.lists["i-am-in"].values() for start in starts)
    rest = next((folded.removeprefix(f"{start} ") for start in starts if folded.startswith(f"{start} ")), "")
    if question is None or not 0 < len(rest.split()) <= MAX_TOWN_WORDS:
        return None
    named = scene.with_session(offered=tuple(replying.options_of(scene, question)))
    option = exactly(named, rest) or nearly(named, rest) or mentioned(named, rest)
    town = find_town(scene.catalogue.towns.values(), rest)
    value = option.partition("=")[2] if option else scene.catalogue.towns[town].country if town else ""
    if value not in {option.value for option in question.options}:
        return None
    return _answered(scene, question, value)


def _where_they_stand(scene: Scene, key: str, *, outcome: str) -> Turn:
    """A phrase, and again what was offered last."""
    if not scene.language:
        return replying.welcome_in_all(scene)
    if scene.first:
        return replace(replying.welcome(scene.led_by(scene.phrase(key))), outcome=outcome)
    return replying.say(scene, key, _offered_still(scene) or replying.follow_ups(scene, MAIN), outcome=outcome)


def _town_alone(scene: Scene, folded: str) -> Decision:
    """A town's name and nothing else, out of the blue: somebody wants to know what is near."""
    if folded not in scene.catalogue.town_names or len(folded.split()) > MAX_TOWN_WORDS:
        return None
    town = find_town(scene.catalogue.towns.values(), scene.inbound.text)
    if town is None or folded not in town_names(scene.catalogue, town):
        return None
    return replying.enter(scene, NEAREST, Given(town=town))


def town_names(catalogue: Catalogue, town: str) -> tuple[str, ...]:
    """What a town is called, folded."""
    found = catalogue.towns[town]
    return (*(fold(name) for name in found.name.values()), *found.synonyms)


def _understood(scene: Scene, folded: str) -> Decision:
    """Free text: the answer that fits without doubt."""
    if not folded:
        return None
    ranked = scene.catalogue.understanding.rank(scene.inbound.text, scene.tongue)
    scene = replace(scene, ranked=ranked)
    sure = [node for node, confidence in ranked if confidence >= SURE]
    if len(sure) == 1:
        return replying.enter(scene, sure[0])
    shown = [node for node in sure if not replying.is_hidden(scene, node)]
    if shown:
        return replying.say(scene, "which_one", shown, outcome="asked_which")
    return _not_understood(scene)


_LATER: tuple[Callable[[Scene, str], Decision], ...] = (
    _nearly_offered,
    _answer_to_question,
    _without_text,
    _says_where,
    _town_alone,
    _understood,
)


def _not_understood(scene: Scene) -> Turn:
    """Says so kindly, with the nearest answers and an advisor; the second time in a row the advisor first."""
    scene = pace.echoed(scene)
    if pace.is_echo(scene):
        return replying.silence(scene, "echo")
    if not scene.language:
        return replying.welcome_in_all(scene)
    misses = scene.session.misses + 1
    scene = scene.with_session(misses=misses)
    if scene.session.sensitive:
        scene = scene.led_by(_help_line(scene))
    if scene.inbound.media:
        scene = scene.led_by(scene.phrase(_cannot_read(scene)))
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


def _help_line(scene: Scene) -> str:
    """The emergency numbers in one line: in a sensitive chat nothing fails without them (safety R28)."""
    numbers = "; ".join(help_lines(scene.catalogue, "emergency", scene.view()))
    return scene.phrase("help_line", numbers=numbers)


def _held_back(scene: Scene) -> Turn:
    """Too many messages: said once, then quiet until a minute has passed."""
    if pace.pace(scene) is Pace.TELL:
        return replying.say(scene, "too_fast", outcome="too_fast")
    return replying.silence(scene, "held_back")


# --- after an action ---------------------------------------------------------------------------------------------


def _applied(scene: Scene, event: Any) -> Scene:
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


def _uttered(scene: Scene, call: Call, result: ActionResult) -> list[str]:
    """The lines of what an action said: an answer or phrase of the content with values, or a partner's own text."""
    lines: list[str] = []
    catalogue = scene.catalogue
    for utterance in result.responses:
        values = {key: str(value) for key, value in utterance.items() if key not in ("response", "text")}
        values |= {key: str(value) for key, value in (utterance.get("values") or {}).items()}
        response, text = str(utterance.get("response") or ""), str(utterance.get("text") or "")
        if response in catalogue.answers:
            view: View = scene.view(values)
            lines += body(catalogue, catalogue.answers[response], view)
        elif response in catalogue.phrases:
            lines += scene.phrase(response, **values).splitlines()
        elif text:
            lines += text.splitlines()
    return lines
