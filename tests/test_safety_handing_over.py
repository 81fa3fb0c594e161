"""Safety requirements R37 to R44: handing over to a person.

Nobody answers from this chat yet. Until then the tests hold the page to the truth: it says so, offers the places and
telephones that exist, collects nothing and hands over nothing.
"""

from __future__ import annotations

import re

import pytest

from bot.catalogue import Catalogue
from bot.inbound import Channel
from bot.session import Owner
from tests.conversation_world import shipped
from tests.safety_world import NOTHING, everything, go, heard, person, plain, whole, write, written
from webhook.observe import Metrics


def _advisor(catalogue: Catalogue, language: str, channel: Channel) -> str:
    told, _ = whole(catalogue, go(catalogue, person(language), "advisor", channel), channel)
    return told


def test_r37_nothing_about_a_person_goes_to_anybody() -> None:
    """No turn hands anything over: no ticket, no effect, and the bot stays the one who answers."""
    for one in heard():
        session = one.turn.state.session
        assert (one.turn.effects, session.owner, session.ticket) == ((), Owner.BOT, ""), one.where


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", ["en", "es"])
def test_r37_the_advisor_page_asks_for_nothing(language: str, channel: Channel) -> None:
    """Before a person can take over there is nothing to tell: the page says "only what you want"."""
    told = _advisor(shipped(), language, channel)
    assert "?" not in told
    assert {"en": "tell only what you want", "es": "cuenta solo lo que quieras"}[language] in plain(told)


@pytest.mark.parametrize("channel", Channel)
def test_r38_who_does_not_want_an_advisor_has_everything_else(channel: Channel) -> None:
    """Turning back leaves no record, and every answer is where it was."""
    catalogue = shipped()
    for language in catalogue.languages:
        before = write(catalogue, person(language), "MENU", channel)
        asked = write(catalogue, before.state, {"en": "ADVISOR", "es": "ASESOR"}[language], channel)
        assert asked.node == "advisor"
        back = write(catalogue, asked.state, "MENU", channel)
        assert back.reply == before.reply
        assert back.state.prefs == before.state.prefs
        assert dict(back.state.session.slots) == {}


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", ["en", "es"])
def test_r39_the_page_says_that_nobody_answers_here_and_who_does(language: str, channel: Channel) -> None:
    """Waiting for somebody who will not come is worse than no offer: the truth first, then the lines that answer."""
    for catalogue in (shipped(), shipped(show_unconfirmed=False)):
        told = plain(_advisor(catalogue, language, channel))
        nobody = {"en": "no person answers here", "es": "aqui no contesta una persona"}[language]
        assert nobody in told
        assert "911" in told
        if not catalogue.hub_is_confirmed:
            assert {"en": "not confirmed", "es": "falta confirmar"}[language] in told


def test_r40_no_text_lets_somebody_wait_for_an_answer() -> None:
    """No text says that somebody will write, call or answer here within a time."""
    waiting = {
        "en": r"(advisor|someone|somebody|person|we) (will|can) (write|call|answer|contact|reply)( to)? (you )?(here|back|soon|within)",
        "es": r"(asesora?|alguien|persona) (te )?(escribir[aá]|llamar[aá]|contestar[aá]|contactar[aá])|en breve|te contestamos",
    }
    for text in written():
        assert not re.search(waiting[text.language], text.text, re.IGNORECASE), text


def test_r44_messages_that_told_of_danger_are_counted() -> None:
    """The operator sees how many there were, by tier and channel: a count, and nothing of the person."""
    metrics = Metrics()
    metrics.dangers.labels("certain", "sms").inc()
    told = metrics.exposition().decode()
    assert 'ventanilla_dangers_total{channel="sms",tier="certain"} 1.0' in told


def test_r38_an_advisor_is_never_the_only_way_on() -> None:
    """Where an advisor is offered, there is something else to choose, or the menu."""
    for one in everything(shipped(), [NOTHING]):
        session = one.turn.state.session
        if "advisor" in session.offered:
            assert len(session.offered) > 1 or "0" in session.printed, one.where
