"""Safety requirements R14 to R20: when the phone is not private. Walked over the whole catalogue."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from bot.catalogue import MAIN, Catalogue
from bot.folding import fold
from bot.inbound import Channel
from bot.session import SENSITIVE_TTL_S, SESSION_TTL_S, Session
from bot.turn import Clears, State, Turn
from tests.conversation_world import NOW, shipped, standing_at
from tests.safety_world import (
    go,
    heard,
    newcomer,
    person,
    plain,
    said,
    sensitive_places,
    sentences,
    whole,
    write,
    written,
)

TELLTALE = re.compile(
    r"traffick|\btrata\b|violen|abus|polic|danger|peligro|suicid|asyl|asilo|refugi|hurt|daño|911|sos\b|kidnap|secuestr"
    r"|complain|queja|help line|ayuda|immigra|migra|visa|border|frontera",
    re.IGNORECASE,
)
"""What a neutral sentence must not contain: anything that tells what the chat was about."""


def _starts_with_warning(catalogue: Catalogue, turn: Turn, language: str, channel: Channel) -> bool:
    return (turn.reply or "").startswith(said(catalogue, "phone_warning", language, channel))


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", ["en", "es"])
def test_r14_a_warning_comes_before_the_first_sensitive_answer(language: str, channel: Channel) -> None:
    """Whoever shares the phone is told before the screen shows it, not after. Danger is answered alone."""
    catalogue = shipped()
    for node in catalogue.answers:
        turn = go(catalogue, person(language, {"fears-government": "no"}), node, channel)
        expected = catalogue.is_sensitive(turn.node) and not catalogue.is_danger(turn.node)
        if node == "my-data":  # lists what was said, here about the government
            expected = True
        assert _starts_with_warning(catalogue, turn, language, channel) == expected, node
        assert turn.state.session.sensitive or not catalogue.is_sensitive(turn.node), node


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", ["en", "es"])
def test_r14_the_warning_comes_once(language: str, channel: Channel) -> None:
    """Said again and again it would only be in the way; after leaving it is said again."""
    catalogue = shipped()
    state = person(language, sensitive=True)
    for node in catalogue.answers:
        turn = go(catalogue, state, node, channel)
        assert not _starts_with_warning(catalogue, turn, language, channel), node
    left = write(catalogue, state, "X", channel).state
    again = go(catalogue, left, "asylum-mexico", channel)
    assert said(catalogue, "phone_warning", language, channel) in (again.reply or "")


def test_r14_the_warning_asks_nothing() -> None:
    """A question would have to be answered on the screen that somebody else may read."""
    catalogue = shipped()
    for language in catalogue.languages:
        warning = catalogue.phrase("phone_warning", language)
        assert "?" not in warning
        assert len(warning.splitlines()) == 1
        assert "X" in warning


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("word", ["X", "SALIR", "EXIT", "salir", "x."])
def test_r15_one_word_leaves_without_a_trace_of_the_subject(word: str, channel: Channel) -> None:
    """The same neutral sentence from everywhere, nothing kept, nothing more sent."""
    catalogue = shipped()
    for language in catalogue.languages:
        for node in catalogue.answers:
            turn = write(catalogue, standing_at(catalogue, node, language, channel), word, channel)
            assert turn.reply == said(catalogue, "exit_done", language, channel), node
            assert len(sentences(turn.reply)) <= 2
            assert not TELLTALE.search(turn.reply)
            assert turn.effects == (), node
            assert turn.clears is Clears.COPIES
            session = turn.state.session
            assert (session.node, session.path, session.offered, dict(session.slots)) == ("", (), (), {}), node
            after = write(catalogue, turn.state, "1", channel)
            assert after.node in (MAIN, "welcome"), (node, "a number means nothing after leaving")


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("word", ["DELETE", "BORRAR"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_r16_delete_erases_and_says_what_it_cannot_reach(language: str, word: str, channel: Channel) -> None:
    """Nobody may believe the phone itself is clean: copies are named, and so is the spy who may have read them."""
    catalogue = shipped()
    state = person(language, {"nationality": "hn"}, sensitive=True)
    turn = write(catalogue, state, word, channel)
    assert turn.clears is Clears.ALL
    assert (turn.state.prefs.language, turn.state.session.slots, turn.state.session.node) == ("", {}, "")
    told = plain(turn.reply or "")
    wanted = {
        "en": ("erased", "your phone", "phone company", "delete this chat on your phone yourself", "spy app"),
        "es": ("borrado", "tu telefono", "compania telefonica", "borra tu este chat en tu telefono", "app espia"),
    }[language]
    for words in wanted:
        assert words in told, words
    how, _ = whole(catalogue, go(catalogue, person(language), "delete-my-data", channel), channel)
    steps = {"en": ("press and hold", "cannot erase"), "es": ("deja el dedo sobre", "no podemos borrar")}[language]
    for words in steps:
        assert words in plain(how), words


def test_r17_nothing_is_ever_sent_of_the_bots_own_accord() -> None:
    """A message at the wrong moment can be read by the wrong person: every message answers one of the person's own.

    No turn asks for anything to be sent later, and nobody is promised that we shall write.
    """
    for one in heard():
        assert one.turn.effects == (), one.where
    later = {
        "en": r"\bwe('ll| will) (write|call|contact|remind|message)|remind you|follow up with you",
        "es": r"te (escribiremos|llamaremos|avisaremos|recordaremos|contactaremos)|vamos a (escribirte|llamarte|avisarte)",
    }
    for text in written():
        assert not re.search(later[text.language], text.text, re.IGNORECASE), text


@pytest.mark.parametrize("channel", Channel)
def test_r18_the_names_we_go_by_are_neutral(channel: Channel) -> None:
    """What shows in a list of chats is the first line: it says migration information, and nothing else."""
    catalogue = shipped()
    not_neutral = re.compile(r"traffick|\btrata\b|violen|abus|victim|v[ií]ctima|rescue|rescate", re.IGNORECASE)
    for language in catalogue.languages:
        for key in (
            "first_notice",
            "first_notice_sms",
            "welcome_both",
            "exit_done",
            "opted_out",
            "deleted",
            "opted_in",
        ):
            assert not not_neutral.search(catalogue.phrase(key, language)), key
        turn = write(catalogue, newcomer(), {"en": "hello", "es": "hola"}[language], channel)
        assert not not_neutral.search(turn.reply or "")


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("typed", ["1", "2", "MORE", "BACK", "9", "0", "?", "ok", "hola", "hello"])
def test_r19_after_silence_it_begins_at_a_neutral_place(typed: str, channel: Channel) -> None:
    """Another person may be holding the phone: no number, no "more" and no "back" brings the sensitive page again."""
    catalogue = shipped()
    for language in catalogue.languages:
        for node, state in sensitive_places(catalogue, language, channel):
            at = NOW + timedelta(seconds=SENSITIVE_TTL_S + 60)
            turn = write(catalogue, state, typed, channel, at=at)
            assert not catalogue.is_sensitive(turn.node), (node, typed, turn.node)
            neutral = write(catalogue, State(Session(), state.prefs), typed, channel, at=at)
            assert turn.reply == neutral.reply, (node, typed)


def test_r19_what_is_not_sensitive_is_forgotten_within_a_day() -> None:
    """The same holds for every other page, later."""
    catalogue = shipped()
    state = standing_at(catalogue, "enter-mexico-belizean", "en", Channel.SMS)
    at = NOW + timedelta(seconds=SESSION_TTL_S + 60)
    turn = write(catalogue, state, "MORE", Channel.SMS, at=at)
    assert turn.node == MAIN


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("he checks my phone every night", "en"),
        ("someone is spying on my phone", "en"),
        ("ih di look eena mi phone", "en"),
        ("me revisa el celular todas las noches", "es"),
        ("alguien espia mi telefono", "es"),
        ("mi patron lee mis mensajes", "es"),
    ],
)
def test_r20_a_watched_phone_first_gets_the_advice_of_another_phone(text: str, language: str, channel: Channel) -> None:
    """A device the other person never had comes first; cleaning up in a hurry is what gives somebody away."""
    catalogue = shipped()
    turn = write(catalogue, person(language), text, channel)
    assert turn.node == "phone-watched"
    told = [fold(sentence) for sentence in sentences(turn.reply or "")]
    other_phone = {"en": r"use (a|another) phone they .*never", "es": r"usa (un|otro) telefono que nunca"}[language]
    first = next(number for number, sentence in enumerate(told) if re.search(other_phone, sentence))
    assert first <= 2, "after the title and the kind word, nothing comes before it"
    pushed = {
        "en": r"delete (it |this |everything )?(now|at once)|change (your|the|all) password",
        "es": r"borra (ya|ahora|todo)|cambia (tu|la|las) (clave|contrase)",
    }[language]
    assert not re.search(pushed, turn.reply or "", re.IGNORECASE)
    slowly = {"en": "do not change it all at once", "es": "no cambies todo de golpe"}[language]
    assert slowly in " ".join(told)


def test_r20_no_page_pushes_a_sudden_change() -> None:
    """Deleting is offered with its danger said in the same breath."""
    catalogue = shipped()
    for language in catalogue.languages:
        for node in ("phone-watched", "delete-my-data"):
            text = " ".join(one.text for one in written() if one.owner == node and one.language == language)
            assert re.search(
                {"en": r"only if that is safe|may notice", "es": r"solo si es seguro|lo puede notar"}[language], text
            )
