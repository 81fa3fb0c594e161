"""Safety requirements R07 to R13: language, plain words, access. Walked over the whole catalogue."""

from __future__ import annotations

import re
import unicodedata

import pytest

from bot.channels import PENS
from bot.folding import fold
from bot.inbound import Channel
from tests.conversation_world import shipped, standing_at
from tests.safety_world import (
    NOTHING,
    WORDS_NOBODY_KNOWS,
    everything,
    go,
    heard,
    newcomer,
    person,
    plain,
    sentences,
    whole,
    write,
)

OTHER = {"en": "es", "es": "en"}
SMALL_WORDS = {
    "en": {
        "i",
        "a",
        "the",
        "to",
        "is",
        "are",
        "do",
        "does",
        "my",
        "me",
        "you",
        "in",
        "of",
        "for",
        "how",
        "what",
        "when",
        "where",
        "who",
        "can",
        "it",
        "at",
        "on",
        "with",
        "from",
        "mi",
        "fi",
    },
    "es": {
        "el",
        "la",
        "los",
        "las",
        "de",
        "que",
        "como",
        "cuanto",
        "cuando",
        "donde",
        "quien",
        "me",
        "mi",
        "es",
        "en",
        "un",
        "una",
        "para",
        "por",
        "con",
        "si",
        "no",
        "puedo",
        "se",
    },
}
GREETING = {"en": "good evening", "es": "buenas tardes"}


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", ["en", "es"])
def test_r07_the_first_message_offers_the_other_language(language: str, channel: Channel) -> None:
    """A greeting copied from somebody else must not lock a person into a language they cannot read."""
    turn = write(shipped(), newcomer(), GREETING[language], channel)
    assert turn.reply is not None
    assert f"{OTHER[language].upper()}: " in turn.reply
    unsure = write(shipped(), newcomer(), "??", channel)
    assert set(unsure.state.session.offered) == {"language=en", "language=es"}


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", ["en", "es"])
def test_r07_one_word_changes_the_language_everywhere_and_it_lasts(language: str, channel: Channel) -> None:
    """From every node: the word, the same place in the new language, and the next number answered in it too."""
    catalogue = shipped()
    other = OTHER[language]
    names = {"en": ("EN", "english", "ingles"), "es": ("ES", "español", "spanish")}[other]
    for node in catalogue.answers:
        state = standing_at(catalogue, node, language, channel)
        for name in names:
            turn = write(catalogue, state, name, channel)
            assert turn.language == other, (node, name)
            assert turn.state.prefs.language == other, (node, name)
        offered = turn.state.session.offered
        if offered and not offered[0].startswith("language="):
            later = write(catalogue, turn.state, "1", channel)
            assert later.language == other, node
            assert later.state.prefs.language == other, node


MIXED_AFTER_ALL = 0.003
"""Examples whose small words are of one language and whose other words are of the other."""


def test_r08_a_sentence_is_answered_in_its_own_language() -> None:
    """Every example of what people ask that is a sentence, from somebody new and from somebody of the other language.

    Most of its small words are of one language. A string of names ("comar office quintana roo") is no sentence, and changes nothing.
    """
    catalogue = shipped()
    seen, wrong = 0, []
    for language in catalogue.languages:
        for node, answer in catalogue.answers.items():
            for example in answer.people_ask.get(language, ()):
                words = set(fold(example).split())
                own, foreign = (len(words & SMALL_WORDS[each]) for each in (language, OTHER[language]))
                if own < 3 or foreign:
                    continue  # no sentence, or one of both languages
                for state in (newcomer(), person(OTHER[language])):
                    turn = write(catalogue, state, example)
                    seen += 1
                    if turn.language not in (language, ""):
                        wrong.append((node, example))
    assert seen > 3000
    assert len(wrong) <= MIXED_AFTER_ALL * seen, wrong


def test_r08_a_mixed_message_follows_most_of_its_words() -> None:
    """People at this border mix both languages in one breath."""
    catalogue = shipped()
    for text, language in (
        ("hola i need to know how much is the visa for mexico please", "en"),
        ("hello necesito saber cuanto cuesta la visa para entrar a mexico", "es"),
        ("mi patron no me paga el salary de la semana pasada", "es"),
        ("my boss no pay me el sueldo of last week what can i do", "en"),
        ("kiero saver ke papeles nesesito para trabajar en belise", "es"),
        ("wat paypaz i need fi wrok eena mexico please", "en"),
    ):
        for state in (newcomer(), person(OTHER[language])):
            assert write(catalogue, state, text).language == language, text


def test_r08_no_reply_is_in_the_wrong_language() -> None:
    """What we say in one language holds no paragraph of the other: the words of every reply speak for its language."""
    catalogue = shipped()
    for one in heard():
        evidence = catalogue.language_guess.evidence(one.text)
        assert max(evidence, key=lambda language: evidence[language]) == one.language, one.where


MAX_WORDS = 15
LEGAL_TERMS = (
    r"fiscal[ií]a|procuradur[ií]a|ministerio p[uú]blico|amparo|querella|carpeta de investigaci|medida cautelar"
    r"|orden de protecci|perito|denunciante|jurisdic|tutela|custodia"
    r"|prosecutor|injunction|affidavit|custody order|restraining|protection order|jurisdiction|plaintiff|habeas"
    r"|non-refoulement|guardianship"
)
"""Words of courts and offices. In an urgent answer none may stand without saying in the same line what it is."""


def test_r09_in_urgent_answers_every_sentence_is_short() -> None:
    """Somebody in danger reads three lines at most, with shaking hands."""
    catalogue = shipped()
    for one in heard():
        if not catalogue.is_danger(one.turn.node):
            continue
        for sentence in sentences(one.text):
            if re.search(r"\d{3}", sentence):
                continue  # a telephone line: a name and numbers
            words = re.findall(r"[\w'’]+", sentence)
            assert len(words) <= MAX_WORDS, (one.where, sentence)


def test_r09_no_legal_term_stands_unexplained_in_an_urgent_answer() -> None:
    """A word that nobody knows is a closed door."""
    catalogue = shipped()
    for one in heard():
        if catalogue.is_danger(one.turn.node):
            for line in one.text.splitlines():
                found = re.search(LEGAL_TERMS, line, re.IGNORECASE)
                assert not found or "(" in line, (one.where, line)


@pytest.mark.parametrize("channel", Channel)
def test_r10_help_numbers_are_one_step_away_from_everywhere(channel: Channel) -> None:
    """A person may have one minute alone: two steps are allowed, one is enough, and questions do not stand in the way."""
    catalogue = shipped()
    for one in everything(catalogue, [NOTHING], consent=None, channels=[channel]):
        turn = write(catalogue, one.turn.state, "SOS", channel)
        assert turn.node == "emergency-numbers", one.where
        assert turn.reply is not None
        assert "911" in turn.reply
    for state in (newcomer(), write(catalogue, newcomer(), "??", channel).state):
        turn = write(catalogue, state, "sos", channel)
        assert turn.reply is not None
        assert "911" in turn.reply


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", ["en", "es"])
def test_r10_by_numbers_alone_help_is_two_steps_from_the_main_menu(language: str, channel: Channel) -> None:
    """Who never read the word SOS taps twice."""
    catalogue = shipped()
    menu = write(catalogue, person(language), "MENU", channel)
    danger = write(catalogue, menu.state, str(menu.state.session.offered.index("danger") + 1), channel)
    assert "emergency-numbers" in danger.state.session.offered
    number = danger.state.session.offered.index("emergency-numbers") + 1
    assert "911" in (write(catalogue, danger.state, str(number), channel).reply or "")


@pytest.mark.parametrize("channel", Channel)
def test_r11_whatever_is_offered_can_be_had_by_number_and_by_its_printed_words(channel: Channel) -> None:
    """No button, picture, link or map is ever needed: not on an old telephone, not with a screen reader."""
    catalogue = shipped()
    pen = PENS[channel]
    for one in everything(catalogue, [NOTHING], consent=None, channels=[channel]):
        session = one.turn.state.session
        for number, option in enumerate(session.offered, start=1):
            label = catalogue.label(option, one.language)
            assert pen.choice(number, label) in one.text.splitlines(), (one.where, label)
            tapped = go(catalogue, one.turn.state, option, channel)
            for typed in (str(number), f"{number}.", pen.plain(label), label.upper()):
                turn = write(catalogue, one.turn.state, typed, channel)
                assert (turn.node, turn.reply) == (tapped.node, tapped.reply), (one.where, typed)


def test_r11_every_question_can_be_answered_in_words() -> None:
    """A place can be written instead of shared, a country instead of chosen."""
    catalogue = shipped()
    asked = go(catalogue, person("es"), "nearest-office")
    assert write(catalogue, asked.state, "estoy en Bacalar").node == "nearest-office"
    asked = go(catalogue, person("en"), "enter-mexico-guide")
    assert write(catalogue, asked.state, "i am from Jamaica").outcome == "answered"
    for question in catalogue.questions.values():
        assert question.kind == "place" or question.options or question.slot == "language"


def test_r11_no_answer_consists_of_a_link() -> None:
    """A link may help who can open it; what it leads to is said in words as well."""
    for one in heard():
        bare = re.sub(r"https?://\S+", "", one.text)
        assert len(fold(bare).split()) >= 4, one.where


ALLOWED_MARKS = set(" \n*-.,:;?!()/'\"$+%&")


def test_r12_replies_can_be_read_aloud() -> None:
    """A screen reader speaks letters, digits and plain marks: no emoji, arrows, boxes, tables or bare abbreviations."""
    for one in heard():
        for char in one.text:
            known = char.isalnum() or char in ALLOWED_MARKS or char in "¿¡_#@="
            assert known, (one.where, char, unicodedata.name(char, "?"))
        assert not re.search(r"\d\s?(k|mm|x)\b", one.text), one.where
        assert "\t" not in one.text, one.where
        assert not re.search(r"[^\s]   +[^\s]", one.text), (one.where, "columns made of spaces")


def test_r12_choices_say_what_they_are() -> None:
    """Each choice is read with its number and a name; no two in one list sound alike."""
    catalogue = shipped()
    for one in heard():
        labels = [fold(catalogue.label(option, one.language)) for option in one.turn.state.session.offered]
        assert all(labels), one.where
        assert len(set(labels)) == len(labels), one.where


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("language", ["en", "es"])
def test_r13_a_second_way_is_named_for_who_cannot_read_or_shares_a_phone(language: str, channel: Channel) -> None:
    """Asking by telephone and face to face, with a number that can be called."""
    catalogue = shipped()
    for unconfirmed in (True, False):
        told, _ = whole(
            shipped(show_unconfirmed=unconfirmed),
            go(shipped(show_unconfirmed=unconfirmed), person(language), "advisor", channel),
            channel,
        )
        face = {"en": "face to face", "es": "cara a cara"}[language]
        by_phone = {"en": "by phone", "es": "por telefono"}[language]
        assert face in plain(told)
        assert by_phone in plain(told)
        assert re.search(r"\d{3}[ -]\d{3}[ -]\d{4}|\d{3}-\d{4}", told)
    who, _ = whole(catalogue, go(catalogue, person(language), "who-are-you", channel), channel)
    assert face in plain(who)


def test_r13_a_voice_note_is_told_another_way_at_once() -> None:
    """Who sends their voice perhaps cannot write: the help word comes with the answer."""
    catalogue = shipped()
    for language in catalogue.languages:
        assert "SOS" in catalogue.phrase("cannot_read_voice", language)


def test_r08_words_nobody_knows_are_answered_in_the_language_of_the_chat() -> None:
    """What decides nothing changes nothing."""
    for language in ("en", "es"):
        turn = write(shipped(), person(language), WORDS_NOBODY_KNOWS[language].split()[0])
        assert turn.language == language
