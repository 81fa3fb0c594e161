"""Safety requirements R64 to R66: complaints and misconduct."""

from __future__ import annotations

import re

import pytest

from bot.inbound import Channel
from tests.conversation_world import shipped, standing_at
from tests.safety_world import go, person, plain, whole, write

WORDS = {"en": ("COMPLAINT", "complaint", "Complaint."), "es": ("QUEJA", "queja", "¡Queja!")}


def _told(language: str, channel: Channel, *, production: bool = False) -> str:
    catalogue = shipped(show_unconfirmed=not production)
    told, _ = whole(catalogue, go(catalogue, person(language, sensitive=True), "complaint", channel), channel)
    return told


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", ["en", "es"])
def test_r64_one_word_opens_the_complaint_from_everywhere(language: str, channel: Channel) -> None:
    """Whoever was wronged by us must not have to look for the way to say so."""
    catalogue = shipped()
    for node in catalogue.answers:
        for word in WORDS[language]:
            turn = write(catalogue, standing_at(catalogue, node, language, channel), word, channel)
            assert (turn.node, turn.language) == ("complaint", language), (node, word)


@pytest.mark.parametrize("production", [False, True], ids=["development", "production"])
@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", ["en", "es"])
def test_r64_a_complaint_needs_no_name_and_names_a_place_that_takes_it(
    language: str, channel: Channel, production: bool
) -> None:
    """What this chat cannot take it says it cannot take, and names who can, with a telephone; nobody writes in vain."""
    told = _told(language, channel, production=production)
    folded = plain(told)
    for wanted in {
        "en": (
            r"without your name",
            r"now or later",
            r"not yet named",
            r"no details here",
            r"police or officials",
            r"free",
        ),
        "es": (
            r"sin (dar )?tu nombre",
            r"hoy o despues",
            r"aun no (tiene|nombra)",
            r"no escribas detalles aqui",
            r"autoridades",
            r"gratis",
        ),
    }[language]:
        assert re.search(wanted, folded), wanted
    rights = shipped().places["cdheqroo-chetumal"].phones[0]
    assert rights in told


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", ["en", "es"])
def test_r65_a_complaint_about_aid_workers_goes_to_nobody_unnamed(language: str, channel: Channel) -> None:
    """Such a complaint may reach only a named person. While none is named nothing is taken: no question, no hand-over."""
    catalogue = shipped()
    assert "?" not in _told(language, channel)
    opened = go(catalogue, person(language, sensitive=True), "complaint", channel)
    assert (opened.effects, opened.state.session.asking, opened.state.session.ticket) == ((), "", "")
    told = write(
        catalogue,
        opened.state,
        {"en": "a helper asked me for a favour", "es": "un ayudante me pidio algo"}[language],
        channel,
    )
    assert told.effects == ()
    assert catalogue.is_sensitive("complaint"), "the warning about a shared phone comes before it"


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", ["en", "es"])
def test_r66_asked_about_complaints_it_says_what_aid_workers_may_not_do(language: str, channel: Channel) -> None:
    """Aid is free of any favour in return; people who do not know that cannot complain."""
    told = plain(_told(language, channel))
    for wanted in {
        "en": ("aid is free", "no aid worker may ask", "favour"),
        "es": ("la ayuda es gratis", "nadie que da ayuda puede pedirte", "favor"),
    }[language]:
        assert wanted in told, wanted
    if channel is Channel.WHATSAPP:
        assert re.search(r"\b(sex|sexo)\b", told)
        assert {"en": "never your fault", "es": "nunca es tu culpa"}[language] in told
