"""Safety requirements R64 to R66: complaints and misconduct, where a focal point is named and where none is."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot import complaining, replying, session
from bot.catalogue import Catalogue
from bot.handoff import KINDS as TICKET_EFFECTS
from bot.inbound import Channel, Media
from bot.scene import Scene
from bot.segments import count
from bot.session import Owner
from bot.turn import State, Turn
from tests.conversation_world import inbound, shipped, standing_at
from tests.safety_world import go, person, plain, turn_of, whole, write

WORDS = {"en": ("COMPLAINT", "complaint", "Complaint."), "es": ("QUEJA", "queja", "¡Queja!")}
TOLD = {"en": "one of your staff asked me for 50 dollars", "es": "alguien de su personal me pidió 50 dólares"}
CRUEL = {
    "en": "the guard of the shelter locked me in and forced me to have sex",
    "es": "el encargado del albergue me encerró y me obligó a tener relaciones",
}
DAYS = 30
REFERENCE = re.compile(r"\bQ-[2-9A-Z]{8}\b")
EVERYWHERE = [(channel, language) for channel in Channel for language in ("en", "es")]


def _catalogue(*, taken: bool, production: bool = False) -> Catalogue:
    catalogue = shipped(show_unconfirmed=not production)
    return catalogue.taking_complaints(DAYS) if taken else catalogue


def _opened(catalogue: Catalogue, language: str, channel: Channel) -> Turn:
    return write(catalogue, person(language, sensitive=True), WORDS[language][0], channel)


def _told(language: str, channel: Channel, *, taken: bool, production: bool = False) -> str:
    catalogue = _catalogue(taken=taken, production=production)
    told, _ = whole(catalogue, _opened(catalogue, language, channel), channel)
    return told


@pytest.mark.parametrize("taken", [False, True], ids=["nobody named", "focal point"])
@pytest.mark.parametrize(("channel", "language"), EVERYWHERE)
def test_r64_one_word_opens_the_complaint_from_everywhere(language: str, channel: Channel, taken: bool) -> None:
    """Whoever was wronged by us must not have to look for the way to say so."""
    catalogue = _catalogue(taken=taken)
    page = "complaint-write" if taken else "complaint"
    for node in catalogue.answers:
        for word in WORDS[language]:
            turn = write(catalogue, standing_at(catalogue, node, language, channel), word, channel)
            assert (turn.node, turn.language) == (page, language), (node, word)


@pytest.mark.parametrize("production", [False, True], ids=["development", "production"])
@pytest.mark.parametrize(("channel", "language"), EVERYWHERE)
def test_r64_without_a_focal_point_it_says_so_and_names_a_place(
    language: str, channel: Channel, production: bool
) -> None:
    """What this chat cannot take it says it cannot take, and names who can, with a telephone; nobody writes in vain."""
    told = _told(language, channel, taken=False, production=production)
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
    assert shipped().places["cdheqroo-chetumal"].phones[0] in told


@pytest.mark.parametrize("production", [False, True], ids=["development", "production"])
@pytest.mark.parametrize(("channel", "language"), EVERYWHERE)
def test_r64_the_page_says_who_reads_it_and_until_when(language: str, channel: Channel, production: bool) -> None:
    """Somebody who is afraid decides by this: no name, one reader, a limit in days, no promise, and no way to undo it."""
    folded = plain(_told(language, channel, taken=True, production=production))
    for wanted in {
        "en": (
            r"without your name",
            r"advisors cannot",
            r"within 30 days",
            r"cannot promise",
            r"delete (cannot|does not)",
            r"if you want",
        ),
        "es": (
            r"sin tu nombre",
            r"los asesores no",
            r"30 dias como maximo",
            r"no (podemos )?promete",
            r"borrar no",
            r"si quieres",
        ),
    }[language]:
        assert re.search(wanted, folded), wanted


@pytest.mark.parametrize(("channel", "language"), EVERYWHERE)
def test_r64_a_complaint_is_answered_with_a_reference_and_a_limit(language: str, channel: Channel) -> None:
    """A person who complained must be able to ask later, and to know when."""
    catalogue = _catalogue(taken=True)
    turn = write(catalogue, _opened(catalogue, language, channel).state, TOLD[language], channel)
    effect = complaining.made(turn)
    assert effect is not None
    assert turn.reply is not None
    assert effect.fields["text"] == TOLD[language]
    assert effect.fields["answer"] == ""
    assert REFERENCE.findall(turn.reply) == [effect.fields["reference"]]
    assert re.search(r"30 (days|d[ií]as)", turn.reply)


@pytest.mark.parametrize(("channel", "language"), EVERYWHERE)
def test_r64_the_number_goes_along_only_if_the_person_chose_so(language: str, channel: Channel) -> None:
    """Anonymous is what happens to who does nothing; and the choice can be taken back before writing."""
    catalogue = _catalogue(taken=True)
    chosen = go(catalogue, _opened(catalogue, language, channel).state, "complaint-reply", channel)
    again = go(catalogue, chosen.state, "complaint-write", channel)
    for state, answer in ((chosen.state, "yes"), (again.state, "")):
        effect = complaining.made(write(catalogue, state, TOLD[language], channel))
        assert effect is not None
        assert effect.fields["answer"] == answer


@pytest.mark.parametrize(("channel", "language"), EVERYWHERE)
def test_r64_what_we_do_not_look_into_has_another_place(language: str, channel: Channel) -> None:
    """Police and officials are not ours to judge: one choice names who takes complaints about them."""
    catalogue = _catalogue(taken=True)
    _, last = whole(catalogue, _opened(catalogue, language, channel), channel)
    assert "complaint-elsewhere" in last.state.session.offered
    told, _ = whole(catalogue, go(catalogue, last.state, "complaint-elsewhere", channel), channel)
    assert catalogue.places["cdheqroo-chetumal"].phones[0] in told


@pytest.mark.parametrize(("channel", "language"), EVERYWHERE)
def test_r64_only_words_are_taken_and_a_recording_is_told_so(language: str, channel: Channel) -> None:
    """Somebody who speaks a complaint into the phone must not believe that it was heard."""
    catalogue = _catalogue(taken=True)
    opened = _opened(catalogue, language, channel)
    for media in Media:
        turn = write(catalogue, opened.state, "", channel, media=(media,))
        assert turn.effects == ()
        assert turn.reply is not None
        assert {"en": "only written words", "es": "solo palabras escritas"}[language] in plain(turn.reply)
        assert complaining.made(write(catalogue, turn.state, TOLD[language], channel)) is not None


@pytest.mark.parametrize(("channel", "language"), EVERYWHERE)
def test_r65_without_a_focal_point_nothing_is_taken(language: str, channel: Channel) -> None:
    """Such a complaint may reach only a named person. While none is named nothing is taken: no question, no hand-over."""
    catalogue = _catalogue(taken=False)
    opened = _opened(catalogue, language, channel)
    assert "?" not in (opened.reply or "")
    assert (opened.effects, opened.state.session.asking, opened.state.session.ticket) == ((), "", "")
    for page in ("complaint", "complaint-write", "complaint-reply"):
        told = write(catalogue, go(catalogue, opened.state, page, channel).state, TOLD[language], channel)
        assert complaining.made(told) is None
        assert REFERENCE.search(told.reply or "") is None
    assert all(catalogue.is_sensitive(id_) for id_ in catalogue.answers if id_.startswith("complaint"))


@pytest.mark.parametrize("owner", Owner)
@pytest.mark.parametrize("text", [TOLD, CRUEL], ids=["rude", "cruel"])
@pytest.mark.parametrize(("channel", "language"), EVERYWHERE)
def test_r65_a_complaint_never_joins_a_ticket(
    language: str, channel: Channel, text: dict[str, str], owner: Owner
) -> None:
    """An advisor may be the one complained about: no word of it may be in what goes to a ticket, or to the editors."""
    catalogue = _catalogue(taken=True)
    opened = _opened(catalogue, language, channel).state
    ticket = "" if owner is Owner.BOT else "7KMX29PD"
    state = replace(opened, session=replace(opened.session, owner=owner, ticket=ticket))
    parts = [text[language], {"en": "it was on a monday", "es": "fue un lunes"}[language]]
    for part in parts if owner is not Owner.ADVISOR else parts[:1]:
        turn = write(catalogue, state, part, channel)
        effect = complaining.made(turn)
        assert effect is not None, part
        others = [other for other in turn.effects if other.kind != complaining.MADE]
        assert {other.kind for other in others} <= TICKET_EFFECTS
        assert part not in str(others)
        state = turn.state
        assert complaining.is_prompted(state.session) is (owner is not Owner.ADVISOR), (
            "words that come late join nothing"
        )
        kept = session.dump(state.session, catalogue.codes)
        assert effect.fields["reference"] not in kept
        assert state.session.sensitive


@pytest.mark.parametrize(("channel", "language"), EVERYWHERE)
def test_r65_danger_in_a_complaint_is_heard_first_and_the_complaint_is_taken_too(
    language: str, channel: Channel
) -> None:
    """Who was abused by a helper gets the help numbers at once, in one message, and need not tell it twice."""
    catalogue = _catalogue(taken=True)
    turn = write(catalogue, _opened(catalogue, language, channel).state, CRUEL[language], channel)
    effect = complaining.made(turn)
    assert effect is not None
    assert turn.reply is not None
    assert (turn.danger, effect.fields["danger"]) == ("certain", "certain")
    assert turn.reply.index("911") < turn.reply.index(effect.fields["reference"])


@pytest.mark.parametrize("owner", Owner)
@pytest.mark.parametrize(("channel", "language"), EVERYWHERE)
def test_r65_what_could_not_be_kept_is_not_claimed_and_help_stays(
    language: str, channel: Channel, owner: Owner
) -> None:
    """Whoever has the chat: the numbers are given, no reference is, and the words still go to no ticket."""
    catalogue = _catalogue(taken=True)
    opened = _opened(catalogue, language, channel).state
    ticket = "" if owner is Owner.BOT else "7KMX29PD"
    state = replace(opened, session=replace(opened.session, owner=owner, ticket=ticket))
    for text in (TOLD[language], CRUEL[language]):
        message = inbound(text, channel)
        turn = complaining.not_kept(catalogue, state, message, turn_of(catalogue, state, message))
        assert turn.reply is not None
        assert complaining.made(turn) is None
        assert REFERENCE.search(turn.reply) is None
        assert text not in str(turn.effects)
        known = "911" if turn.danger == "certain" else catalogue.places["cdheqroo-chetumal"].phones[0]
        assert known in turn.reply


@pytest.mark.parametrize("production", [False, True], ids=["development", "production"])
@pytest.mark.parametrize(("channel", "language"), EVERYWHERE)
def test_r65_every_danger_answer_has_room_for_the_reference(language: str, channel: Channel, production: bool) -> None:
    """The line is one more on a page that must stay one message, and keep its "not this"."""
    catalogue = _catalogue(taken=True, production=production)
    opened = _opened(catalogue, language, channel).state
    scenes = {node: _in_danger(catalogue, opened, node, channel, language) for node in catalogue.lexicon.nodes}
    for node, turn in scenes.items():
        assert turn.reply is not None
        assert REFERENCE.search(turn.reply), node
        assert turn.state.session.more == 0, node
        assert turn.state.session.offered[-1] == "@not-this", node
        if channel is Channel.SMS:
            assert count(turn.reply).segments <= 3, node


def _in_danger(catalogue: Catalogue, state: State, node: str, channel: Channel, language: str) -> Turn:
    """The answer at a node, as to danger told at the open prompt."""
    scene = Scene(catalogue, inbound("x", channel), state.session, state.prefs, language, first=False, danger="certain")
    return complaining.beside_danger(scene, replying.show(scene, node, outcome="danger", danger="certain"))


@pytest.mark.parametrize("taken", [False, True], ids=["nobody named", "focal point"])
@pytest.mark.parametrize(("channel", "language"), EVERYWHERE)
def test_r66_asked_about_complaints_it_says_what_aid_workers_may_not_do(
    language: str, channel: Channel, taken: bool
) -> None:
    """Aid is free of any favour in return; people who do not know that cannot complain."""
    told = plain(_told(language, channel, taken=taken))
    for wanted in {
        "en": ("aid is free", "no aid worker may ask", "favour"),
        "es": ("la ayuda es gratis", "nadie que da ayuda puede pedirte", "favor"),
    }[language]:
        assert wanted in told, wanted
    if channel is Channel.WHATSAPP:
        assert re.search(r"\b(sex|sexo)\b", told)
        assert {"en": "never your fault", "es": "nunca es tu culpa"}[language] in told
