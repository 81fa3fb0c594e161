"""Waiting for an advisor and talking with one: who answers, what joins the ticket, and what only the bot may hear.

Properties hold for any utterances, in both languages and on both channels; the stories stand in tests/transcripts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import desk_turns, handoff, segments
from bot.actions.desk_pages import Asked, DeskPages
from bot.catalogue import MAIN
from bot.conversation import resume, step
from bot.desk import Desk, promised_at
from bot.hours import parse_hours
from bot.inbound import Channel, Media, OptOut
from bot.questions import ASKED
from bot.session import Owner, Prefs, Session, dump, load
from bot.turn import ActionResult, Call, Clears, State, Turn
from tests.conversation_world import inbound, shipped
from tests.desk_world import ASK, OPEN, YES, Phone, effect, effects, phones, with_hub

DANGER = {"en": "they want to kill me", "es": "me quieren matar"}
UTTERANCES = st.one_of(
    st.sampled_from(
        [
            "hola", "hello", "1", "2", "0", "9", "ok", "no", "si", "menu", "advisor", "asesor", "en", "es", "sos", "77",
            "gracias", "more", "mas", "privacy", "queja", "complaint", "back", "not this", "x", "alto", "borrar",
            "how much is the visitor fee for mexico", "quiero refugio en mexico", "zzyzx qwrtpl wubwub", "not now", "ahora no",
            "they want to kill me", "me quieren matar", "estoy en corozal", "my data", "start", "stop", "",
        ]
    ),
    st.text(max_size=60),
)  # fmt: skip
MEDIA = st.sampled_from([(), (), (), (Media.IMAGE,), (Media.VOICE,)])
PEOPLE = st.tuples(st.sampled_from(["en", "es"]), st.sampled_from(list(Channel)))
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def waiting(language: str, channel: Channel) -> Phone:
    phone = Phone(with_hub(), language, channel)
    phone.wait()
    return phone


def talking(language: str, channel: Channel) -> Phone:
    phone = waiting(language, channel)
    phone.state = desk_turns.taken(phone.catalogue, phone.state, channel, phone.at).state
    return phone


def fits(turn: Turn, channel: Channel) -> bool:
    if turn.reply is None:
        return True
    return segments.count(turn.reply).segments <= 3 if channel is Channel.SMS else len(turn.reply) <= 1600


@MANY
@given(who=PEOPLE, said=st.lists(st.tuples(UTTERANCES, MEDIA), max_size=8), start=st.sampled_from([waiting, talking]))
def test_owner_and_ticket_change_by_the_persons_words_only_where_they_end_it(
    who: tuple[str, Channel], said: list[tuple[str, tuple[Media, ...]]], start: Callable[[str, Channel], Phone]
) -> None:
    """Whatever is written: only a turn that says so ends the ticket, none opens a second, and every reply can be sent."""
    phone = start(*who)
    for text, media in said:
        before = phone.state.session
        turn = phone.write(text, media=media)
        after = turn.state.session
        assert fits(turn, who[1]), turn.reply
        if (after.owner, after.ticket) != (before.owner, before.ticket):
            opened = handoff.OPENED in effects(turn)
            ended = handoff.LEFT in effects(turn) or turn.clears is Clears.ALL
            assert opened or (ended and (after.owner, after.ticket) == (Owner.BOT, ""))
            assert not (opened and before.ticket)
        assert bool(after.ticket) == (after.owner is not Owner.BOT)
        for each in handoff.effects_of(turn.effects):
            assert each.fields["ticket"] in {before.ticket, after.ticket} - {""}
        kept = dump(after, phone.catalogue.codes)
        assert load(kept, phone.catalogue.codes) == after
        if len(text) > 8 and text.isalpha():
            assert text not in kept


@pytest.mark.parametrize("text", ["hola", "SOS", "me quieren matar", "START", "menu"])
def test_who_writes_to_an_advisor_after_an_opt_out_can_be_answered(text: str) -> None:
    """The provider may have told us of an opt-out in the middle of a talk: who writes wants an answer after all."""
    phone = talking("es", Channel.SMS)
    phone.state = replace(phone.state, prefs=phone.state.prefs.opt_out(Channel.SMS))
    assert phone.write(text).state.prefs.opted_out == frozenset()


@MANY
@given(who=PEOPLE, said=st.lists(UTTERANCES, max_size=6), start=st.sampled_from([waiting, talking]))
def test_danger_is_heard_whatever_came_before(
    who: tuple[str, Channel], said: list[str], start: Callable[[str, Channel], Phone]
) -> None:
    """Nobody who tells of danger depends on an advisor who reads it in time (R21, design §10)."""
    phone = start(*who)
    for text in said:
        phone.write(text)
    had = phone.state.session
    turn = phone.write(DANGER[phone.language])
    assert turn.danger == "certain"
    assert "911" in (turn.reply or "")
    assert turn.state.session.owner is had.owner
    if had.ticket:
        assert handoff.RAISED in effects(turn)
    if had.owner is Owner.ADVISOR:
        assert handoff.SAID in effects(turn)
        assert (turn.state.session.offered, turn.state.session.printed) == ((), "")


def test_danger_told_as_the_first_note_reaches_the_advisor_in_words() -> None:
    """The note was asked for, so it is passed on; the help comes first all the same."""
    for phone in phones(with_hub()):
        phone.write(ASK[phone.language])
        phone.write(YES[phone.language])
        turn = phone.write(DANGER[phone.language])
        assert effects(turn) == [handoff.SAID, handoff.RAISED]
        assert effect(turn, handoff.SAID).fields["note"] == "yes"
        assert "911" in (turn.reply or "")


def test_while_waiting_only_what_got_no_answer_joins_the_ticket() -> None:
    """The bot goes on answering; what it answered is nobody else's business."""
    for phone in phones(with_hub()):
        phone.wait()
        fee = {"en": "how much is the visitor fee for mexico", "es": "cuanto cuesta la entrada a mexico"}[
            phone.language
        ]
        answered = phone.write(fee)
        assert (answered.node, effects(answered)) == ("enter-mexico-fee", [])
        left_over = phone.write("zzyzx qwrtpl gargamel")
        assert effects(left_over) == [handoff.SAID]
        added = phone.catalogue.phrase("joined", phone.language).strip()
        told = segments.to_gsm(added) if phone.channel is Channel.SMS else added
        assert told in (left_over.reply or "")
        assert phone.state.session.offered, "the nearest topics are still there"
        assert not ASKED & {each.kind for each in left_over.effects}, "it is not also kept for the editors"


@pytest.mark.parametrize("media", [Media.VOICE, Media.IMAGE, Media.FILE, Media.CONTACT, Media.VIDEO])
def test_recordings_and_photos_join_the_ticket_even_when_many_come(media: Media) -> None:
    """Ten photos get one answer, and the advisor gets ten photos; a caption that the bot could answer changes nothing."""
    for phone in phones(with_hub()):
        phone.wait()
        turns = [phone.write("", media=(media,)) for _ in range(3)]
        turns.append(phone.write("asylum in mexico", media=(media,)))
        assert [effects(turn) for turn in turns] == [[handoff.SAID]] * 4
        assert [turn.reply is None for turn in turns] == [False, True, True, False]


def test_nothing_is_lost_when_many_messages_come() -> None:
    """The flood guard holds back answers, never what is for the advisor."""
    for start in (waiting, talking):
        phone = start("en", Channel.SMS)
        phone.at = OPEN
        for number in range(60):
            turn = phone.write(f"zzyzx qwrtpl {number} wubwub")
            phone.at = OPEN + timedelta(milliseconds=number)
            assert effects(turn) == [handoff.SAID]


def test_asking_again_shows_the_line_and_opens_no_second_ticket() -> None:
    """Somebody who waits and asks again wants to know how it stands."""
    for phone in phones(with_hub()):
        phone.wait()
        ticket = phone.state.session.ticket
        phone.write("menu")
        turn = phone.write(ASK[phone.language])
        assert ticket in (turn.reply or "")
        assert (turn.state.session.ticket, effects(turn)) == (ticket, [])
        assert "waiting=stop" in turn.state.session.offered
        stopped = phone.write("", tapped="waiting=stop")
        assert effect(stopped, handoff.LEFT).fields["why"] == "no_longer"
        assert stopped.state.session.owner is Owner.BOT


def test_menu_while_talking_asks_first() -> None:
    """A word that slipped out must not end a talk; a yes does, and so does nothing else."""
    for phone in phones(with_hub()):
        phone = talking(phone.language, phone.channel)
        asked = phone.write("menu")
        assert (asked.state.session.owner, effects(asked)) == (Owner.ADVISOR, [])
        goes_on = phone.would("2")
        assert (goes_on.state.session.owner, effects(goes_on)) == (Owner.ADVISOR, [])
        told = phone.would("perhaps later")
        assert (told.reply, effects(told)) == (None, [handoff.SAID])
        left = phone.would("1")
        assert (left.node, left.state.session.owner) == (MAIN, Owner.BOT)
        assert effect(left, handoff.LEFT).fields["why"] == "menu"


def test_a_number_after_an_advisors_message_is_for_the_advisor() -> None:
    """ "1 or 2?", asks the advisor just after the bot has asked something too: the last one who spoke is meant."""
    for phone in phones(with_hub()):
        phone = talking(phone.language, phone.channel)
        phone.write("menu")
        phone.state = desk_turns.spoken_over(phone.state)
        turn = phone.write("1")
        assert (turn.reply, effects(turn), turn.state.session.owner) == (None, [handoff.SAID], Owner.ADVISOR)


def test_an_old_button_of_the_menu_is_words_in_a_talk() -> None:
    """A thumb on an old list must not take the bot's answer into somebody else's sentence."""
    phone = talking("en", Channel.WHATSAPP)
    turn = phone.write("Enter Mexico", tapped="enter-mexico")
    assert (turn.reply, effects(turn)) == (None, [handoff.SAID])


def test_language_while_talking_is_one_line_and_the_advisor_is_told() -> None:
    """The advisor must know in which language to answer from now on."""
    for phone in phones(with_hub()):
        phone = talking(phone.language, phone.channel)
        other = {"en": "es", "es": "en"}[phone.language]
        turn = phone.write(other)
        assert effect(turn, handoff.SPEAKS).fields["language"] == other
        assert (turn.reply or "").count("\n") == 0
        assert (turn.state.prefs.language, turn.state.session.owner) == (other, Owner.ADVISOR)


def test_a_complaint_never_becomes_part_of_a_talk() -> None:
    """The word for a complaint asks whether the talk is to end first: an advisor must not read it (R65)."""
    for phone in phones(with_hub()):
        phone = talking(phone.language, phone.channel)
        asked = phone.write({"en": "complaint", "es": "queja"}[phone.language])
        assert effects(asked) == []
        assert "leave-talk=complaint" in asked.state.session.offered
        turn = phone.write("1")
        assert turn.state.session.owner is Owner.BOT
        assert turn.node.startswith("complaint")


def test_a_complaint_being_written_when_an_advisor_comes_stays_a_complaint() -> None:
    """Somebody takes the chat while the person writes about somebody of the hub: their words still go to the focal point."""
    phone = Phone(with_hub().taking_complaints(30), "en", Channel.WHATSAPP)
    phone.wait()
    phone.write("complaint")
    phone.state = desk_turns.taken(phone.catalogue, phone.state, phone.channel, phone.at).state
    phone.state = desk_turns.spoken_over(phone.state)
    turn = phone.write("the man at the desk asked me for money")
    assert effects(turn) == []
    assert [each.kind for each in turn.effects] == ["complaint_made"]
    assert effects(phone.write("and what about my papers")) == [handoff.SAID], "afterwards the talk goes on"


def test_start_and_stop_of_the_carrier_hold_while_talking() -> None:
    """Twilio has answered them already: silence, and a stop ends the ticket."""
    phone = talking("en", Channel.SMS)
    assert phone.would("START", opt_out=OptOut.START).reply is None
    stopped = phone.write("STOP", opt_out=OptOut.STOP)
    assert (stopped.reply, effects(stopped)) == (None, [handoff.LEFT])


# --- turns without a message ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "event",
    [
        desk_turns.taken,
        desk_turns.handed_back,
        desk_turns.not_taken,
        desk_turns.advisor_silent,
        desk_turns.put_back,
        desk_turns.untouched,
    ],
)
def test_what_happens_at_the_desk_is_no_message_of_the_person(event: desk_turns.DeskTurn) -> None:
    """The 24 hours in which WhatsApp lets us write count from the person's own last message; each turn is a new version."""
    for phone in phones(with_hub()):
        phone.wait()
        before = phone.state.session
        turn = event(phone.catalogue, phone.state, phone.channel, phone.at + timedelta(hours=3))
        after = turn.state.session
        assert after.active_s == before.active_s
        assert after.version > before.version
        assert turn.state.prefs == phone.state.prefs
        assert turn.effects == ()
        assert fits(turn, phone.channel)
        assert bool(after.ticket) == (after.owner is not Owner.BOT)


def test_the_bot_resumes_where_the_person_stood() -> None:
    """The page, and an open question, are as they were before somebody asked for an advisor; also after a detour."""
    for phone in phones(with_hub()):
        phone.write("menu")
        phone.write("", tapped="enter-mexico-guide")
        open_question = phone.state.session.asking
        assert open_question
        phone.wait()
        phone.write(ASK[phone.language])
        phone.state = desk_turns.taken(phone.catalogue, phone.state, phone.channel, phone.at).state
        phone.write("hola")
        back = desk_turns.handed_back(phone.catalogue, phone.state, phone.channel, phone.at)
        assert (back.node, back.state.session.asking) == ("enter-mexico-guide", open_question)
        assert "advisor" not in back.state.session.path


def test_after_hours_of_silence_the_bot_resumes_at_the_menu() -> None:
    """Whoever holds the phone then learns nothing of what was talked about (R19)."""
    for phone in phones(with_hub()):
        phone.write("menu")
        phone.write("4")
        phone.wait()
        back = desk_turns.handed_back(phone.catalogue, phone.state, phone.channel, phone.at + timedelta(hours=30))
        assert back.node == MAIN


def test_an_answer_for_an_advisor_to_send_is_whole_and_in_the_persons_language() -> None:
    """What was checked is what is sent: the text of the page, without its menus."""
    catalogue = with_hub()
    for language, words in (("en", "Asylum in Mexico"), ("es", "Refugio (asilo)")):
        for channel in Channel:
            text = desk_turns.vetted(catalogue, "asylum-mexico", language, channel, OPEN)
            assert words in text
            assert ("*" in text) == (channel is Channel.WHATSAPP)
            assert "Menu" not in text
            assert channel is Channel.WHATSAPP or not segments.outside_gsm(text)


# --- the action, the promise, the conversation with an action ------------------------------------------------------


def test_no_action_can_open_a_ticket_that_nobody_asked_for() -> None:
    """A partner's action that pauses the conversation, where no yes was given: nothing is handed over (R37)."""
    catalogue = with_hub()
    message = inbound("advisor")
    call = step(catalogue, State(Session(node=MAIN), Prefs(language="en")), message)
    assert isinstance(call, Call)
    paused = ActionResult(events=({"event": "pause"},), responses=({"text": "Hello"},))
    turn = resume(catalogue, call, message, paused)
    assert (turn.state.session.owner, effects(turn)) == (Owner.BOT, [])
    agreed = resume(catalogue, replace(call, choice="yes"), message, paused)
    assert agreed.state.session.owner is Owner.QUEUE


def test_the_desk_counts_day_and_night_in_development_until_hours_are_known() -> None:
    """Advisors can be tried out before the hub has told its hours; in production nobody is offered."""
    hours = shipped().desk_hours
    assert hours is not None
    assert hours.is_round_the_clock
    assert shipped(show_unconfirmed=False).desk_hours is None
    turn = Phone(shipped(), "en", Channel.WHATSAPP).write("advisor")
    assert "to be confirmed" in (turn.reply or "")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "desk", "promised"),
    [
        pytest.param("2026-11-23T16:00", Desk(on_duty=1), "2026-11-23T16:15", id="at once: a quarter of an hour"),
        pytest.param("2026-11-23T16:00", Desk(4, 0, 1), "2026-11-23T17:20", id="twice the expected wait"),
        pytest.param("2026-11-23T16:00", Desk(), "2026-11-23T16:15", id="nobody there: told soon"),
        pytest.param("2026-11-23T21:50", Desk(on_duty=1), "2026-11-24T14:30", id="not before closing time"),
        pytest.param("2026-11-27T23:00", Desk(), "2026-11-30T14:30", id="Friday night: Monday"),
        pytest.param("2026-12-25T16:00", Desk(), "2026-12-28T14:30", id="Christmas on a Friday: Monday"),
    ],
)
def test_until_when_somebody_comes_or_the_person_is_told(now: str, desk: Desk, promised: str) -> None:
    """Inside hours soon, outside half an hour after the next opening, holidays kept (Chetumal is at UTC-5)."""
    hours = parse_hours(["Mon-Fri 09:00-17:00"], "America/Cancun", "MX")
    assert hours is not None
    assert promised_at(hours, desk, at(now)) == at(promised)


@pytest.mark.parametrize(
    ("desk", "words"),
    [
        (Desk(on_duty=1), "a few minutes"),
        (Desk(1, 1, 1), "about 20 minutes"),
        (Desk(0, 1, 1, talk_s=400), "about 10 minutes"),
        (Desk(7, 2, 2), "7 people are waiting. Wait: about 40 minutes"),
        (Desk(12, 1, 1), "12 people are waiting. Wait: about 3 hours"),
        (Desk(4, 0, 0), "nobody can say how long"),
    ],
)
def test_the_wait_comes_from_the_queue_and_is_rounded_up(desk: Desk, words: str) -> None:
    """A number nobody can keep is worse than none: counted from who waits and who is there, never less than it is."""
    pages = DeskPages(with_hub())
    asked = Asked("en", Channel.WHATSAPP, "", OPEN, desk, "", "", "", "", has_steps=False)
    promised = pages.promised(asked)
    assert promised is not None
    assert words in "\n".join(pages.page(asked, promised))
