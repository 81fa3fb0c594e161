"""Safety requirements R21 to R28: recognising danger. Walked over the whole catalogue and the whole lexicon."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot.catalogue import MAIN, NOT_THIS, Catalogue
from bot.conversation import resume, step
from bot.danger import Tier
from bot.inbound import Channel, Inbound, Media
from bot.rendering import help_lines, may_show
from bot.turn import ActionResult, Call, Turn
from tests.conversation_world import NOW, inbound, shipped, standing_at
from tests.safety_world import (
    WORDS_NOBODY_KNOWS,
    go,
    newcomer,
    person,
    plain,
    said,
    sensitive_places,
    sentences,
    write,
    written,
)

KINDS_OF_DANGER = {
    "weapons": {
        "en": ("he has a gun", "a man with a gun is here", "she pulled a knife on me"),
        "es": ("tiene una pistola", "hay hombres armados afuera", "me amenazo con un cuchillo"),
    },
    "locked in": {
        "en": ("they locked me in a room", "we are locked in the house", "i am trapped here"),
        "es": ("me tienen encerrada", "estamos encerrados en una casa", "me encerraron"),
    },
    "being sold": {
        "en": ("they want to sell me", "he sold her to another man", "they bought me"),
        "es": ("me quieren vender", "la vendieron a otro hombre", "me compraron a mi"),
    },
    "forced sex": {
        "en": ("they force me to have sex", "he makes me sleep with clients", "i was raped"),
        "es": ("me obligan a acostarme con hombres", "me obligan a tener sexo", "me violaron"),
    },
    "cannot leave": {
        "en": ("they won't let me leave", "i cant leave the farm", "dehn noh mek mi lef"),
        "es": ("no me dejan salir", "no me dejan ir", "no puedo salir de la casa"),
    },
    "suicide": {
        "en": ("i want to die", "i want to kill myself", "i think about suicide"),
        "es": ("me quiero morir", "quiero matarme", "pienso en suicidarme"),
    },
    "child in danger": {
        "en": ("they are beating the child", "somebody is touching my daughter", "they took my baby from me"),
        "es": ("estan golpeando a un niño", "alguien toca a mi hija", "me quitaron a mi bebe"),
    },
    "missing": {
        "en": ("my brother is missing", "my daughter disappeared", "i cant find my son"),
        "es": ("mi hermano esta desaparecido", "mi hija desaparecio", "no encuentro a mi hijo"),
    },
}
LEADS_TO = {"suicide": "self-harm", "child in danger": "child-danger", "missing": "missing-person"}


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("kind", KINDS_OF_DANGER)
def test_r21_every_kind_of_danger_is_answered_in_the_same_reply(kind: str, language: str, channel: Channel) -> None:
    """Weapons, being locked in, sold, forced, kept, wanting to die, a child, somebody missing: no menu comes before help.

    Typed in capitals, in the middle of something else, by a stranger or in the middle of a chat.
    """
    catalogue = shipped()
    for phrase in KINDS_OF_DANGER[kind][language]:
        for text in (phrase, phrase.upper(), f"{phrase}!!!", f"... {phrase} :("):
            for state in (
                newcomer(),
                person(language),
                standing_at(catalogue, "enter-mexico-guide", language, channel),
            ):
                turn = write(catalogue, state, text, channel)
                assert turn.danger == "certain", text
                assert kind not in LEADS_TO or turn.node == LEADS_TO[kind], text
                assert turn.language == language, text
                assert catalogue.is_danger(turn.node)
                assert "911" in (turn.reply or "").split("\n1 ")[0], text
                assert not turn.state.session.more


def test_r21_the_written_list_has_every_kind_in_both_languages() -> None:
    """The list is a file that people can read and add to, not a hidden rule."""
    catalogue = shipped()
    for language in catalogue.languages:
        count: dict[str, int] = {}
        for entry in catalogue.lexicon.patterns:
            if entry.language == language and entry.tier is Tier.CERTAIN:
                count[entry.node] = count.get(entry.node, 0) + 1
        assert sum(count.values()) >= 60
        assert set(count) >= {
            "danger-now",
            "violence-help",
            "child-danger",
            "self-harm",
            "missing-person",
            "phone-watched",
        }


def _danger_turns(channel: Channel, catalogue: Catalogue) -> list[tuple[str, str, dict[str, str], Turn]]:
    """The danger answers as people get them: language, node, what they had said, turn."""
    found = []
    for language in catalogue.languages:
        words: dict[str, str] = {}
        for entry in catalogue.lexicon.patterns:
            if entry.language == language:
                words.setdefault(entry.node, entry.pattern.samples[0])
        for country in ("", "mexico", "belize", "elsewhere"):
            slots = {"country": country} if country else {}
            for node, text in words.items():
                found.append((language, node, slots, write(catalogue, person(language, slots), text, channel)))
    return found


KIND = re.compile(
    r"glad you wrote|thank you for|i am sorry|qu[eé] bueno que escribiste|gracias por|lo siento", re.IGNORECASE
)
SPECIAL = {
    "danger-now": "trafficking",
    "violence-help": "violence",
    "child-danger": "child",
    "smuggler-danger": "smuggling",
    "missing-person": "missing",
    "self-harm": "self-harm",
    "phone-watched": "violence",
}


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("production", [False, True], ids=["development", "production"])
def test_r22_the_danger_answer_has_its_parts(channel: Channel, production: bool) -> None:
    """It acknowledges, gives the emergency number, the special line, and how to leave; a human where one can be reached."""
    catalogue = shipped(show_unconfirmed=not production)
    for language, node, slots, turn in _danger_turns(channel, catalogue):
        assert turn.node == node
        told = turn.reply or ""
        opening = sentences(told)[:4]
        assert any(KIND.search(sentence) for sentence in opening), (node, "acknowledges", opening)
        assert "911" in told, node
        view_lines = help_lines_shown(catalogue, SPECIAL.get(node, "emergency"), language, channel, slots)
        for line in view_lines:
            assert line in told.splitlines(), (node, slots, line)
        assert re.search(r"\bX\b", told), (node, "how to leave")
        assert "?" not in told, node
        if catalogue.desk_hours is not None:
            assert "advisor" in turn.state.session.offered, node
        else:
            assert "advisor" not in turn.state.session.offered, (node, "nobody is offered who cannot be reached")


def help_lines_shown(
    catalogue: Catalogue, kind: str, language: str, channel: Channel, slots: dict[str, str]
) -> list[str]:
    """The lines of a kind as they must read on the channel; none where the emergency numbers stand in."""
    from bot.channels import PENS
    from bot.rendering import View

    view = View(language, channel, NOW.date(), slots)
    if not any(kind in line.kinds and may_show(catalogue, line, view) for line in catalogue.lines.values()):
        return []
    return [PENS[channel].plain(line) for line in help_lines(catalogue, kind, view, "{lines:emergency}")]


@pytest.mark.parametrize("channel", Channel)
def test_r22_the_number_is_that_of_the_country_the_person_has_said(channel: Channel) -> None:
    """Somebody who has said where they are reads one number, not two."""
    catalogue = shipped()
    for _language, node, slots, turn in _danger_turns(channel, catalogue):
        if slots.get("country") in ("mexico", "belize"):
            emergency = [line for line in (turn.reply or "").splitlines() if line.endswith("911")]
            assert emergency == ["911"], (node, slots, emergency)


@pytest.mark.parametrize("channel", Channel)
def test_r23_without_a_country_both_are_given_and_labelled(channel: Channel) -> None:
    """Asking "where are you?" first would cost the minute that counts; a telephone's prefix tells nothing."""
    catalogue = shipped()
    for language, node, slots, turn in _danger_turns(channel, catalogue):
        if slots.get("country") in ("mexico", "belize"):
            continue
        lines = (turn.reply or "").splitlines()
        for key in ("country_mexico", "country_belize"):
            label = said(catalogue, key, language, channel)
            assert f"{label}: 911" in lines, (node, slots)
        assert turn.state.session.asking == ""


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", ["en", "es"])
def test_r24_not_this_goes_back_without_judgement(language: str, channel: Channel) -> None:
    """A needless offer of help must cost nothing: one choice or a few words, and the chat goes on where it was."""
    catalogue = shipped()
    cry = KINDS_OF_DANGER["cannot leave"][language][0]
    words = {"en": ("not this", "Not this"), "es": ("no es eso", "No es eso", "eso no")}[language]
    for node in ("enter-mexico-fee", "border-hours", "offices-belize", "work", MAIN):
        state = standing_at(catalogue, node, language, channel)
        alarmed = write(catalogue, state, cry, channel)
        assert NOT_THIS in alarmed.state.session.offered, node
        number = str(alarmed.state.session.offered.index(NOT_THIS) + 1)
        for typed in (*words, number):
            turn = write(catalogue, alarmed.state, typed, channel)
            assert turn.node == node, typed
            assert turn.danger == ""
            assert said(catalogue, "back_from_danger", language, channel) in (turn.reply or "")
    blame = r"wrong|mistake|false|error|equivoc|falsa|are you sure|seguro que"
    assert not re.search(blame, catalogue.phrase("back_from_danger", language), re.IGNORECASE)


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", ["en", "es"])
def test_r25_the_safe_word_stands_in_the_welcome_and_works_at_any_time(language: str, channel: Channel) -> None:
    """A word that looks like nothing brings the numbers back; 77 even on a telephone without letters."""
    catalogue = shipped()
    welcome = write(catalogue, newcomer(), {"en": "hello", "es": "hola"}[language], channel)
    assert "SOS" in (welcome.reply or "")
    assert "SOS" in (write(catalogue, newcomer(), "??", channel).reply or "")
    for node in catalogue.answers:
        state = standing_at(catalogue, node, language, channel)
        for word in ("SOS", "sos", "77"):
            turn = write(catalogue, state, word, channel)
            assert (turn.node, turn.language) == ("emergency-numbers", language), (node, word)
            assert turn.danger == "", "asking for numbers is no confession"


@pytest.mark.parametrize("channel", Channel)
def test_r26_self_harm_gets_the_line_and_911_and_no_question(channel: Channel) -> None:
    """No "how", no "why", no "are you sure": a voice at once."""
    catalogue = shipped()
    for language in catalogue.languages:
        phrases = [
            sample
            for entry in catalogue.lexicon.patterns
            if (entry.node, entry.language, entry.tier) == ("self-harm", language, Tier.CERTAIN)
            for sample in entry.pattern.samples
        ]
        for phrase in phrases:
            turn = write(catalogue, person(language), phrase, channel)
            if turn.node != "self-harm":
                continue  # an idiom or a longer find has precedence: other tests
            told = turn.reply or ""
            assert "911" in told
            for line in help_lines_shown(catalogue, "self-harm", language, channel, {}):
                assert line in told.splitlines(), line
            assert "?" not in told, phrase
            assert turn.state.session.asking == ""


CHILDREN = {
    "en": ("i am 14 and i am alone here", "im 15 years old and scared", "i am 16 and alone in chetumal"),
    "es": ("tengo 14 años y estoy sola aqui", "tengo 15 años y tengo miedo", "tengo 16 años y ando solo"),
}


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", ["en", "es"])
def test_r27_a_child_gets_child_protection_and_is_asked_nothing(language: str, channel: Channel) -> None:
    """A child is never asked to describe anything, and nothing that names the child is kept."""
    catalogue = shipped()
    for text in CHILDREN[language]:
        turn = write(catalogue, newcomer(), text, channel)
        assert turn.node == "child-danger", text
        told = turn.reply or ""
        assert "911" in told
        assert "?" not in told
        for line in help_lines_shown(catalogue, "child", language, channel, {}):
            assert line in told.splitlines(), line
        nothing = {"en": "you do not have to tell me anything", "es": "no tienes que contarme nada"}[language]
        assert nothing in plain(told)
        session = turn.state.session
        assert (dict(session.slots), session.asking) == ({}, "")


@pytest.mark.parametrize("channel", Channel)
def test_r28_in_a_sensitive_chat_nothing_fails_without_the_help_numbers(channel: Channel) -> None:
    """A failed word, photo, voice note or action may be the last thing somebody sends: 911 is in every such reply."""
    catalogue = shipped()
    for language in catalogue.languages:
        for node, state in sensitive_places(catalogue, language, channel):
            unknown = WORDS_NOBODY_KNOWS[language]
            turns = [
                first := write(catalogue, state, unknown, channel),
                write(catalogue, first.state, unknown[::-1], channel),
                *(write(catalogue, state, "", channel, media=(media,)) for media in Media),
                write(catalogue, state, "", channel),
                write(catalogue, state, "44", channel),
            ]
            for turn in turns:
                assert "911" in (turn.reply or ""), (node, turn.outcome, turn.reply)


def test_r28_a_failed_action_comes_with_the_help_numbers() -> None:
    """The nearest office cannot be looked up: the numbers can."""
    catalogue = shipped()
    for language in catalogue.languages:
        state = go(catalogue, person(language, sensitive=True), "nearest-office").state
        message: Inbound = replace(inbound("Chetumal"), received_at=NOW)
        call = step(catalogue, state, message)
        assert isinstance(call, Call)
        turn = resume(catalogue, call, message, ActionResult(failed=True))
        assert "911" in (turn.reply or "")


def test_r28_without_a_store_the_unknown_is_answered_with_help() -> None:
    """When nothing is remembered nobody can know that the chat was sensitive: the way to help is always there."""
    catalogue = shipped()
    for language in catalogue.languages:
        for channel in Channel:
            turn = write(catalogue, newcomer(), WORDS_NOBODY_KNOWS[language], channel, stateless=True)
            assert re.search(r"911|SOS", turn.reply or ""), turn.reply


def test_r21_danger_pages_hold_no_question_at_all() -> None:
    """Whoever is in danger is told, and asked nothing."""
    catalogue = shipped()
    danger = {id_ for id_ in catalogue.answers if catalogue.is_danger(id_)}
    for text in written():
        if text.owner in danger:
            assert "?" not in text.text, text
