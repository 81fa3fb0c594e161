"""Safety requirements R60 to R63: what WhatsApp and SMS each need. Walked over everything that can be shown."""

from __future__ import annotations

import re

import pytest

from bot import segments
from bot.catalogue import MAIN
from bot.folding import fold
from bot.inbound import Channel, OptOut
from tests.conversation_world import shipped
from tests.safety_world import everything, go, heard, newcomer, person, plain, said, whole, write

SENSITIVE_WORDS = re.compile(
    r"traffick|\btrata\b|\btratante|abus|\brap(e|ed|ist)\b|viola(ci|d|r|ron)|prostit|\bsex|suicid|kidnap|secuestr|\bvictim|v[ií]ctima",
    re.IGNORECASE,
)
"""Words that an SMS, which the telephone company can read and keep, does without."""

IN_OTHER_PLACES = {
    "mexico-overstay": "a fine that some do not pay: says nothing of the reader",
    "mexico-regularise-cost": "a fine that some do not pay: says nothing of the reader",
}


@pytest.mark.parametrize("language", ["en", "es"])
def test_r60_on_whatsapp_the_privacy_text_says_how_far_the_lock_reaches(language: str) -> None:
    """People believe that nobody but the other side can read WhatsApp; here the other side is a firm's computer."""
    catalogue = shipped()
    told, _ = whole(catalogue, go(catalogue, person(language), "privacy"), Channel.WHATSAPP)
    for wanted in {
        "en": ("twilio", "only as far as that firm", "30 days"),
        "es": ("twilio", "solo hasta esa empresa", "30 dias"),
    }[language]:
        assert wanted in plain(told), wanted


def test_r61_sms_does_without_words_that_give_somebody_away() -> None:
    """Operators keep records, and previews show on a locked screen."""
    for one in heard():
        if one.channel is not Channel.SMS:
            continue
        for line in one.text.splitlines():
            if SENSITIVE_WORDS.search(line):
                assert one.turn.node in IN_OTHER_PLACES, (one.where, line)


@pytest.mark.parametrize("language", ["en", "es"])
def test_r61_the_first_sms_names_a_safer_way(language: str) -> None:
    """Who can use WhatsApp learns at once that it is better closed."""
    turn = write(shipped(), newcomer(), {"en": "hello", "es": "hola"}[language], Channel.SMS)
    assert {"en": "whatsapp is safer", "es": "whatsapp es mas seguro"}[language] in plain(turn.reply or "")
    privacy, _ = whole(shipped(), go(shipped(), person(language), "privacy", Channel.SMS), Channel.SMS)
    assert {"en": "sms is not secret", "es": "el sms no es secreto"}[language] in plain(privacy)


@pytest.mark.parametrize("production", [False, True], ids=["development", "production"])
def test_r62_an_sms_is_cheap_and_never_more_than_three_segments(production: bool) -> None:
    """Every reply to everybody: the cheap alphabet, three segments at most, two messages at most."""
    for one in heard(show_unconfirmed=not production):
        if one.channel is Channel.SMS:
            counted = segments.count(one.text)
            assert counted.encoding == "GSM-7", (one.where, one.text)
            assert counted.segments <= 3, one.where
            assert one.page <= 1, one.where


def test_r62_replies_of_the_moment_are_one_segment() -> None:
    """What is said after a single word (leaving, changing the language) is one segment."""
    catalogue = shipped()
    for language in catalogue.languages:
        for key in (
            "exit_done",
            "opted_out",
            "opted_in",
            "language_set",
            "back_from_danger",
            "nothing_more",
            "not_possible_now",
        ):
            assert segments.count(said(catalogue, key, language, Channel.SMS)).segments == 1, key


def test_r62_newcomers_and_afraid_people_get_no_longer_messages() -> None:
    """What stands on top of a first or sensitive reply counts as well."""
    catalogue = shipped()
    for language in catalogue.languages:
        for node, answer in catalogue.answers.items():
            turn = write(catalogue, newcomer(), answer.label[language], Channel.SMS)
            if turn.reply:
                counted = segments.count(turn.reply)
                assert (counted.encoding, counted.segments <= 3) == ("GSM-7", True), node
    for one in everything(catalogue, channels=[Channel.SMS], consent=None):
        assert segments.count(one.text).segments <= 3, one.where


@pytest.mark.parametrize("language", ["en", "es"])
def test_r63_the_first_sms_says_what_it_may_cost_and_how_to_stop(language: str) -> None:
    """To a greeting and to a question; danger comes alone."""
    catalogue = shipped()
    cost = {"en": "may cost", "es": "puede costar"}[language]
    greeting = {"en": "good morning", "es": "buenos dias"}[language]
    question = {
        "en": "can i work in chetumal with a belize passport",
        "es": "puedo trabajar en mexico siendo beliceño",
    }[language]
    for text in (greeting, question, catalogue.answers["border-hours"].label[language]):
        turn = write(catalogue, newcomer(), text, Channel.SMS)
        assert cost in plain(turn.reply or ""), text
        assert "ALTO" in (turn.reply or ""), text
        whatsapp = write(catalogue, newcomer(), text, Channel.WHATSAPP)
        assert cost not in plain(whatsapp.reply or ""), text


@pytest.mark.parametrize("word", ["STOP", "ALTO", "PARAR", "BAJA"])
def test_r63_stop_words_stop_at_once_and_a_new_message_restarts(word: str) -> None:
    """One line, or silence where the carrier has answered; nothing more until the person writes."""
    catalogue = shipped()
    for language in catalogue.languages:
        for channel in Channel:
            stopped = write(catalogue, person(language), word, channel)
            assert channel in stopped.state.prefs.opted_out
            assert stopped.effects == ()
            silent = word == "STOP" and channel is Channel.SMS
            assert stopped.reply == (None if silent else said(catalogue, "opted_out", language, channel))
            again = write(
                catalogue, stopped.state, {"en": "border hours", "es": "horario de la frontera"}[language], channel
            )
            assert again.reply
            assert channel not in again.state.prefs.opted_out
    started = write(catalogue, stopped.state, "START", Channel.SMS)
    assert started.node == MAIN
    assert write(catalogue, person("en"), "START", Channel.SMS, opt_out=OptOut.START).reply is None


def test_r63_no_text_asks_anybody_to_type_a_word_of_the_carriers() -> None:
    """STOP and START would not reach us as words: ALTO does."""
    for one in heard():
        told = set(re.findall(r"\b(?:STOP|HELP|INFO|START|YES|CANCEL|END|QUIT)\b", one.text))
        assert not told, (one.where, told)
    assert fold("ALTO") in shipped().words.by_text
