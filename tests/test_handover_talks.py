"""Asking for an advisor and waiting, through the real conversation and store: who asks is understood, and nothing is dropped."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.inbound import Channel
from tests.handover_hub import Hub, Person
from tests.handover_world import CASE_CODE
from webhook.desk.records import Voice
from webhook.embedded import EmbeddedServer
from webhook.store.connection import Connection

STRANGE = [f"qwrtpl {at} zzyzx" for at in range(1, 7)]


@pytest.fixture
def hub(tmp_path: Path, valkey_server: EmbeddedServer, connection: Connection) -> Hub:
    return Hub(tmp_path, connection, valkey_server.url)


def written(hub: Hub) -> list[str]:
    """What the person has written in the one ticket."""
    return [one.text for one in hub.desk.messages(hub.only_ticket().id) if one.voice is Voice.PERSON]


@pytest.mark.parametrize(
    ("word", "language"),
    [
        ("advisor", "en"),
        ("human", "en"),
        ("talk to a person", "en"),
        ("asesor", "es"),
        ("Asesora", "es"),
        ("humano", "es"),
    ],
)
def test_the_first_word_of_all_brings_the_page_in_its_own_language(hub: Hub, word: str, language: str) -> None:
    """What an advisor would see must be read before the yes (R37): an English word is not answered in Spanish."""
    page = Person(hub).says(word) or ""
    other = {"en": "es", "es": "en"}[language]
    assert f"1 {hub.catalogue.phrase('hand_over_yes', language).strip()}".replace("í", "i") in page
    assert hub.catalogue.phrase("hand_over_steps", other).strip() not in page
    Person(hub).says("1")
    assert hub.only_ticket().language == language


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.WHATSAPP])
@pytest.mark.parametrize("first", ["asesor", "advisor", "SOS", "menu"])
def test_what_the_bot_cannot_answer_joins_whatever_is_known_of_the_person(
    hub: Hub, channel: Channel, first: str
) -> None:
    """Also of somebody whose language nobody knows yet: each message is in the ticket once, in order."""
    person = Person(hub, channel=channel)
    person.says(first)
    person.says("advisor")
    assert person.says("1")
    for text in STRANGE:
        assert person.says(text)
    assert written(hub) == STRANGE


def test_who_came_by_numbers_alone_has_their_words_passed_on_too(hub: Hub) -> None:
    """Somebody who only tapped has shown no language; their words are still not swallowed by a greeting."""
    person = Person(hub)
    page = person.says("SOS") or ""
    label = hub.catalogue.option_labels["advisor"]["es"].replace("é", "e")
    [number] = [line.split()[0] for line in page.splitlines() if line.endswith(label)]
    person.says(number)
    person.says("1")  # the language, which nobody could know before
    assert CASE_CODE.search(person.says("1") or "")
    for text in STRANGE:
        assert person.says(text)
    assert written(hub) == STRANGE


def test_first_note_that_was_skipped_is_not_asked_for_again(hub: Hub) -> None:
    """ "Skip" is no note."""
    person = Person(hub)
    person.asks()
    assert written(hub) == []
    assert person.says(STRANGE[0])
    assert written(hub) == STRANGE[:1]
