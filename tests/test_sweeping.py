"""Nobody waits without knowing it: promises, silent advisors and tickets left alone, by a clock that tests move."""

from functools import partial

import pytest

from bot.inbound import Channel
from bot.session import Codes, Owner, Prefs, dump_prefs
from tests.tickets_world import World, at_once
from webhook.desk.changing import Done
from webhook.desk.records import Alarm, Outcome, Stage, Ticket, Voice
from webhook.desk.speaking import WINDOW_S
from webhook.desk.sweeping import SILENT_AFTER_S, TAKEN_AGAIN_IN_S, UNTOUCHED_AFTER_S, sweep
from webhook.keys import Keys
from webhook.outbox.entries import Kind
from webhook.store.connection import Connection
from webhook.store.keyspace import PREFIXES, Records, desk_keys


@pytest.fixture
def world(connection: Connection, keys: Keys, codes: Codes) -> World:
    return World(connection, keys, codes)


def pass_s(world: World, seconds: int) -> int:
    """Let time pass, and sweep as the sender does."""
    world.clock.s += seconds
    return sweep(world.desk, int(world.clock.s))


def found(world: World, id_: str) -> Ticket:
    ticket = world.desk.ticket(id_)
    assert ticket is not None
    return ticket


def told(world: World) -> list[str]:
    """What the bot has sent by the outbox."""
    entries = world.outbox()
    assert all(entry.kind is Kind.NOTICE for entry in entries)
    return [entry.text for entry in entries]


def test_with_nobody_on_duty_the_person_is_told_in_time_and_an_alarm_shows(world: World) -> None:
    """The promise is kept or taken back (R40); once, however often the sweeper looks."""
    id_ = world.ask(promised_in_s=900)
    assert pass_s(world, 899) == 0
    assert (found(world, id_).alarm, told(world)) == (None, [])
    assert pass_s(world, 1) == 1
    assert (found(world, id_).alarm, told(world)) == (Alarm.NOT_TAKEN, ["not taken"])
    assert found(world, id_).stage is Stage.WAITING
    assert world.session().owner is Owner.QUEUE
    assert [pass_s(world, 5) for _ in range(5)] == [0] * 5
    assert told(world) == ["not taken"]
    assert [(m.voice, m.text) for m in world.desk.messages(id_)] == [
        (Voice.EVENT, "not_taken"),
        (Voice.BOT, "not taken"),
    ]
    assert world.desk.take(id_, "ana") is Done.DONE
    assert found(world, id_).alarm is None


def test_who_named_a_safe_time_is_told_then_and_the_alarm_does_not_wait(world: World) -> None:
    """A message at another time can betray somebody (R17); that somebody must act is shown at once all the same."""
    id_ = world.ask(promised_in_s=900, safe_time="afternoon")  # it is 9:00 in UTC, 4:00 in Chetumal
    assert pass_s(world, 900) == 1
    assert (found(world, id_).alarm, told(world)) == (Alarm.NOT_TAKEN, [])
    assert [pass_s(world, 60) for _ in range(3)] == [0] * 3
    assert pass_s(world, 9 * 3600) == 1  # after one o'clock in Chetumal
    assert told(world) == ["not taken"]
    assert [pass_s(world, 60) for _ in range(3)] == [0] * 3


def test_who_wants_messages_only_after_writing_is_told_as_soon_as_they_write(world: World) -> None:
    """They hold the phone then. Until then nothing comes, however long it takes (R17)."""
    id_ = world.ask(promised_in_s=900, safe_time="after-i-write")
    pass_s(world, 5 * 3600)
    assert (found(world, id_).alarm, told(world)) == (Alarm.NOT_TAKEN, [])
    world.say(id_, "hay alguien?")
    assert pass_s(world, 5) == 1
    assert told(world) == ["not taken"]


def test_a_silent_advisor_is_not_told_of_at_an_unsafe_time(world: World) -> None:
    """The chat goes back to the queue for others to take, without a word to the phone."""
    id_ = world.ask(safe_time="after-i-write")
    world.desk.take(id_, "ana")
    world.say(id_, "hola")
    assert pass_s(world, SILENT_AFTER_S) == 1
    assert (found(world, id_).alarm, found(world, id_).stage) == (Alarm.SILENT, Stage.WAITING)
    assert (world.session().owner, told(world)) == (Owner.QUEUE, [])


def test_an_advisor_who_is_silent_loses_the_chat(world: World) -> None:
    """From the first message without an answer: who goes on writing does not wait longer for it."""
    id_ = world.ask()
    world.desk.take(id_, "ana")
    world.desk.reply(id_, "ana", "hola", "n1")
    assert pass_s(world, 3600) == 0  # it is the person's turn
    world.say(id_, "estas ahi?")
    assert pass_s(world, SILENT_AFTER_S - 60) == 0
    world.say(id_, "hola??")
    assert pass_s(world, 59) == 1
    ticket = found(world, id_)
    assert (ticket.stage, ticket.advisor, ticket.alarm) == (Stage.WAITING, "", Alarm.SILENT)
    assert ticket.promised_s == int(world.clock.s) + TAKEN_AGAIN_IN_S
    assert world.outbox()[-1].text == "advisor silent"
    assert world.session().owner is Owner.QUEUE
    assert world.desk.reply(id_, "ana", "perdon", "n2") is Done.NOT_YOURS
    assert pass_s(world, 5) == 0
    assert pass_s(world, TAKEN_AGAIN_IN_S) == 1  # the new promise is over as well
    assert (found(world, id_).alarm, world.outbox()[-1].text) == (Alarm.NOT_TAKEN, "not taken")


def test_an_advisor_who_takes_and_never_writes_is_silent_too(world: World) -> None:
    """Counted from the taking, not from how long the person had waited before."""
    id_ = world.ask(note="hola", promised_in_s=10**6)
    assert pass_s(world, 2 * SILENT_AFTER_S) == 0
    world.desk.take(id_, "ana")
    assert pass_s(world, SILENT_AFTER_S - 1) == 0
    assert pass_s(world, 1) == 1
    assert found(world, id_).alarm is Alarm.SILENT


@pytest.mark.parametrize("stage", [Stage.WAITING, Stage.TALKING])
def test_a_ticket_left_alone_closes_itself_and_says_so(world: World, stage: Stage) -> None:
    """After three days nobody believes in an answer any more; the bot takes over again."""
    id_ = world.ask(promised_in_s=10**6)
    if stage is Stage.TALKING:
        world.desk.take(id_, "ana")
        world.desk.reply(id_, "ana", "hola", "n1")
    assert pass_s(world, UNTOUCHED_AFTER_S - 1) == 0
    assert pass_s(world, 1) == 1
    ticket = found(world, id_)
    assert (ticket.stage, ticket.outcome) == (Stage.CLOSED, Outcome.UNTOUCHED)
    assert world.outbox()[-1].text == "untouched"
    assert (world.session().owner, world.session().ticket) == (Owner.BOT, "")
    assert world.desk.open_tickets() == []


@pytest.mark.parametrize("why", ["window", "opted out", "no session"])
def test_who_cannot_be_told_is_not_written_to_but_the_ticket_closes(world: World, why: str) -> None:
    """No message outside WhatsApp's window or after an opt-out; the queue is cleared all the same."""
    channel = Channel.WHATSAPP if why == "window" else Channel.SMS
    id_ = world.ask(channel, promised_in_s=WINDOW_S + 10)
    records = Records(world.person().key)
    if why == "opted out":
        world.connection.command("SET", records.prefs, dump_prefs(Prefs("es").opt_out(channel)))
    if why == "no session":
        world.connection.command("DEL", records.session(channel))
    assert pass_s(world, WINDOW_S + 10) == 1
    assert found(world, id_).alarm is Alarm.NOT_TAKEN
    assert pass_s(world, UNTOUCHED_AFTER_S) == 1
    assert found(world, id_).outcome is Outcome.UNTOUCHED
    assert told(world) == []


def test_of_many_sweepers_one_tells(world: World) -> None:
    """Every sender sweeps; a person gets one message."""
    desks = [world.another_desk() for _ in range(4)]
    for number in range(12):
        world.ask(number=f"+50155560{number:02d}")
    world.clock.s += 1000
    done = at_once(*(partial(sweep, desk, int(world.clock.s)) for desk in desks))
    assert sum(done) == 12
    for number in range(12):
        assert [entry.text for entry in world.outbox(world.person(f"+50155560{number:02d}").key)] == ["not taken"]


def test_of_a_sweep_and_an_advisor_who_takes_at_once_either_is_first(world: World) -> None:
    """The last second: told and then taken, or taken and not told; never an alarm at a taken ticket."""
    for number in range(20):
        phone = f"+50155570{number:02d}"
        id_ = world.ask(number=phone, promised_in_s=10)
        world.clock.s += 10
        swept, taken = at_once(partial(pass_s, world, 0), partial(world.another_desk().take, id_, "ana"))
        assert taken is Done.DONE
        ticket = found(world, id_)
        assert (ticket.stage, ticket.alarm) == (Stage.TALKING, None)
        assert world.session(number=phone).owner is Owner.ADVISOR
        assert len(world.outbox(world.person(phone).key)) == swept


def test_what_has_ended_by_its_lifetime_leaves_the_list(world: World) -> None:
    """The list of open tickets must not fill with what is no more."""
    id_ = world.ask()
    world.connection.command("DEL", Records(world.person().key).ticket(id_))
    assert pass_s(world, 5) == 0
    assert sum(world.connection.command("ZCARD", desk_keys(prefix)[0]) for prefix in PREFIXES) == 0
