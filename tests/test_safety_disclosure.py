"""Safety requirements R29 to R36: what the service asks and says when somebody tells what happened.

Scans of every text in the files, and walks of everything that can be shown.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.catalogue import RATHER_NOT, Catalogue, option_id
from bot.inbound import Channel
from bot.turn import Turn
from tests.conversation_world import shipped
from tests.safety_world import (
    Slots,
    everything,
    found_in,
    go,
    heard,
    person,
    plain,
    whole,
    write,
    written,
)

QUESTIONS = Path(__file__).parent / "safety"
_QUESTION = re.compile(r"[^.?!:\n]*\?")


def questions_asked(language: str) -> set[str]:
    """Every question that stands in a text of the service, labels and headings included."""
    return {
        found.strip(" *-¿") for text in written() if text.language == language for found in _QUESTION.findall(text.text)
    }


@pytest.mark.parametrize("language", ["en", "es"])
def test_r29_the_service_asks_only_reviewed_questions(language: str) -> None:
    """A new question mark anywhere fails here until somebody has read it and added it to the list.

    Ask of each: could it be heard as "what happened to you, who did it, by which way, with which papers?"
    """
    reviewed = set((QUESTIONS / f"questions_{language}.txt").read_text(encoding="utf-8").splitlines())
    asked = questions_asked(language)
    assert asked - reviewed == set(), "not reviewed"
    assert reviewed - asked == set(), "no longer asked: take it out"


PRYING = {
    "en": r"what happened|who (did|hurt|brought|has|is he|is she)|did (he|she|they|someone)|were you|have you been|why (did|do)"
    r"|your name|which way did|how did you (come|cross|get)|(your|a|which) smuggler|which papers do you|who are they|describe|tell me (more|what|about)"
    r"|how old are you|address\?|how much did you pay",
    "es": r"qu[eé] (te )?(pas|suced|ocurr|hicieron)|qui[eé]n (te|fue|lo|la|es)|te (hicieron|golpe|toc|viol)|por qu[eé]"
    r"|c[oó]mo te llamas|tu nombre|por d[oó]nde (cruz|entr|pas|vin)|(tu|un|qu[eé]) coyote|c[oó]mo (llegaste|cruzaste|entraste)"
    r"|qu[eé] papeles tienes|cu[eé]nta(me|nos)|describe|qu[eé] edad|cu[aá]ntos a[nñ]os tienes|cu[aá]nto pagaste",
}


@pytest.mark.parametrize("language", ["en", "es"])
def test_r29_no_question_asks_for_what_happened(language: str) -> None:
    """Violence, names, routes and papers: telling them can harm, and nothing here needs them."""
    for question in questions_asked(language):
        assert not re.search(PRYING[language], question, re.IGNORECASE), question
    asking = {
        "en": r"\b(tell|write|send) (me|us) (what|who|how|your|more)",
        "es": r"\b(cu[eé]nta|escr[ií]be|manda)(nos|me)\b",
    }
    assert found_in(written(), asking[language], language=language) == []


def test_r30_every_question_can_be_declined_and_needs_one_word() -> None:
    """Each is a short list with "rather not say" at its end, or a place that can be left unsaid."""
    catalogue = shipped()
    for language in catalogue.languages:
        for question in catalogue.questions.values():
            assert question.text[language].count("?") == 1, question.slot
            node = next((node for node in catalogue.nodes.values() if question.slot in node.ask), None)
            if node is None or question.slot == "language":
                continue
            asked = go(catalogue, person(language), node.id)
            assert asked.state.session.asking == question.slot
            if question.kind == "place":
                assert "0" in asked.state.session.printed, "the menu is one digit away"
                continue
            offered = asked.state.session.offered
            assert offered[-1] == option_id(question.slot, RATHER_NOT)
            assert len(offered) <= 8
            declined = go(catalogue, asked.state, offered[-1])
            assert declined.outcome in ("answered", "asked"), question.slot
            assert declined.state.session.asking != question.slot


LABELLING = {
    "en": r"you (are|were|may be|might be|could be)( not)?( probably| likely)? (a |the )?(victim|survivor|slave|illegal|criminal)"
    r"|you should have|why did(n't)? you|are you sure|\bprove (it|that)|if (it is|that is) true|\brisk (level|score)|illegals?\b",
    "es": r"(no )?(eres|fuiste|ser[ií]as|podr[ií]as ser)( una| un)? (v[ií]ctima|sobreviviente|esclav|ilegal|criminal)"
    r"|deb[ií]as? haber|debiste|por qu[eé] (no )?(te|lo|hiciste|fuiste)|est[aá]s seguro de|compru[eé]balo|si (es|fuera) verdad"
    r"|nivel de riesgo|ilegales",
}


@pytest.mark.parametrize("language", ["en", "es"])
def test_r31_nobody_is_doubted_blamed_scored_or_labelled(language: str) -> None:
    """People decide themselves what to call what was done to them."""
    assert found_in(written(), LABELLING[language], language=language) == []
    fault = {"en": r"\bfault\b", "es": r"\bculpa\b"}[language]
    for owner, sentence in found_in(written(), fault, language=language):
        assert re.search(r"\b(not|never|no|nunca)\b", sentence, re.IGNORECASE), (owner, sentence)


PROMISING = {
    "en": r"promis|guarantee|rescue|secret|confidential|we('ll| will)|you will (get|be|have|receive)|keep you safe|protect you"
    r"|safe place|shelter for you|nobody will (know|find)|always be|for sure|\b(come|get|have) (it )?soon\b",
    "es": r"promet|promes|garantiz|garant[ií]a|rescat|secret|confidencial|\bte (vamos|daremos|ayudaremos|protegeremos|sacaremos)\b"
    r"|(recibir|tendr|estar|ser)[aá]s |te protege|lugar seguro|a salvo|nadie (sabr|se va a ent)|seguro que|muy pronto",
}
DENIED = re.compile(r"\b(no|not|nobody|cannot|never|nadie|nunca|tampoco|without|sin)\b|n't\b", re.IGNORECASE)
NO_PROMISE = {
    ("work-rights-mexico", "seguro"): "what the law asks of a place of work",
    ("asylum-mexico-wait", "protege"): "what a paper does, not what we do",
    ("asylum-mexico-wait", "protects you"): "what a paper does, not what we do",
    ("phrase opted_out", "recibirás"): "that no more messages come",
    ("phrase opted_out", "will get"): "that no more messages come",
    ("phrase too_fast", "will wait"): "what the program does in this minute",
}
"""Sentences that sound like a promise and are none: by whose they are, the word in them, and why."""


@pytest.mark.parametrize("language", ["en", "es"])
def test_r32_nothing_is_promised(language: str) -> None:
    """No rescue, shelter, papers, date or secrecy: a promise that breaks costs more than no answer."""
    for owner, sentence in found_in(written(), PROMISING[language], language=language):
        known = any(owner == of and word in sentence for of, word in NO_PROMISE)
        assert known or DENIED.search(sentence), (owner, sentence)
    exceptions = {of for of, _ in NO_PROMISE}
    assert exceptions <= {text.owner for text in written()}, "an exception for a page that is gone"


def _topic(catalogue: Catalogue, *topics: str) -> list[str]:
    return [id_ for id_, answer in catalogue.answers.items() if answer.topic in topics]


OBLIGED = {
    "en": r"\byou (must|have to|need to|are obliged|should)\b",
    "es": r"\b(debes|tienes que|est[aá]s obligad|deber[ií]as|hay que)\b",
}


@pytest.mark.parametrize("language", ["en", "es"])
def test_r33_what_to_do_is_always_the_persons_choice(language: str) -> None:
    """In danger and about trafficking nothing is an order; doing nothing now is said to be a choice too."""
    catalogue = shipped()
    nodes = set(_topic(catalogue, "danger-help", "trafficking"))
    texts = [text for text in written() if text.owner in nodes]
    for owner, sentence in found_in(texts, OBLIGED[language], language=language):
        assert DENIED.search(sentence), (owner, sentence)
    choice = {"en": r"you decide|your choice|you choose", "es": r"t[uú] decides|tu decisi[oó]n|t[uú] eliges"}[language]
    for node in (
        "danger-now",
        "violence-help",
        "smuggler-danger",
        "report-trafficking",
        "trafficking-signs",
        "complaint",
    ):
        for channel in Channel:
            told, _ = whole(catalogue, go(catalogue, person(language, sensitive=True), node, channel), channel)
            assert re.search(choice, told, re.IGNORECASE), (node, channel)
    later = {"en": r"come back later|report later|write later|now or later", "es": r"volver despu[eé]s|despu[eé]s"}[
        language
    ]
    for channel in Channel:
        told, _ = whole(
            catalogue, go(catalogue, person(language, sensitive=True), "report-trafficking", channel), channel
        )
        assert re.search(later, told, re.IGNORECASE)
    told, _ = whole(catalogue, go(catalogue, person(language), "danger-now"), Channel.WHATSAPP)
    assert {"en": "do nothing now and come back later", "es": "no hacer nada ahora y volver despues"}[
        language
    ] in plain(told)


CONFRONTING = {
    "en": r"\b(confront|face (him|her|them|the person)|follow (him|her|them|the (man|men|woman|person|car))|trick (him|her|them)|record (him|her|them)"
    r"|film |take photos|rescue|run away|escape|sneak|hide (a|some|money|clothes)|pack )\b",
    "es": r"\b(enfr[eé]nt\w*|persigue|s[ií]guel[oae]s?|sigue a|eng[aá]ñal\w*|gr[aá]bal\w*|toma fotos|rescat\w*|escapa\w*|huye|huir"
    r"|esc[aá]pate|escond[eé]\w*|prepara una maleta)\b",
}


@pytest.mark.parametrize("language", ["en", "es"])
def test_r34_nobody_is_advised_to_confront_follow_or_flee(language: str) -> None:
    """Such advice from a text that does not know the place has killed people. What others demand is told as theirs."""
    theirs = re.compile(r"^(they tell you|te dicen)", re.IGNORECASE)
    for owner, sentence in found_in(written(), CONFRONTING[language], language=language):
        assert DENIED.search(sentence) or theirs.search(sentence), (owner, sentence)
    told, _ = whole(shipped(), go(shipped(), person(language), "help-someone-else"), Channel.WHATSAPP)
    assert {"en": "do not face the person", "es": "no enfrentes a quien"}[language] in plain(told)


REPORTING_ORDERED = {
    "en": r"(must|have to|should|need to|please) (report|tell the police|call the police|go to (the )?police|go to immigration)"
    r"|^report (it|this|him|them)|^go to the police|^tell the police",
    "es": r"(debes|tienes que|deber[ií]as|hay que|por favor) (denunciar|avisar a la polic|ir a la polic|llamar a la polic|ir a migraci)"
    r"|^denuncia\b(?! )|^ve a la polic|^acude a la polic|^avisa a la polic",
}


@pytest.mark.parametrize("language", ["en", "es"])
def test_r35_reporting_is_one_choice_with_its_consequences(language: str) -> None:
    """Never the default, never the only one; where it is explained, so is what may follow."""
    catalogue = shipped()
    assert found_in(written(), REPORTING_ORDERED[language], language=language) == []
    for channel in Channel:
        told, _ = whole(
            catalogue, go(catalogue, person(language, sensitive=True), "report-trafficking", channel), channel
        )
        for wanted in {
            "en": ("the risk", "inm", "not report", "get help first", "nobody can promise", "lawyer"),
            "es": ("el riesgo", "inm", "no denunciar", "pedir ayuda primero", "nadie puede prometer", "abogado"),
        }[language]:
            assert wanted in plain(told), (channel, wanted)
    for node in catalogue.nodes.values():
        if "report-trafficking" in (*node.menu, *node.next):
            assert len((*node.menu, *node.next)) > 1, node.id
            assert node.menu[:1] + node.next[:1] != ("report-trafficking",), (node.id, "is not the first choice")


def test_r35_danger_answers_name_no_office_of_immigration() -> None:
    """Fear of being sent back keeps people silent: in danger nobody is pointed to INM or Immigration."""
    catalogue = shipped()
    migration = {
        line.number.get(side)
        for line in catalogue.lines.values()
        if "migration" in line.kinds
        for side in ("mexico", "belize")
    }
    for one in heard():
        if catalogue.is_danger(one.turn.node):
            assert not any(number and number in one.text for number in migration), one.where


AFRAID: tuple[Slots, ...] = tuple(
    {"fears-government": "yes", **more}
    for more in (
        {},
        {"nationality": "-"},
        {"nationality": "bz"},
        {"nationality": "mx"},
        {"nationality": "sv"},
        {"nationality": "gt", "country": "mexico"},
        {"nationality": "hn", "country": "belize"},
        {"nationality": "cu"},
    )
)
CONSULATES = ("consulate-of-belize", "consulate-of-mexico", "other-consulates")
CONSULAR = re.compile(r"c[oó]nsul(?!t)|embass|embajad", re.IGNORECASE)
REVIEWED_MENTIONS = {
    "asylum-mexico": "that no consulate need be contacted",
    "detained-mexico": "when the consulate is not told",
    "child-alone-belize": "whom officials call, and to tell them of the fear",
    "car-into-mexico": "what an official has said; nothing is offered",
    "mexico-fee-boat": "what an official has said; nothing is offered",
    "scam-gestor": "what an official has said; nothing is offered",
    "enter-mexico-no-passport": "what an official has said; nothing is offered",
    "enter-mexico-other-visa": "what an official has said; nothing is offered",
}
VISA_PAGES = {
    "mx": ("enter-mexico-visa", "enter-mexico-no-visa", "mexico-visa-apply", "job-offer-visa"),
    "bz": ("enter-belize-visa", "belize-visa-apply", "enter-belize-mexican"),
}
"""Pages for people of other countries, who ask that country for its visa. Its own people never see them when afraid."""


@pytest.mark.parametrize("production", [False, True], ids=["development", "production"])
def test_r36_who_fears_their_government_is_never_shown_its_consulate(production: bool) -> None:
    """No name, telephone, label or page of a consulate, whatever else they have said: someone there may tell.

    Every mention that is left is reviewed: it offers nothing, or another country's visa to somebody not of it.
    """
    catalogue = shipped(show_unconfirmed=not production)
    visa_pages = {page for pages_ in VISA_PAGES.values() for page in pages_}
    for one in everything(catalogue, AFRAID):
        offered = one.turn.state.session.offered
        assert not set(offered) & {*CONSULATES, "iom-return"}, one.where
        assert one.turn.node not in (*CONSULATES, "iom-return"), one.where
        nationality = one.slots.get("nationality", "")
        assert one.turn.node not in VISA_PAGES.get(nationality, ()), one.where
        if one.turn.node in REVIEWED_MENTIONS or one.turn.node in visa_pages:
            continue
        assert not CONSULAR.search(one.text), one.where


def test_r36_telephones_of_consulates_stand_only_where_a_visa_is_explained() -> None:
    """A number is enough to find an office by."""
    catalogue = shipped()
    numbers = {
        re.sub(r"\D", "", number)[-8:]
        for numbers in (
            *(place.phones for place in catalogue.places.values() if {"consulate", "embassy"} & set(place.kinds)),
            *(tuple(line.number.values()) for line in catalogue.lines.values() if "consulate" in line.kinds),
        )
        for number in numbers
    }
    assert len(numbers) > 3
    for one in everything(catalogue, AFRAID):
        digits = re.sub(r"[\s().+-]", "", one.text)
        if one.turn.node not in VISA_PAGES["bz"]:
            assert not any(number in digits for number in numbers), one.where


@pytest.mark.parametrize("language", ["en", "es"])
def test_r36_asking_for_a_consulate_by_name_leads_to_asylum(language: str) -> None:
    """Who asks for the consulate and says that they are afraid is told of asylum instead; so is who asks again."""
    catalogue = shipped()
    for slots in AFRAID:
        state = person(language, slots)
        for node in CONSULATES:
            answer = catalogue.answers[node]
            for text in (
                answer.label[language],
                *answer.people_ask.get(language, ()),
                *answer.synonyms.get(language, ()),
            ):
                turn = write(catalogue, state, text)
                assert turn.node not in CONSULATES, text
                assert not set(turn.state.session.offered) & set(CONSULATES), text
    for node in CONSULATES:
        asked = go(catalogue, person(language), node)
        assert asked.state.session.asking == "fears-government"
        turn = go(catalogue, asked.state, "fears-government=yes")
        assert turn.node in ("asylum-mexico", "asylum-belize")
        back = write(catalogue, turn.state, "BACK")
        assert back.node not in CONSULATES or back.state.session.asking == "fears-government"


def test_r36_no_consulate_is_near() -> None:
    """The nearest office is never a consulate, from any town, for somebody who is afraid."""
    catalogue = shipped()
    for language in catalogue.languages:
        for town in catalogue.towns.values():
            asked = go(catalogue, person(language, AFRAID[0]), "nearest-office")
            assert asked.state.session.asking == "town"
            turn = write(catalogue, asked.state, town.name[language])
            assert isinstance(turn, Turn)
            assert not CONSULAR.search(turn.reply or ""), town.id
