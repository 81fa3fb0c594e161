"""Vetted answers as advisors find them: asked in either language, sent in the person's, and never once out of date."""

from dataclasses import replace
from datetime import UTC, date, datetime
from types import MappingProxyType

import pytest

from bot.catalogue import Review
from bot.desk_turns import advisor_says, vetted
from bot.inbound import Channel
from tests.learned_world import shipped
from webhook.console.saved_replies import saved_for
from webhook.console.search import SERVICE, Age, can_be_sent, find, found
from webhook.desk.speaking import fits

NOW = datetime(2026, 12, 1, 18, tzinfo=UTC)
LATE = datetime(2040, 1, 1, tzinfo=UTC)
CARD = "border-worker-card"


@pytest.mark.parametrize("asked", ["border worker card", "trabajador fronterizo", "can I work in Chetumal from Belize"])
@pytest.mark.parametrize("mine", ["en", "es"])
@pytest.mark.parametrize("theirs", ["en", "es"])
def test_what_is_sent_is_in_the_persons_language_whatever_the_advisors_own(asked: str, mine: str, theirs: str) -> None:
    """An advisor who speaks one language must not send it to somebody who reads the other."""
    catalogue = shipped()
    hits = find(catalogue, asked, mine=mine, theirs=theirs, channel=Channel.WHATSAPP, at=NOW)
    hit = next(hit for hit in hits if hit.node == CARD)
    assert hit.label == catalogue.answers[CARD].label[mine]
    assert hit.title == catalogue.answers[CARD].label[theirs]
    assert hit.text == vetted(catalogue, CARD, theirs, Channel.WHATSAPP, NOW)


def test_a_name_half_typed_finds_the_answer_first() -> None:
    """An advisor with somebody waiting types a few letters, not a sentence."""
    hits = find(shipped(), "border w", mine="en", theirs="es", channel=Channel.SMS, at=NOW)
    assert hits[0].node == CARD


@pytest.mark.parametrize("asked", ["", " ", "x", "??", "\u200b\u200b"])
def test_almost_nothing_finds_nothing(asked: str) -> None:
    """A list of guesses under an empty field would be sent by a slip of the finger."""
    assert find(shipped(), asked, mine="en", theirs="es", channel=Channel.SMS, at=NOW) == ()


def test_an_answer_past_its_grace_is_found_without_its_text() -> None:
    """What nobody has checked in time must not go out under an advisor's name either (safety R45)."""
    hit = found(shipped(), CARD, mine="en", theirs="es", channel=Channel.WHATSAPP, at=LATE)
    assert hit.age is Age.WITHHELD
    assert hit.text == ""


def test_an_answer_past_its_date_is_marked() -> None:
    """The advisor should know that the person is told to confirm it."""
    catalogue = shipped()
    answer = catalogue.answers[CARD]
    old = replace(answer, review=Review(answer.review.sources, date(2026, 1, 1), date(2026, 11, 29)))
    changed = replace(catalogue, answers=MappingProxyType({**catalogue.answers, CARD: old}))
    hit = found(changed, CARD, mine="en", theirs="en", channel=Channel.WHATSAPP, at=NOW)
    assert hit.age is Age.OLD
    assert hit.text


def test_answers_about_the_bot_itself_are_not_offered() -> None:
    """Sending the menu or the language question by hand would offer choices that nobody then takes."""
    catalogue = shipped()
    offered = {catalogue.answers[node].topic for node in catalogue.answers if can_be_sent(catalogue, node)}
    assert SERVICE not in offered
    with pytest.raises(KeyError):
        found(catalogue, "main", mine="en", theirs="en", channel=Channel.SMS, at=NOW)
    with pytest.raises(KeyError):
        found(catalogue, "no-such-answer", mine="en", theirs="en", channel=Channel.SMS, at=NOW)


@pytest.mark.parametrize("channel", list(Channel))
def test_every_answer_says_truly_whether_it_fits_one_message(channel: Channel) -> None:
    """A button that cannot work costs trust at the worst moment."""
    catalogue = shipped()
    for node in catalogue.answers:
        if can_be_sent(catalogue, node):
            for language in catalogue.languages:
                hit = found(catalogue, node, mine="en", theirs=language, channel=channel, at=NOW)
                says = advisor_says(catalogue, language, channel, hit.text)
                assert hit.is_too_long == (bool(hit.text) and not fits(channel, says))


@pytest.mark.parametrize("channel", list(Channel))
def test_saved_replies_are_in_both_languages_and_fit_one_message(channel: Channel) -> None:
    """They are there for one tap: one that is refused for its length would be found out in front of the person."""
    catalogue = shipped()
    assert catalogue.saved_replies
    for mine in catalogue.languages:
        for theirs in catalogue.languages:
            replies = saved_for(catalogue, mine, theirs)
            assert [reply.id for reply in replies] == list(catalogue.saved_replies)
            for reply in replies:
                assert reply.label == catalogue.saved_replies[reply.id].label[mine]
                assert reply.text == catalogue.saved_replies[reply.id].text[theirs].strip()
                assert fits(channel, advisor_says(catalogue, theirs, channel, reply.text))
