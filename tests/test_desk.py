"""Advisors at the desk: one of them answers, nothing is sent twice, and nobody is overtaken."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from bot import handoff
from bot.desk import NO_DESK
from bot.inbound import Channel
from bot.session import Codes, Owner, Prefs, dump_prefs
from bot.turn import Effect, Turn
from tests.tickets_world import NUMBER, OURS, Turns, World, at_once, saying
from webhook.desk.changing import Done
from webhook.desk.counting import LEAST_SHOWN
from webhook.desk.desk import MOST_TEXT
from webhook.desk.duty import ON_DUTY_S
from webhook.desk.figures import queue_figures
from webhook.desk.inbox import Inbox, TicketInbox
from webhook.desk.records import Alarm, Outcome, Stage, Voice
from webhook.desk.scripts import DESK_COMMIT
from webhook.desk.speaking import WINDOW_S, fits
from webhook.keys import Keys
from webhook.outbox.entries import Kind
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown
from webhook.store.keyspace import Records
from webhook.store.scripts import Script

ROUNDS = 25


@pytest.fixture
def world(connection: Connection, keys: Keys, codes: Codes) -> World:
    return World(connection, keys, codes)


def talking(world: World, channel: Channel = Channel.SMS, **asked: Any) -> str:
    """A ticket that ana has."""
    id_ = world.ask(channel, **asked)
    assert world.desk.take(id_, "ana") is Done.DONE
    return id_


def test_a_talk_from_taking_to_closing(world: World) -> None:
    """Both sides are written down in order, and the person is back with the bot at the end."""
    id_ = talking(world, note="hola")
    assert world.session().owner is Owner.ADVISOR
    assert world.desk.reply(id_, "ana", " buenos dias ", "n1") is Done.DONE
    world.say(id_, "gracias")
    assert world.desk.note(id_, "ben", "seems fine", "n2") is Done.DONE
    assert world.desk.reply(id_, "ana", "", "n3", answer="main") is Done.DONE
    assert world.desk.close(id_, "ana") is Done.DONE

    said = [(message.voice, message.text, message.author) for message in world.desk.messages(id_)]
    assert said == [
        (Voice.PERSON, "hola", ""),
        (Voice.EVENT, "taken", "ana"),
        (Voice.ADVISOR, "buenos dias", "ana"),
        (Voice.PERSON, "gracias", ""),
        (Voice.NOTE, "seems fine", "ben"),
        (Voice.ADVISOR, "main in es", "ana"),
        (Voice.BOT, "handed back", ""),
        (Voice.EVENT, "closed", "ana"),
    ]
    entries = world.outbox()
    assert [(entry.kind, entry.text) for entry in entries] == [
        (Kind.ADVISOR, "Advisor: buenos dias"),
        (Kind.ADVISOR, "Advisor: main in es"),
        (Kind.NOTICE, "handed back"),
    ]
    assert {(entry.address, entry.sender, entry.ticket, entry.channel) for entry in entries} == {
        (NUMBER, OURS, id_, Channel.SMS)
    }
    shown = [message.entry for message in world.desk.messages(id_) if message.entry]
    assert shown == [entry.id for entry in entries]
    ticket = world.desk.ticket(id_)
    assert ticket is not None
    assert (ticket.outcome, ticket.first_answer_s > 0, ticket.advisor) == (Outcome.HANDED_BACK, True, "ana")
    session = world.session()
    assert (session.owner, session.ticket) == (Owner.BOT, "")
    assert world.connection.command("ZSCORE", Records(world.person().key).due, world.person().key) is not None


def test_what_the_desk_does_is_no_message_of_the_person(world: World) -> None:
    """WhatsApp's window goes by the person's last message; the desk must not seem to open it."""
    id_ = world.ask(Channel.WHATSAPP)
    wrote_s = world.session(Channel.WHATSAPP).active_s
    world.clock.s += 600
    world.desk.take(id_, "ana")
    world.desk.reply(id_, "ana", "hola", "n1")
    assert world.session(Channel.WHATSAPP).active_s == wrote_s
    assert world.desk.window_until_s(id_) == wrote_s + WINDOW_S
    world.desk.close(id_, "ana")
    assert world.session(Channel.WHATSAPP).active_s == wrote_s


# --- two at once -------------------------------------------------------------------------------------------------


def test_of_two_advisors_who_take_at_once_one_has_the_ticket(world: World) -> None:
    """Never both, never none; the other is told."""
    other = world.another_desk()
    for round_ in range(ROUNDS):
        id_ = world.ask(number=f"+5015551{round_:03d}")
        done = at_once(partial(world.desk.take, id_, "ana"), partial(other.take, id_, "ben"))
        assert sorted(done) == [Done.DONE, Done.TAKEN]
        ticket = world.desk.ticket(id_)
        assert ticket is not None
        assert ticket.advisor == ("ana" if done[0] is Done.DONE else "ben")
        loser = "ben" if done[0] is Done.DONE else "ana"
        assert world.desk.reply(id_, loser, "hola", f"n{round_}") is Done.NOT_YOURS


def test_a_double_click_sends_once(world: World) -> None:
    """Also from two workers at the same moment, and also when the ticket was closed in between."""
    id_, other = talking(world), world.another_desk()
    for round_ in range(ROUNDS):
        reply = partial(world.desk.reply, id_, "ana", f"hola {round_}", f"n{round_}")
        again = partial(other.reply, id_, "ana", f"hola {round_}", f"n{round_}")
        assert sorted(at_once(reply, again)) == [Done.ALREADY, Done.DONE]
    assert [entry.text for entry in world.outbox()] == [f"Advisor: hola {round_}" for round_ in range(ROUNDS)]
    world.desk.close(id_, "ana")
    assert world.desk.reply(id_, "ana", "hola 3", "n3") is Done.ALREADY
    assert world.desk.reply(id_, "ana", "new", "n-new") is Done.CLOSED


def test_of_a_reply_and_an_exit_at_once_nothing_is_sent_after_the_exit(world: World) -> None:
    """Whichever is first: after X nothing waits to be sent, and a reply that came too late says so."""
    came = set()
    for round_ in range(ROUNDS):
        number = f"+5015552{round_:03d}"
        id_ = talking(world, number=number)
        done, _ = at_once(
            lambda id_=id_: world.desk.reply(id_, "ana", "hola", "n1"),  # type: ignore[misc]
            lambda id_=id_, number=number: world.leave(id_, "exit", number=number),  # type: ignore[misc]
        )
        came.add(done)
        ticket = world.desk.ticket(id_)
        assert ticket is not None
        assert ticket.outcome is Outcome.EXIT
        # a reply in the outbox before the exit was read is dropped with it; one after it is refused
        assert done in (Done.DONE, Done.CLOSED)
        assert world.session(number=number).owner is Owner.BOT
        assert world.outbox(world.person(number).key) == []
    assert came


def test_of_a_message_and_a_take_at_once_neither_is_lost(world: World) -> None:
    """The person writes at the very moment an advisor takes them."""
    for round_ in range(ROUNDS):
        number = f"+5015553{round_:03d}"
        id_ = world.ask(number=number)
        done, _ = at_once(
            lambda id_=id_: world.desk.take(id_, "ana"),  # type: ignore[misc]
            lambda id_=id_, number=number: world.say(id_, "estas?", number=number),  # type: ignore[misc]
        )
        assert done is Done.DONE
        assert sorted(message.text for message in world.desk.messages(id_)) == ["estas?", "taken"]
        session = world.session(number=number)
        assert (session.owner, session.misses) == (Owner.ADVISOR, 2)


def test_of_a_delete_and_a_reply_at_once_nothing_is_left(world: World) -> None:
    """DELETE in the middle of a talk: no text, no address, nothing to send."""
    for round_ in range(ROUNDS):
        number = f"+5015554{round_:03d}"
        id_ = talking(world, number=number)
        key = world.person(number).key
        done, _ = at_once(
            lambda id_=id_: world.desk.reply(id_, "ana", "hola", "n1"),  # type: ignore[misc]
            lambda number=number: world.delete(number=number),  # type: ignore[misc]
        )
        assert done in (Done.DONE, Done.ERASED)
        assert (world.desk.messages(id_), world.outbox(key)) == ([], [])
        assert world.connection.command("KEYS", f"*{key}*") == []


def test_many_voices_at_once_are_all_written_down(world: World) -> None:
    """A lively talk with notes of a third: every message once, none lost."""
    id_, other = talking(world), world.another_desk()

    def person() -> None:
        for number in range(15):
            world.say(id_, f"p{number}")

    def advisor() -> None:
        for number in range(15):
            assert world.desk.reply(id_, "ana", f"a{number}", f"na{number}") is Done.DONE

    def colleague() -> None:
        for number in range(15):
            assert other.note(id_, "ben", f"c{number}", f"nc{number}") is Done.DONE

    at_once(person, advisor, colleague)
    said = [message.text for message in world.desk.messages(id_) if message.text != "taken"]
    for who in "pac":
        assert [text for text in said if text[0] == who] == [f"{who}{number}" for number in range(15)]
    assert [entry.text for entry in world.outbox()] == [f"Advisor: a{number}" for number in range(15)]
    assert world.session().misses == 16


# --- who may do what ---------------------------------------------------------------------------------------------


def test_only_who_has_the_ticket_answers_it(world: World) -> None:
    """A ticket that nobody has taken, or that another has, is not answered by the way."""
    id_ = world.ask()
    assert world.desk.reply(id_, "ana", "hola", "n1") is Done.NOT_YOURS
    world.desk.take(id_, "ana")
    for refused in (
        world.desk.take(id_, "ben"),
        world.desk.take(id_, "ben", instead_of="carla"),
        world.desk.reply(id_, "ben", "hola", "n2"),
        world.desk.transfer(id_, "ben", "ben"),
        world.desk.close(id_, "ben"),
    ):
        assert refused in (Done.TAKEN, Done.NOT_YOURS)
    assert world.desk.take(id_, "ana") is Done.ALREADY
    assert world.outbox() == []


def test_a_ticket_changes_hands_knowingly(world: World) -> None:
    """Given away by who has it, by a supervisor, or taken over by naming who has it."""
    id_ = talking(world)
    assert world.desk.transfer(id_, "ana", "ben") is Done.DONE
    assert world.desk.reply(id_, "ana", "hola", "n1") is Done.NOT_YOURS
    assert world.desk.reply(id_, "ben", "hola", "n2") is Done.DONE
    assert world.desk.take(id_, "ana", instead_of="ben") is Done.DONE
    assert world.desk.transfer(id_, "boss", "carla", may_any=True) is Done.DONE
    assert world.desk.reply(id_, "carla", "hola", "n3") is Done.DONE
    events = [(message.text, message.author, message.answer) for message in world.desk.messages(id_)]
    assert ("transferred", "ana", "ben") in events
    assert ("taken", "ana", "ben") in events
    assert world.desk.transfer(world.ask(number="+5015559990"), "boss", "carla", may_any=True) is Done.NOT_YOURS


def test_what_is_no_ticket_is_gone(world: World) -> None:
    """Whatever stands in the address bar."""
    for id_ in ("", "XXXXXXXX", "{p00}", "../x", "x" * 500, "rev", "*", "ÑÑ"):
        assert world.desk.ticket(id_) is None
        assert (world.desk.messages(id_), world.desk.contact(id_), world.desk.window_until_s(id_)) == ([], None, -1)
        for done in (
            world.desk.take(id_, "ana"),
            world.desk.reply(id_, "ana", "hola", "n"),
            world.desk.note(id_, "ana", "hola", "n"),
            world.desk.close(id_, "ana"),
            world.desk.may_reply(id_, "ana"),
        ):
            assert done is Done.GONE


def test_what_cannot_be_sent_is_refused_and_nothing_is_lost(world: World) -> None:
    """The text stays with the advisor, and they are told why."""
    sms, whatsapp = talking(world), talking(world, Channel.WHATSAPP, number="+5015558888")
    assert world.desk.reply(sms, "ana", "  \n ", "n1") is Done.EMPTY
    assert world.desk.reply(sms, "ana", "", "n1", answer="nowhere") is Done.EMPTY
    assert world.desk.reply(sms, "ana", "x" * 460, "n1") is Done.TOO_LONG
    assert world.desk.reply(sms, "ana", "x" * 440, "n1") is Done.DONE
    assert world.desk.reply(whatsapp, "ana", "x" * 1600, "n1") is Done.TOO_LONG
    assert world.desk.reply(whatsapp, "ana", "x" * 1500, "n1") is Done.DONE
    assert world.desk.note(sms, "ana", "", "n2") is Done.EMPTY
    assert world.desk.note(sms, "ana", "x" * (MOST_TEXT + 1), "n2") is Done.TOO_LONG
    assert [len(message.text) for message in world.desk.messages(sms)] == [len("taken"), 440]


@pytest.mark.parametrize(
    ("channel", "text", "is_short"),
    [
        (Channel.SMS, "a" * 459, True),
        (Channel.SMS, "a" * 460, False),
        (Channel.SMS, "😀" * 99, True),
        (Channel.SMS, "😀" * 101, False),
        (Channel.WHATSAPP, "a" * 1600, True),
        (Channel.WHATSAPP, "a" * 1601, False),
        (Channel.WHATSAPP, "😀" * 801, False),
    ],
)
def test_what_fits_one_message(channel: Channel, text: str, is_short: bool) -> None:
    """Three segments of an SMS, 1,600 units on WhatsApp; an emoji counts as the provider counts it."""
    assert fits(channel, text) is is_short


def test_after_the_window_only_the_template_can_ask_the_person_to_write(world: World) -> None:
    """Twenty-four hours after their last message WhatsApp takes no free text."""
    id_ = talking(world, Channel.WHATSAPP)
    world.clock.s += WINDOW_S
    assert world.desk.may_reply(id_, "ana") is Done.WINDOW_CLOSED
    assert world.desk.reply(id_, "ana", "hola", "n1") is Done.WINDOW_CLOSED
    assert world.outbox() == []
    inviting = world.another_desk(invites=True)
    assert inviting.may_reply(id_, "ana") is Done.INVITED
    assert inviting.reply(id_, "ana", "hola", "n1") is Done.INVITED
    assert [entry.kind for entry in world.outbox()] == [Kind.ADVISOR]
    assert Done.INVITED.is_done
    world.say(id_, "aqui", Channel.WHATSAPP)
    assert world.desk.reply(id_, "ana", "hola", "n2") is Done.DONE


def test_an_sms_has_no_window(world: World) -> None:
    """Only WhatsApp limits when we may write."""
    id_ = talking(world)
    world.clock.s += 2 * WINDOW_S
    assert (world.desk.window_until_s(id_), world.desk.may_reply(id_, "ana")) == (0, Done.DONE)


def test_nothing_is_sent_to_who_has_opted_out(world: World) -> None:
    """Not by an advisor, and not at the end (R63)."""
    id_ = talking(world)
    prefs = dump_prefs(Prefs("es").opt_out(Channel.SMS))
    world.connection.command("SET", Records(world.person().key).prefs, prefs)
    assert world.desk.reply(id_, "ana", "hola", "n1") is Done.OPTED_OUT
    assert world.desk.close(id_, "ana") is Done.DONE
    assert world.outbox() == []


@pytest.mark.parametrize("what", ["vanished", "unreadable", "another ticket"])
def test_a_ticket_without_its_session_can_still_be_closed(world: World, what: str) -> None:
    """Nothing can be sent, and the console says why; the queue must not keep it for ever."""
    id_ = talking(world)
    session = Records(world.person().key).session(Channel.SMS)
    if what == "vanished":
        world.connection.command("DEL", session)
    elif what == "unreadable":
        world.connection.command("SET", session, '[99,"x"]')
    else:
        world.connection.command("DEL", session)
        world.ask()
    before = world.connection.command("GET", session)
    assert world.desk.may_reply(id_, "ana") is Done.PERSON_GONE
    assert world.desk.reply(id_, "ana", "hola", "n1") is Done.PERSON_GONE
    assert world.desk.take(world_waiting(world), "ana") is Done.PERSON_GONE
    assert world.desk.close(id_, "ana") is Done.DONE
    assert world.connection.command("GET", session) == before
    assert world.outbox() == []


def world_waiting(world: World) -> str:
    """A ticket that waits, of somebody whose session is gone."""
    id_ = world.ask(number="+5015556666")
    world.connection.command("DEL", Records(world.person("+5015556666").key).session(Channel.SMS))
    return id_


# --- the store fails ---------------------------------------------------------------------------------------------


class Fragile(Connection):
    """A connection on which a script, or its answer, is lost."""

    lost: str = ""

    def run(self, script: Script, *args: Any, **options: Any) -> Any:
        if script is DESK_COMMIT and self.lost == "before":
            raise StoreDown("lost")
        answer = super().run(script, *args, **options)
        if script is DESK_COMMIT and self.lost == "after":
            raise StoreDown("lost")
        return answer


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_reply_whose_answer_was_lost_is_sent_once_when_asked_again(world: World, lost: str) -> None:
    """The process, or the line, may die between any two steps."""
    id_ = talking(world)
    fragile = Fragile(world.connection.address.url)
    desk = world.another_desk(fragile)
    fragile.lost = lost
    assert desk.reply(id_, "ana", "hola", "n1") is Done.STORE_DOWN
    fragile.lost = ""
    assert desk.reply(id_, "ana", "hola", "n1") is (Done.DONE if lost == "before" else Done.ALREADY)
    assert [entry.text for entry in world.outbox()] == ["Advisor: hola"]
    assert [message.text for message in world.desk.messages(id_)] == ["taken", "hola"]
    fragile.close()


def test_without_the_store_there_is_no_desk(keys: Keys, codes: Codes, connection: Connection) -> None:
    """Nobody is promised an advisor who cannot be told; `facts` never raises, since a person waits for it."""
    away = Connection("unix:///nowhere/at/all.sock")
    world = World(connection, keys, codes)
    desk = world.another_desk(away)
    assert desk.facts() == NO_DESK
    assert desk.take("ABCD", "ana") is Done.STORE_DOWN
    assert queue_figures(desk, world.clock) == b""
    with pytest.raises(StoreDown):
        desk.open_tickets()


# --- what is seen ------------------------------------------------------------------------------------------------


def test_the_queue_has_danger_first_then_who_waited_longest(world: World) -> None:
    """Who is in danger does not wait behind who is not."""
    plain = world.ask(number="+5015551001")
    possible = world.ask(number="+5015551002", danger="possible")
    later = world.ask(number="+5015551003")
    certain = world.ask(number="+5015551004", danger="certain")
    assert [ticket.id for ticket in world.desk.open_tickets()] == [certain, possible, plain, later]


def test_every_change_gives_another_revision_and_none_gives_the_same(world: World) -> None:
    """Fifty pages ask every second; each is answered anew only when something has changed."""
    seen: list[str] = []

    def now(expect_new: bool = True) -> None:
        world.clock.s += 1
        revision = world.desk.revision()
        assert (revision not in seen) is expect_new
        seen.append(revision)

    now()
    now(expect_new=False)
    id_ = world.ask()
    now()
    for change in (
        lambda: world.desk.be_on_duty("ana"),
        lambda: world.desk.take(id_, "ana"),
        lambda: world.say(id_, "hola"),
        lambda: world.desk.reply(id_, "ana", "hola", "n1"),
        lambda: world.desk.note(id_, "ben", "x", "n2"),
        lambda: world.desk.transfer(id_, "ana", "ben"),
        lambda: world.desk.close(id_, "ben"),
    ):
        change()
        now()
        now(expect_new=False)


def test_open_tickets_of_another_process_are_seen(world: World) -> None:
    """What is kept between two looks is never older than the last change."""
    other = world.another_desk()
    for number in range(40):  # of every partition
        id_ = world.ask(number=f"+50155570{number:02d}")
        assert id_ in [ticket.id for ticket in other.open_tickets()]
        other.take(id_, "ana")
        assert {ticket.id: ticket.stage for ticket in world.desk.open_tickets()}[id_] is Stage.TALKING
    assert len(other.open_tickets()) == 40


def test_the_facts_are_those_of_the_queue(world: World) -> None:
    """What a person is told about waiting is counted, not guessed (R39)."""
    assert world.desk.facts() == replace(NO_DESK, is_there=True)
    for number in range(3):
        world.ask(number=f"+50155580{number:02d}")
    id_ = talking(world)
    world.desk.be_on_duty("ana")
    world.desk.be_on_duty("ben")
    world.clock.s += 3
    facts = world.desk.facts()
    assert (facts.waiting, facts.talking, facts.on_duty, facts.talk_s) == (3, 1, 2, 0)
    world.clock.s += ON_DUTY_S + 1
    assert world.desk.facts().on_duty == 0
    world.desk.close(id_, "ana")
    assert world.desk.facts().talk_s == ON_DUTY_S + 4
    world.desk.be_on_duty("ana")
    world.desk.leave_duty("ana")
    assert world.desk.on_duty() == []


def test_the_figures_for_the_operator(world: World) -> None:
    """Who waits, for how long, and what somebody must look at."""
    talking(world, number="+5015551111")
    world.ask()
    world.clock.s += 100
    shown = queue_figures(world.desk, world.clock).decode()
    assert "ventanilla_tickets_waiting 1.0" in shown
    assert "ventanilla_tickets_talking 1.0" in shown
    assert "ventanilla_oldest_wait_seconds 100.0" in shown
    for alarm in Alarm:
        assert f'ventanilla_ticket_alarms{{alarm="{alarm.value}"}} 0.0' in shown
    assert NUMBER not in shown


def test_a_record_that_cannot_be_read_is_told_and_hides_no_other(world: World) -> None:
    """Sealed with a secret that is lost: the advisor sees that something was there."""
    id_ = talking(world, note="hola")
    key = Records(world.person().key).ticket(id_)
    world.connection.command("HSET", key, "m1", b"\x00" * 40, "contact", b"nonsense")
    assert [(m.voice, m.text) for m in world.desk.messages(id_)] == [
        (Voice.EVENT, "unreadable"),
        (Voice.EVENT, "taken"),
    ]
    assert world.desk.contact(id_) is None
    assert world.desk.reply(id_, "ana", "hola", "n1") is Done.PERSON_GONE


def test_a_damaged_ticket_hides_no_other(world: World) -> None:
    """One broken record must not empty the queue of everybody."""
    broken, sound = world.ask(number="+5015551001"), world.ask(number="+5015551002")
    world.connection.command("HSET", Records(world.person("+5015551001").key).ticket(broken), "stage", "lost")
    assert [ticket.id for ticket in world.another_desk().open_tickets()] == [sound]
    assert world.desk.ticket(broken) is None
    world.desk.forget_lost()
    assert world.desk.facts().is_there
    world.connection.command("HSET", Records(world.person("+5015551001").key).ticket(broken), "stage", "waiting")
    assert {ticket.id for ticket in world.another_desk().open_tickets()} == {broken, sound}


def test_a_talk_does_not_outlive_its_session(world: World) -> None:
    """An answer after days of silence must still find the person where they are."""
    id_ = talking(world)
    session = Records(world.person().key).session(Channel.SMS)
    for how in (
        lambda: world.desk.reply(id_, "ana", "hola", "n1"),
        lambda: world.desk.reply(id_, "ana", "hola?", "n2"),
    ):
        world.connection.command("EXPIRE", session, 100)
        assert how() is Done.DONE
        assert world.connection.command("TTL", session) > 3 * 24 * 3600


# --- counts ------------------------------------------------------------------------------------------------------


def test_counts_under_ten_are_hidden(world: World) -> None:
    """A day with few handovers would tell of somebody (R55)."""
    inbox = TicketInbox(world.desk, world.keys)
    for number in range(LEAST_SHOWN + 2):
        phone = f"+50155590{number:02d}"
        received = world.received("", Channel.SMS, phone)
        id_ = world.ask(number=phone, danger="certain")
        loaded = world.store.load(received.person, received.inbound, world.codes)
        ticket = world.desk.ticket(id_)
        assert ticket is not None
        _count_opening(inbox, loaded, id_)
        if number == LEAST_SHOWN - 2:
            [row] = world.desk.counting.rows(1)
            assert row.opened is None
        world.clock.s += 60
        world.desk.take(id_, "ana")
        world.clock.s += 30
        world.desk.reply(id_, "ana", "hola", f"n{number}")
        if number < 3:
            world.desk.close(id_, "ana")
    [row] = world.desk.counting.rows(3)
    assert (row.language, row.opened, row.taken, row.answered) == ("es", 12, 12, 12)
    assert (row.danger_opened, row.danger_reached) == (12, 12)
    assert (row.wait_s, row.answer_s, row.danger_answer_s) == (60, 90, 90)
    assert (row.outcomes["handed_back"], row.outcomes["exit"]) == (None, 0)
    assert row.waits == (12, 0, 0, 0, 0)


def test_danger_that_is_told_later_counts_from_then_until_somebody_answers(world: World) -> None:
    """Otherwise nobody would know how many reach a human who tell of danger while they wait (R44)."""
    inbox = TicketInbox(world.desk, world.keys)
    for number in range(LEAST_SHOWN):
        phone = f"+50155591{number:02d}"
        id_ = world.ask(number=phone)
        world.clock.s += 100
        raised = Effect(handoff.RAISED, {"ticket": id_})
        for _ in range(2):  # told twice, it is one person
            loaded = world.turn(world.received("auxilio", Channel.SMS, phone), saying(raised))
            inbox.committed(Turn(loaded.state, None, language="es", effects=(raised,)), loaded)
        world.desk.take(id_, "ana")
        world.clock.s += 50
        world.desk.reply(id_, "ana", "hola", f"a{number}")
        world.desk.reply(id_, "ana", "sigo aquí", f"b{number}")
    [row] = world.desk.counting.rows(3)
    assert (row.danger_opened, row.danger_reached, row.raised) == (LEAST_SHOWN, LEAST_SHOWN, 2 * LEAST_SHOWN)
    assert 50 <= (row.danger_answer_s or 0) <= 52


def _count_opening(inbox: TicketInbox, loaded: Any, id_: str) -> None:
    effect = Effect(handoff.OPENED, {"ticket": id_, "language": "es", "danger": "certain"})
    inbox.committed(Turn(loaded.state, None, language="es", effects=(effect,)), loaded)


def test_ours_is_an_inbox(world: World) -> None:
    """Another inbox can take its place: the conversation knows these five and no more."""
    inbox: Inbox = TicketInbox(world.desk, world.keys)
    id_ = talking(world)
    assert inbox.facts().is_there
    assert inbox.reply(id_, "ana", "hola", "n1") is Done.DONE
    assert inbox.close(id_, "ana") is Done.DONE


def test_the_bots_own_turns_are_what_the_desk_asks_for() -> None:
    """The sample turns of these tests have the names of the real ones."""
    from bot import desk_turns

    wanted = {name for name in vars(Turns) if not name.startswith("_")}
    assert wanted <= set(vars(desk_turns))
    takes: Callable[..., object] = desk_turns.taken
    assert callable(takes)
