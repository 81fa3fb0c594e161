"""From every node, in both languages and on both channels, the global words and danger do what the table says.

Walked over the whole catalogue: a state that swallows SOS, or answers STOP, is a state somebody will be in one night.
The table is that of design §3, written anew here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from bot.catalogue import MAIN, Catalogue
from bot.channels import PENS
from bot.inbound import Channel, OptOut
from bot.session import Prefs, Session
from bot.turn import Clears, State, Turn
from tests.conversation_world import main_menu, say, shipped, standing_at

SMS, WHATSAPP = Channel.SMS, Channel.WHATSAPP
SILENCE = None


@dataclass(frozen=True)
class Row:
    """What a word must do on a channel: the phrase that answers (None: silence), and whether the person is opted out."""

    words: str
    channel: Channel
    phrase: str | None
    opted_out: bool
    clears: Clears = Clears.COPIES
    opt_out: OptOut | None = None


LEAVING = (
    Row("STOP STOPALL UNSUBSCRIBE REVOKE OPTOUT", SMS, SILENCE, opted_out=True),
    Row("STOP STOPALL UNSUBSCRIBE REVOKE OPTOUT", WHATSAPP, "opted_out", opted_out=True),
    Row("STOP", WHATSAPP, SILENCE, opted_out=True, opt_out=OptOut.STOP),
    Row("END QUIT CANCEL", SMS, SILENCE, opted_out=True),
    Row("END QUIT CANCEL", WHATSAPP, "exit_done", opted_out=False),
    Row("ALTO PARAR BAJA", SMS, "opted_out", opted_out=True),
    Row("ALTO PARAR BAJA", WHATSAPP, "opted_out", opted_out=True),
    Row("ALTO PARAR BAJA", SMS, SILENCE, opted_out=True, opt_out=OptOut.STOP),
    Row("ALTO PARAR BAJA", WHATSAPP, SILENCE, opted_out=True, opt_out=OptOut.STOP),
    Row("X SALIR EXIT CANCELAR", SMS, "exit_done", opted_out=False),
    Row("X SALIR EXIT CANCELAR", WHATSAPP, "exit_done", opted_out=False),
    Row("BORRAR DELETE", SMS, "deleted", opted_out=False, clears=Clears.ALL),
    Row("BORRAR DELETE", WHATSAPP, "deleted", opted_out=False, clears=Clears.ALL),
)


def everywhere(catalogue: Catalogue, channel: Channel) -> Iterator[tuple[str, str, State]]:
    """Somebody at every node, in every language."""
    for language in catalogue.languages:
        for node in catalogue.answers:
            yield node, language, standing_at(catalogue, node, language, channel)


@pytest.mark.parametrize(
    "row", LEAVING, ids=lambda row: f"{row.words.split()[0]}-{row.channel.value}-{row.opt_out or 'own'}"
)
def test_leaving_words_leave_from_every_node(row: Row) -> None:
    """Whoever wants to be gone is gone at once, with nothing left of where they were."""
    catalogue = shipped()
    for node, language, state in everywhere(catalogue, row.channel):
        for word in row.words.split():
            for typed in (word, f" {word.lower()}. "):
                turn = say(catalogue, state, typed, row.channel, row.opt_out)
                told = PENS[row.channel].plain(catalogue.phrase(row.phrase, language)) if row.phrase else None
                assert turn.reply == told, (node, typed)
                assert turn.clears is row.clears, (node, typed)
                assert (row.channel in turn.state.prefs.opted_out) is row.opted_out, (node, typed)
                left = turn.state.session
                assert (left.node, left.offered, left.path, dict(left.slots), left.sensitive) == ("", (), (), {}, False)
                expected = "" if row.clears is Clears.ALL else language
                assert turn.state.prefs.language == expected, (node, typed)


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("opt_out", [None, OptOut.HELP], ids=["own", "twilio"])
def test_help_words_bring_the_numbers_from_every_node(channel: Channel, opt_out: OptOut | None) -> None:
    """The help numbers are one word away, wherever somebody stands (R10, R25)."""
    catalogue = shipped()
    for node, language, state in everywhere(catalogue, channel):
        for word in ["SOS", "77", "AYUDA", "HELP", "INFO"]:
            turn = say(catalogue, state, word, channel, opt_out)
            assert turn.node == "emergency-numbers", (node, word)
            assert turn.language == language, (node, word)
            assert turn.reply is not None
            assert "911" in turn.reply, (node, word)
            assert turn.state.session.sensitive


@pytest.mark.parametrize("channel", Channel)
def test_menu_words_bring_the_menu_from_every_node(channel: Channel) -> None:
    """There is no dead end: one word brings the main menu, in the language of the person."""
    catalogue = shipped()
    menus = {language: main_menu(catalogue, language, channel) for language in catalogue.languages}
    for node, language, state in everywhere(catalogue, channel):
        for word in ["MENU", "INICIO", "menú", "0"]:
            if word == "0" and "0" not in state.session.printed:
                continue
            turn = say(catalogue, state, word, channel)
            assert (turn.node, turn.reply) == (MAIN, menus[language]), (node, word)


@pytest.mark.parametrize("channel", Channel)
def test_back_words_go_back_from_every_node(channel: Channel) -> None:
    """Back is where the person came from; here that is the main menu."""
    catalogue = shipped()
    for node, language, state in everywhere(catalogue, channel):
        for word in ["BACK", "ATRÁS", "atras", "9"]:
            if word == "9" and "9" not in state.session.printed:
                continue
            turn = say(catalogue, state, word, channel)
            assert (turn.node, turn.language) == (MAIN, language), (node, word)


@pytest.mark.parametrize("channel", Channel)
def test_start_opts_in_and_shows_the_menu(channel: Channel) -> None:
    """Whoever comes back is welcomed, unless Twilio has said so already."""
    catalogue = shipped()
    for language in catalogue.languages:
        state = State(Session(), Prefs(language=language, opted_out=frozenset(Channel)))
        for word in ("START", "UNSTOP", "YES"):
            turn = say(catalogue, state, word, channel)
            assert turn.node == MAIN
            assert turn.state.prefs.opted_out == frozenset(Channel) - {channel}
            silent = say(catalogue, state, word, channel, OptOut.START)
            assert silent.reply is None
            assert silent.state.prefs.opted_out == frozenset(Channel) - {channel}


def test_yes_is_no_opt_in_for_somebody_who_never_left() -> None:
    """YES answers a question; only for somebody opted out does it mean "start again"."""
    catalogue = shipped()
    state = State(Session(), Prefs(language="en"))
    asked = say(catalogue, say(catalogue, state, "MENU", WHATSAPP).state, "consulate of belize", WHATSAPP)
    turn = say(catalogue, asked.state, "YES", WHATSAPP)
    assert turn.state.prefs.consent is True


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", ["en", "es"])
def test_every_danger_phrase_leads_to_its_answer_from_every_node(language: str, channel: Channel) -> None:
    """Danger comes first in every state: the same answer, alone, whatever was open (R21)."""
    catalogue = shipped()
    seen: dict[str, str] = {}
    for entry in catalogue.lexicon.patterns:
        if entry.language == language:
            seen.setdefault(entry.node, entry.pattern.samples[0])
    for node in catalogue.answers:
        state = standing_at(catalogue, node, language, channel)
        for target, words in seen.items():
            turn = say(
                catalogue, state, f"por favor, {words.upper()}!!" if language == "es" else f"please, {words}!!", channel
            )
            assert (turn.node, turn.language, turn.danger) == (target, language, "certain"), (node, words)
            assert turn.reply is not None
            assert "911" in turn.reply
            assert not turn.state.session.more, "danger is one message"


def test_danger_is_answered_however_many_messages_came() -> None:
    """The flood guard never holds back danger (R21)."""
    catalogue = shipped()
    state = State(Session(), Prefs(language="es"))
    for _ in range(40):
        state = say(catalogue, state, "hola", SMS).state
    assert say(catalogue, state, "hola", SMS).reply is None
    assert say(catalogue, state, "me quieren matar", SMS).danger == "certain"
    assert say(catalogue, state, "SOS", SMS).reply is not None


def test_an_offered_label_is_never_searched_for_danger() -> None:
    """Choosing "I am in danger" from a menu is a choice; so is a number, even where it could be a cry."""
    catalogue = shipped()
    state = standing_at(catalogue, "danger", "en", WHATSAPP)
    for id_ in state.session.offered:
        turn = say(catalogue, state, catalogue.label(id_, "en"), WHATSAPP)
        assert isinstance(turn, Turn)
        assert turn.danger == ""
        assert turn.node == id_


def test_whoever_opted_out_and_writes_is_answered_and_opted_in() -> None:
    """Silence after STOP lasts until the person writes: then they want an answer."""
    catalogue = shipped()
    left = say(catalogue, State(Session(), Prefs(language="en")), "ALTO", SMS)
    turn = say(catalogue, left.state, "work", SMS)
    assert turn.reply is not None
    assert turn.state.prefs.opted_out == frozenset()
