"""Safety requirements R01 to R06: the first message, who speaks, consent. Walked over the whole catalogue."""

from __future__ import annotations

import re

import pytest

from bot import segments
from bot.catalogue import CONSENT, MAIN, Catalogue, option_id
from bot.inbound import Channel
from bot.session import Prefs, Session
from bot.turn import State, Turn
from tests.conversation_world import say, shipped
from tests.safety_world import (
    everything,
    found_in,
    go,
    newcomer,
    person,
    plain,
    sentences,
    whole,
    write,
    written,
)

GREETINGS = {"en": ("hello", "good morning", "weh di go aan"), "es": ("hola", "buenas noches", "que tal")}
WHO = {"en": "migration information hub", "es": "ventanilla de informacion"}
SHORTLY = {"en": "migration", "es": "ventanilla"}
AUTOMATIC = {"en": "automatic", "es": "automatic"}
NOT_US = {"en": ("not police", "immigration"), "es": ("policia", "migracion")}
EMERGENCY = {"en": "emergency", "es": "emergencias"}


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", ["en", "es"])
def test_r01_the_welcome_says_at_once_who_speaks_and_who_does_not(language: str, channel: Channel) -> None:
    """Somebody afraid of a counter must know within two sentences that no official and no person reads along."""
    for greeting in GREETINGS[language]:
        turn = write(shipped(), newcomer(), greeting, channel)
        assert turn.language == language, greeting
        assert turn.reply is not None
        opening = plain(" ".join(sentences(turn.reply)[:2]))
        for wanted in (WHO[language], AUTOMATIC[language], *NOT_US[language], EMERGENCY[language]):
            assert wanted in opening, (greeting, wanted)


@pytest.mark.parametrize("channel", Channel)
def test_r01_a_person_of_unknown_language_is_told_it_in_both(channel: Channel) -> None:
    """Nobody has to understand the wrong language to learn that this is not the police."""
    turn = write(shipped(), newcomer(), "12345", channel)
    assert turn.language == ""
    assert turn.reply is not None
    for language in ("en", "es"):
        for wanted in (WHO[language], AUTOMATIC[language], *NOT_US[language], EMERGENCY[language]):
            assert wanted in plain(turn.reply), wanted


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", ["en", "es"])
def test_r01_a_first_question_is_answered_under_one_line_that_says_who_speaks(language: str, channel: Channel) -> None:
    """Who begins with a question gets its answer, and still learns whom they are writing to."""
    catalogue = shipped()
    for node, answer in catalogue.answers.items():
        for example in answer.people_ask.get(language, ()):
            turn = write(catalogue, newcomer(), example, channel)
            if turn.outcome != "answered" or turn.language != language or catalogue.is_danger(turn.node):
                continue  # danger comes alone: see R21
            assert turn.reply is not None
            opening = plain(turn.reply.splitlines()[0])
            for wanted in (SHORTLY[language], AUTOMATIC[language], *NOT_US[language]):
                assert wanted in opening, (node, example)


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("are you a person", "en"),
        ("Are you a robot?", "en"),
        ("who are you", "en"),
        ("¿eres una persona?", "es"),
        ("eres un robot", "es"),
        ("¿Quién eres?", "es"),
    ],
)
@pytest.mark.parametrize("channel", Channel)
def test_r01_asked_whether_it_is_a_person_it_says_no_and_offers_one(
    question: str, language: str, channel: Channel
) -> None:
    """Nobody may believe that somebody listens when only a program does."""
    catalogue = shipped()
    turn = write(catalogue, person(language), question, channel)
    assert turn.node == "who-are-you"
    text, last = whole(catalogue, turn, channel)
    told = plain(text)
    assert ("not to a person" if language == "en" else "no a una persona") in told
    assert "advisor" in last.state.session.offered
    assert ("write advisor" if language == "en" else "escribe asesor") in told


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", ["en", "es"])
def test_r02_the_first_message_is_short_in_the_language_and_leads_to_privacy(language: str, channel: Channel) -> None:
    """One message that can be read in a moment, with one word that explains what happens to what is written."""
    catalogue = shipped()
    turn = write(catalogue, newcomer(), GREETINGS[language][0], channel)
    assert turn.reply is not None
    assert segments.count(turn.reply).segments <= 3 if channel is Channel.SMS else len(turn.reply) <= 1024
    word = {"en": "PRIVACY", "es": "PRIVACIDAD"}[language]
    assert word in turn.reply
    privacy = write(catalogue, turn.state, word, channel)
    assert (privacy.node, privacy.language) == ("privacy", language)


@pytest.mark.parametrize("channel", Channel)
def test_r02_no_personal_question_comes_before_the_person_has_agreed(channel: Channel) -> None:
    """Nationality and fear are asked of nobody who has not said yes."""
    catalogue = shipped()
    personal = {question.slot for question in catalogue.questions.values() if question.personal}
    assert {"nationality", "fears-government"} <= personal
    asked_consent = 0
    for heard in everything(catalogue, consent=None, channels=[channel]):
        assert heard.turn.state.session.asking not in personal, heard.where
        asked_consent += heard.turn.state.session.asking == CONSENT
    assert asked_consent, "there are such questions to guard"
    for heard in everything(catalogue, consent=False, channels=[channel]):
        assert heard.turn.state.session.asking not in {*personal, CONSENT}, heard.where


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("consent", [None, False], ids=["ignored", "refused"])
def test_r03_help_is_given_whatever_became_of_the_privacy_notice(consent: bool | None, channel: Channel) -> None:
    """Help in danger is never the price of agreeing to anything."""
    catalogue = shipped()
    for language in catalogue.languages:
        state = person(language, consent=consent)
        for word in ("SOS", "77", "AYUDA", "HELP"):
            turn = write(catalogue, state, word, channel)
            assert turn.node == "emergency-numbers"
            assert turn.reply is not None
            assert "911" in turn.reply
        for node in (*catalogue.lexicon.nodes, "trafficking-helplines", "help-someone-else"):
            turn = go(catalogue, state, node, channel)
            assert (turn.node, turn.outcome) == (node, "answered")
            assert turn.reply is not None
            assert "911" in turn.reply, node
        asked = go(catalogue, person(language, consent=None), "enter-mexico-guide", channel)
        assert asked.state.session.asking == CONSENT
        assert write(catalogue, asked.state, "SOS", channel).node == "emergency-numbers"
        cry = {"en": "they locked me in a room", "es": "me tienen encerrada"}[language]
        assert write(catalogue, asked.state, cry, channel).danger == "certain"


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", ["en", "es"])
def test_r04_the_privacy_text_lists_what_is_kept_how_long_and_who_sees_it(language: str, channel: Channel) -> None:
    """Consent is only worth something if the list is there, in words everybody knows."""
    catalogue = shipped()
    told, _ = whole(catalogue, go(catalogue, person(language), "privacy", channel), channel)
    folded = plain(told)
    wanted = {
        "en": ("24 hours", "1 hour", "30 days", "12 months", "staff", "number", "codes", "language", "twilio"),
        "es": ("24 horas", "1 hora", "30 dias", "12 meses", "personal", "numero", "claves", "idioma", "twilio"),
    }[language]
    for words in wanted:
        assert words in folded, words
    assert ("delete" if language == "en" else "borrar") in folded
    jargon = r"controller|processor|pursuant|hereby|third part|lawful|GDPR|responsable del tratamiento|titular|encargad|derechos arco|legitim"
    assert not re.search(jargon, told, re.IGNORECASE)


@pytest.mark.parametrize("language", ["en", "es"])
def test_r05_every_answer_can_be_had_without_saying_anything_personal(language: str) -> None:
    """Information is for everybody: no name, nationality, place or paper is its price.

    Somebody who refuses every question asks for each answer by its name, and gets it.
    """
    catalogue = shipped()
    state = person(language, consent=False)
    for node, answer in catalogue.answers.items():
        if node in _NOT_ANSWERS:
            continue
        turn = go(catalogue, state, node)
        for _ in range(3):  # impersonal questions, declined one by one
            if not turn.state.session.asking:
                break
            turn = _declined(catalogue, turn.state)
        decided_by_question = bool(catalogue.node(node).then)
        assert turn.outcome in ("answered", "acted"), node
        assert turn.node == node or decided_by_question, node
        if not decided_by_question:
            named = write(catalogue, state, answer.label[language])
            assert node in (named.node, *named.state.session.offered), (node, answer.label[language])


_NOT_ANSWERS = ("welcome", "language", "nearest-office", "main")
"""The first message, the choice of a language, the menu; and the one that needs a place (see the next test)."""


def _declined(catalogue: Catalogue, state: State) -> Turn:
    declines = option_id(state.session.asking, "-")
    assert declines in state.session.offered, state.session.asking
    return go(catalogue, state, declines)


def test_r05_who_does_not_say_where_they_are_still_finds_the_offices() -> None:
    """The nearest office asks for a place by its nature; all offices can be had without one."""
    catalogue = shipped()
    asked = go(catalogue, person("en"), "nearest-office")
    assert asked.state.session.asking == "town"
    assert "0" in asked.state.session.printed
    assert write(catalogue, asked.state, "MENU").node == MAIN
    for node in ("offices-mexico", "offices-belize"):
        assert go(catalogue, person("en", consent=False), node).outcome == "answered"


def test_r05_personal_questions_are_only_these() -> None:
    """What the service may ask about a person is a closed, short list: another question must be thought about here."""
    catalogue = shipped()
    asked = {"country", "fears-government", "language", "nationality", "safe-time", "town", "work-kind"}
    assert set(catalogue.questions) == asked
    assert {question.slot for question in catalogue.questions.values() if question.personal} == {
        "fears-government",
        "nationality",
    }


ASKS_FOR_MONEY = {
    "en": r"\b(pay|send|give|transfer|deposit)\b[^.]{0,30}\b(us|to this (number|service|chat))\b|our (fee|account|price)",
    "es": r"\b(p[aá]ganos|env[ií]anos|m[aá]ndanos|d[aá]nos|transfi[eé]renos|deposita)\b|nuestra (tarifa|cuenta)|nuestro precio",
}


def test_r06_no_text_asks_for_money_or_papers() -> None:
    """Who asks for money or papers in our name is a swindler; our own texts must never sound like one."""
    for language, pattern in ASKS_FOR_MONEY.items():
        assert found_in(written(), pattern, language=language) == []


@pytest.mark.parametrize(
    ("question", "language"),
    [("is this service free or do i have to pay", "en"), ("cobran por este servicio", "es")],
)
def test_r06_asked_about_money_it_says_that_it_never_asks(question: str, language: str) -> None:
    """The true answer to "do you charge?" protects against those who do."""
    turn = write(shipped(), person(language), question)
    assert turn.node == "who-are-you"
    told = plain(turn.reply or "")
    for words in {
        "en": ("never ask for money papers or passwords", "it is not us"),
        "es": ("nunca pedimos dinero papeles ni claves", "no somos nosotros"),
    }[language]:
        assert words in told


@pytest.mark.parametrize("language", ["en", "es"])
def test_r06_helpers_who_charge_are_called_false(language: str) -> None:
    """People pay strangers for what is free: several pages say so where it happens."""
    catalogue = shipped()
    wanted = {"en": r"nobody honest|do not pay|don't pay|free", "es": r"nadie honesto|no pagues|gratis"}[language]
    for node in ("scam-gestor", "fake-kidnap", "who-are-you", "complaint", "number-does-not-work"):
        texts = " ".join(text.text for text in written() if text.owner == node and text.language == language)
        assert re.search(wanted + r"|never ask|nunca pedimos", texts, re.IGNORECASE), node
    photo = catalogue.phrase("cannot_read_image", language)
    assert {"en": "need not send any", "es": "no hace falta mandarlas"}[language] in photo


def test_r05_consent_can_be_refused_with_a_word_and_the_general_answer_comes() -> None:
    """Saying no is as easy as saying yes, and costs nothing."""
    catalogue = shipped()
    for language, no in (("en", "no"), ("es", "no gracias")):
        state = State(Session(), Prefs(language=language))
        asked = go(catalogue, say(catalogue, state, "MENU", Channel.SMS).state, "enter-mexico-guide", Channel.SMS)
        assert asked.state.session.asking == CONSENT
        turn = write(catalogue, asked.state, no, Channel.SMS)
        assert turn.state.prefs.consent is False
        assert (turn.node, turn.outcome) == ("enter-mexico-visa", "answered")
