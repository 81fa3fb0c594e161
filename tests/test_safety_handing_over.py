"""Safety requirements R37 to R44: handing over to a person.

What is shown, said and kept around an advisor is looked at here from the person's side; that a ticket in the store holds
no more than that is proven in the tests of the desk.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from bot import desk_turns, handoff
from bot.actions.desk_words import REACH
from bot.catalogue import HAND_OVER, MAIN
from bot.desk import NO_DESK, Desk, promised_at
from bot.inbound import Channel
from bot.session import Owner, dump
from tests.conversation_world import shipped
from tests.desk_world import ASK, CLOSED, NO, OPEN, STAFFED, YES, Phone, effect, effects, phones, with_hub
from tests.safety_world import NOTHING, everything, go, heard, person, plain, whole, write, written
from webhook.observe import Metrics
from webhook.store.lifetimes import CLOSED_TICKET_TTL_S, DANGER_TICKET_TTL_S

EVERYBODY = [
    pytest.param(language, channel, id=f"{language}-{channel}") for language in ("en", "es") for channel in Channel
]


def test_r37_no_page_hands_anything_over() -> None:
    """Whatever somebody taps: no ticket, no effect, and the bot stays the one who answers."""
    for one in heard():
        session = one.turn.state.session
        assert (one.turn.effects, session.owner, session.ticket) == ((), Owner.BOT, ""), one.where


@pytest.mark.parametrize(("language", "channel"), EVERYBODY)
def test_r37_the_page_says_everything_that_a_ticket_will_hold(language: str, channel: Channel) -> None:
    """Each field of the ticket has its words on the page before the yes, and so has how long it is kept."""
    phone = Phone(with_hub(), language, channel)
    phone.write("menu")
    phone.write("4")
    shown = plain(phone.write(ASK[language]).reply or "")
    words = {
        "en": [
            "code",
            "language",
            channel.value,
            "topic",
            "work",
            "read",
            "danger",
            "talk",
            "number",
            "cannot answer",
            "30 days",
            "1 hour",
            "delete",
        ],
        "es": [
            "codigo",
            "idioma",
            channel.value,
            "tema",
            "trabajo",
            "lei",
            "peligro",
            "platica",
            "numero",
            "contest",
            "30 dias",
            "1 hora",
            "borrar",
        ],
    }[language]
    assert [word for word in words if word not in shown] == []
    fields = effect(phone.write(YES[language]), handoff.OPENED).fields
    assert set(fields) == {"ticket", "language", "topic", "danger", "path", "promised_s"}
    assert (CLOSED_TICKET_TTL_S, DANGER_TICKET_TTL_S) == (30 * 24 * 3600, 3600), "or the page says something else"


@pytest.mark.parametrize(("language", "channel"), EVERYBODY)
def test_r37_a_yes_counts_only_below_the_page(language: str, channel: Channel) -> None:
    """An old button, a "yes" to something else, or one after the page has gone: the page comes again, or nothing opens."""
    phone = Phone(with_hub(), language, channel)
    page = phone.write(ASK[language])
    assert phone.would("", tapped="hand-over=yes").state.session.owner is Owner.QUEUE
    phone.write("menu")
    for text in ("", YES[language]):
        turn = phone.would(text, tapped="hand-over=yes")
        assert turn.state.session.owner is Owner.BOT
        assert turn.state.session.offered == page.state.session.offered, "the page is shown again"
        assert effects(turn) == []
    assert effects(phone.would(YES[language])) == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_r37_nobody_is_asked_to_agree_in_a_language_that_they_may_not_read(language: str) -> None:
    """Whose language is not known yet chooses it first, and then sees in it what will be shared."""
    phone = Phone(with_hub(), "", Channel.WHATSAPP)
    offered = phone.write("77").state.session.offered
    asked = phone.write(str(offered.index("advisor") + 1))
    for each in phone.catalogue.languages:
        assert phone.catalogue.phrase("language_first", each) in (asked.reply or "")
    assert asked.state.session.asking == ""
    page = phone.write(language.upper())
    assert (page.language, page.state.session.asking) == (language, HAND_OVER)


@pytest.mark.parametrize(("language", "channel"), EVERYBODY)
def test_r37_what_is_written_before_the_yes_goes_nowhere(language: str, channel: Channel) -> None:
    """Somebody pours out their story at the question: nothing of it is passed on, and they are told so."""
    phone = Phone(with_hub(), language, channel)
    phone.write(ASK[language])
    turn = phone.write("zzyzx qwrtpl gargamel wubwub")
    assert effects(turn) == []
    assert {"en": "passed nothing on", "es": "no le he pasado nada"}[language] in plain(turn.reply or "")
    assert phone.write(YES[language]).state.session.owner is Owner.QUEUE


@pytest.mark.parametrize(("language", "channel"), EVERYBODY)
def test_r38_no_leaves_no_record_and_closes_nothing(language: str, channel: Channel) -> None:
    """After a no the state is that of somebody who never asked, and they stand where they stood."""
    phone = Phone(with_hub(), language, channel)
    phone.write("menu")
    before = phone.write("4")
    phone.write(ASK[language])
    turn = phone.write(NO[language])
    assert (turn.node, turn.effects) == (before.node, ())
    for name in ("node", "asking", "offered", "printed", "path", "slots", "owner", "ticket", "sensitive", "misses"):
        assert getattr(turn.state.session, name) == getattr(before.state.session, name), name
    assert turn.state.prefs == before.state.prefs


def test_r38_an_advisor_is_never_the_only_way_on() -> None:
    """Where an advisor is offered, there is something else to choose, or the menu."""
    for one in everything(shipped(), [NOTHING]):
        session = one.turn.state.session
        if "advisor" in session.offered:
            assert len(session.offered) > 1 or "0" in session.printed, one.where


@pytest.mark.parametrize(("language", "channel"), EVERYBODY)
def test_r39_hours_and_wait_come_before_anything_is_asked(language: str, channel: Channel) -> None:
    """Who waits must know for how long; where nobody can know it, that is what is said."""
    told = plain(Phone(with_hub(), language, channel, desk=Desk(3, 1, 1)).write(ASK[language]).reply or "")
    assert "17 00" in told
    assert {"en": "chetumal time", "es": "hora de chetumal"}[language] in told
    assert {"en": "40 minutes", "es": "40 minutos"}[language] in told
    told = plain(Phone(with_hub(), language, channel, desk=Desk(9, 2, 2)).write(ASK[language]).reply or "")
    assert {"en": "9 people", "es": "9 personas"}[language] in told
    told = plain(Phone(with_hub(), language, channel, desk=Desk()).write(ASK[language]).reply or "")
    assert {"en": "nobody can say how long", "es": "no se sabe cuanto"}[language] in told


@pytest.mark.parametrize(("language", "channel"), EVERYBODY)
def test_r39_out_of_hours_it_says_so_and_gives_the_lines_that_answer(language: str, channel: Channel) -> None:
    """At night the truth, 911 of both countries, and the request is queued all the same if it is wanted."""
    phone = Phone(with_hub(), language, channel, desk=Desk(), at=CLOSED)
    told = plain(phone.write(ASK[language]).reply or "")
    assert {"en": "no advisors now", "es": "ahora no hay asesores"}[language] in told
    assert told.count("911") >= 2
    assert {"en": "monday", "es": "lunes"}[language] in told
    assert phone.write(YES[language]).state.session.owner is Owner.QUEUE


@pytest.mark.parametrize(("language", "channel"), EVERYBODY)
def test_r39_without_a_desk_the_page_says_who_answers_instead(language: str, channel: Channel) -> None:
    """No confirmed hours, or no queue: waiting for somebody who will not come is worse than no offer."""
    for phone in (
        Phone(shipped(show_unconfirmed=False), language, channel),
        Phone(with_hub(), language, channel, desk=NO_DESK),
    ):
        turn = phone.write(ASK[language])
        told, _ = whole(phone.catalogue, turn, channel)
        assert {"en": "no person answers here", "es": "aqui no contesta una persona"}[language] in plain(told)
        assert "911" in told
        assert not any(option.startswith("hand-over") for option in turn.state.session.offered)
        assert effects(phone.write(YES[language])) == []


def test_r39_without_the_store_nothing_is_promised() -> None:
    """Nothing can be handed over that nobody remembers: said so, with what there is."""
    for language in ("en", "es"):
        state = person(language)
        turn = write(with_hub(), state, ASK[language], stateless=True)
        assert {"en": "not possible right now", "es": "no se puede en este momento"}[language] in plain(
            turn.reply or ""
        )
        assert turn.effects == ()


@pytest.mark.parametrize(("language", "channel"), EVERYBODY)
def test_r40_the_promise_is_one_that_the_program_keeps(language: str, channel: Channel) -> None:
    """The only thing that is promised is to be told; on WhatsApp not even that where no message may be sent by then."""
    for at, desk in ((OPEN, STAFFED), (OPEN, Desk(30, 2, 2)), (CLOSED, Desk()), (CLOSED + timedelta(days=2), Desk())):
        phone = Phone(with_hub(), language, channel, desk=desk, at=at)
        phone.write(ASK[language])
        asked_at = phone.at
        turn = phone.write(YES[language])
        hours = phone.catalogue.desk_hours
        assert hours is not None
        promised = promised_at(hours, desk, asked_at)
        assert promised is not None
        assert effect(turn, handoff.OPENED).fields["promised_s"] == str(int(promised.timestamp()))
        told = plain(turn.reply or "")
        if channel is Channel.WHATSAPP and promised - asked_at > REACH:
            assert {"en": "write here again", "es": "escribe aqui otra vez"}[language] in told
        else:
            assert {"en": "i will tell you", "es": "te aviso"}[language] in told


@pytest.mark.parametrize(("language", "channel"), EVERYBODY)
@pytest.mark.parametrize(
    "event", [desk_turns.not_taken, desk_turns.advisor_silent, desk_turns.put_back], ids=lambda event: event.__name__
)
def test_r40_who_waits_in_vain_is_told_with_other_ways(
    language: str, channel: Channel, event: desk_turns.DeskTurn
) -> None:
    """Nobody came, or who came has gone: said so, still in line, with numbers and places that need no advisor."""
    phone = Phone(with_hub(), language, channel)
    phone.wait()
    turn = event(phone.catalogue, phone.state, channel, phone.at + timedelta(minutes=20))
    assert turn.state.session.owner is Owner.QUEUE
    assert turn.state.session.ticket == phone.state.session.ticket
    assert turn.reply is not None
    assert "911" in turn.reply
    assert {"emergency-numbers", "nearest-office", "waiting=stop"} <= set(turn.state.session.offered)
    assert not re.search(r"trafficking|trata|abus|polic|violen", plain(turn.reply)), "neutral words (R17)"


def test_r40_no_text_lets_somebody_wait_for_an_answer() -> None:
    """No text says that an advisor will write, call or answer within a time: nobody can promise that (R32)."""
    waiting = {
        "en": r"(advisor|someone|somebody|person|we) (will|can) (write|call|answer|contact|reply)( to)? (you )?(here|back|soon|within)",
        "es": r"(asesora?|alguien|persona) (te )?(escribir[aá]|llamar[aá]|contestar[aá]|contactar[aá])|en breve|te contestamos",
    }
    for text in written():
        assert not re.search(waiting[text.language], text.text, re.IGNORECASE), text


@pytest.mark.parametrize("choice", ["yes", "steps"])
def test_r41_the_way_through_the_menu_goes_along_only_if_chosen(choice: str) -> None:
    """No transcript, and no path unless it was ticked; then the ids of pages and nothing else."""
    for phone in phones(with_hub()):
        phone.write("menu")
        phone.write("4")
        phone.write(ASK[phone.language])
        fields = effect(phone.write("", tapped=f"hand-over={choice}"), handoff.OPENED).fields
        assert fields["path"] == ("work" if choice == "steps" else "")
        assert fields["topic"] == "work"


def test_r41_safe_time_and_check_word_are_in_the_ticket_alone() -> None:
    """The session holds neither, and no reply repeats the word."""
    for phone in phones(with_hub()):
        phone.wait()
        phone.write("", tapped="waiting=check-word")
        turn = phone.write("zanahoria")
        assert effect(turn, handoff.CHECK_WORD).fields["text"] == "zanahoria"
        assert "zanahoria" not in (turn.reply or "") + dump(turn.state.session, phone.catalogue.codes)
        phone.write("", tapped="waiting=safe-time")
        turn = phone.write("4")
        assert effect(turn, handoff.SAFE_TIME).fields["value"] == "after-i-write"
        assert "safe-time" not in turn.state.session.slots


@pytest.mark.parametrize(("language", "channel"), EVERYBODY)
def test_r42_an_advisors_words_are_marked_as_from_a_person(language: str, channel: Channel) -> None:
    """Who reads must know on every message that a person wrote it; on SMS in the cheap alphabet."""
    told = desk_turns.advisor_says(with_hub(), language, channel, "  ¿Cómo está? {text} Número 5 ")
    words = {Channel.SMS: "¿Como esta? {text} Numero 5", Channel.WHATSAPP: "¿Cómo está? {text} Número 5"}[channel]
    assert told == {"en": "Advisor: ", "es": "Asesor/a: "}[language] + words


@pytest.mark.parametrize(("language", "channel"), EVERYBODY)
def test_r42_the_bot_is_quiet_until_the_advisor_ends(language: str, channel: Channel) -> None:
    """Questions it could answer, numbers, thanks and greetings: everything is for the advisor."""
    phone = Phone(with_hub(), language, channel)
    phone.wait()
    phone.state = desk_turns.taken(phone.catalogue, phone.state, channel, phone.at).state
    for text in (
        "1",
        "0",
        "9",
        "hola",
        "hello",
        "gracias",
        "thanks",
        "asylum in mexico",
        "refugio en mexico",
        "ok",
        "more",
    ):
        turn = phone.write(text)
        assert (turn.reply, effects(turn)) == (None, [handoff.SAID]), text
        assert turn.state.session.owner is Owner.ADVISOR
    back = desk_turns.handed_back(phone.catalogue, phone.state, channel, phone.at)
    assert back.state.session.owner is Owner.BOT
    assert {"en": "has ended", "es": "ha terminado"}[language] in plain(back.reply or "")


def test_r43_the_check_word_is_one_word() -> None:
    """A sentence could tell too much, and would not be asked for at a counter."""
    for phone in phones(with_hub()):
        phone.wait()
        phone.write("", tapped="waiting=check-word")
        for text in ("two words", "x" * 21 + "y"):
            assert effects(phone.write(text)) == [], text
        assert effects(phone.write("mango")) == [handoff.CHECK_WORD]


@pytest.mark.parametrize(("language", "channel"), EVERYBODY)
def test_from_danger_it_is_one_step_and_ahead(language: str, channel: Channel) -> None:
    """The numbers stay in sight, consent is asked all the same, and the ticket says that danger was told (design §10)."""
    phone = Phone(with_hub(), language, channel)
    phone.write({"en": "they want to kill me", "es": "me quieren matar"}[language])
    page = phone.write(ASK[language])
    assert (page.reply or "").count("911") >= 2
    assert page.state.session.offered == ("hand-over=yes", "hand-over=no")
    turn = phone.write(YES[language])
    assert effect(turn, handoff.OPENED).fields["danger"] == "certain"
    assert (turn.reply or "").count("911") >= 2


def test_r15_leaving_ends_the_ticket_and_nothing_more_is_said() -> None:
    """X and ALTO close what is open, whoever has the chat; DELETE leaves nothing at all."""
    for word, why in (("X", "exit"), ("ALTO", "opted_out")):
        for owner in (Owner.QUEUE, Owner.ADVISOR):
            for phone in phones(with_hub()):
                phone.wait()
                phone.state = replace(phone.state, session=replace(phone.state.session, owner=owner))
                turn = phone.write(word)
                assert effect(turn, handoff.LEFT).fields["why"] == why
                assert (turn.state.session.owner, turn.state.session.ticket) == (Owner.BOT, "")
    for phone in phones(with_hub()):
        phone.wait()
        turn = phone.write({"en": "DELETE", "es": "BORRAR"}[phone.language])
        assert (turn.state.session.ticket, turn.state.session.owner) == ("", Owner.BOT)


@pytest.mark.parametrize("minutes", [1, 30, 24 * 60])
def test_r19_a_talk_that_ends_shows_nothing_sensitive_to_whoever_holds_the_phone(minutes: int) -> None:
    """The advisor closes when it suits them: a danger answer is never drawn again unasked, other subjects for ten minutes."""
    for phone in phones(with_hub()):
        for start in ("asylum-mexico", "violence-help"):
            state = go(phone.catalogue, person(phone.language), start, phone.channel, at=OPEN).state
            talk = Phone(phone.catalogue, phone.language, phone.channel, state=state)
            talk.wait()
            end = desk_turns.handed_back(talk.catalogue, talk.state, talk.channel, talk.at + timedelta(minutes=minutes))
            expected = start if start == "asylum-mexico" and minutes < 10 else MAIN
            assert end.node == expected


def test_r44_messages_that_told_of_danger_are_counted() -> None:
    """The operator sees how many there were, by tier and channel: a count, and nothing of the person."""
    metrics = Metrics()
    metrics.dangers.labels("certain", "sms").inc()
    told = metrics.exposition().decode()
    assert 'ventanilla_dangers_total{channel="sms",tier="certain"} 1.0' in told


def test_r58_who_waits_finds_the_case_among_what_is_kept() -> None:
    """ "My data" tells of the ticket: nobody has to remember that they asked."""
    for phone in phones(with_hub()):
        phone.wait()
        turn = phone.write({"en": "my data", "es": "mis datos"}[phone.language])
        assert phone.state.session.ticket in (turn.reply or "")


def test_a_session_of_who_waits_is_small_and_holds_no_word() -> None:
    """Nothing that was written for the advisor is in the record of the conversation."""
    for phone in phones(with_hub()):
        phone.write(ASK[phone.language])
        phone.write(YES[phone.language])
        for text in ("zanahoria quetzal 983 555 0142", "quetzal"):
            kept = dump(phone.write(text).state.session, phone.catalogue.codes)
            assert not re.search(r"zanahoria|quetzal|0142", kept)
            assert len(json.dumps(json.loads(kept))) <= 460
