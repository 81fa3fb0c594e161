"""A ticket is written with the turn that asks for it, holds no plain word, and goes with its person."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot import handoff
from bot.inbound import Channel, Location, Media
from bot.session import Codes, Owner
from bot.turn import Effect, Turn
from tests.tickets_world import NUMBER, OURS, World, saying
from webhook.desk.changing import Done
from webhook.desk.records import Attachment, Contact, Message, Outcome, Stage, Voice
from webhook.desk.sealing import BadRecord, open_message, seal_message
from webhook.desk.writing import ticket_write
from webhook.keys import Keys
from webhook.store.connection import Connection
from webhook.store.keyspace import Records
from webhook.store.lifetimes import CLOSED_TICKET_TTL_S, DANGER_TICKET_TTL_S, OPEN_TICKET_TTL_S
from webhook.store.sessions import Outcome as Committing
from webhook.store.tickets import MOST_MESSAGES

USER = "BZ.1000000000000001"
MARKER = "zanahoria morada"


@pytest.fixture
def world(connection: Connection, keys: Keys, codes: Codes) -> World:
    return World(connection, keys, codes)


def ttl_s(world: World, ticket: str, key: str = "") -> int:
    return int(world.connection.command("TTL", Records(key or world.person().key).ticket(ticket)))


def test_opening_writes_all_that_the_person_agreed_to_share(world: World) -> None:
    """The advisor sees case, language, topic and the note, and nothing that was not shown before the yes (R37, R41)."""
    id_ = world.ask(Channel.WHATSAPP, danger="possible", note="necesito ayuda")
    ticket = world.desk.ticket(id_)
    assert ticket is not None
    assert (ticket.stage, ticket.channel, ticket.language) == (Stage.WAITING, Channel.WHATSAPP, "es")
    assert (ticket.topic, ticket.danger, ticket.path) == ("work", "possible", ("main", "work"))
    assert ticket.opened_s == ticket.said_s == int(world.clock.s)
    assert ticket.promised_s == ticket.opened_s + 900
    [note] = world.desk.messages(id_)
    assert (note.voice, note.text, note.is_first_note) == (Voice.PERSON, "necesito ayuda", True)
    assert world.desk.contact(id_) == Contact(f"whatsapp:{NUMBER}", f"whatsapp:{OURS}")
    assert [open_.id for open_ in world.desk.open_tickets()] == [id_]
    assert OPEN_TICKET_TTL_S - 5 < ttl_s(world, id_) <= OPEN_TICKET_TTL_S


def test_several_effects_of_a_turn_are_one_write(world: World, keys: Keys) -> None:
    """One turn changes a ticket once, so that nobody sees half of it."""
    received = world.received("azul", Channel.SMS)
    effects = (
        Effect(handoff.SAID, {"ticket": "T1", "text": "uno", "danger": "", "note": ""}),
        Effect(handoff.CHECK_WORD, {"ticket": "T1", "text": "azul"}),
        Effect(handoff.SAFE_TIME, {"ticket": "T1", "value": "morning"}),
        Effect(handoff.SPEAKS, {"ticket": "T1", "language": "en"}),
        Effect(handoff.RAISED, {"ticket": "T1"}),
        Effect("question_asked", {"entry": "x"}),
    )
    write = ticket_write(effects, received, "person", keys)
    assert write is not None
    assert len(write.adds) == 1
    assert (write.sets["safe"], write.sets["language"], write.sets["raised"]) == ("morning", "en", 1)
    assert ticket_write(effects[-1:], received, "person", keys) is None
    assert ticket_write((), received, "person", keys) is None


def test_check_word_and_later_changes_reach_the_advisor(world: World) -> None:
    """Who answers can ask for the agreed word first (R43), and writes in the language spoken now."""
    id_ = world.ask()
    effects = (
        Effect(handoff.CHECK_WORD, {"ticket": id_, "text": "colibri"}),
        Effect(handoff.SAFE_TIME, {"ticket": id_, "value": "evening"}),
        Effect(handoff.SPEAKS, {"ticket": id_, "language": "en"}),
    )
    world.turn(world.received("colibri", Channel.SMS), saying(*effects))
    contact, ticket = world.desk.contact(id_), world.desk.ticket(id_)
    assert contact is not None
    assert ticket is not None
    assert (contact.check_word, ticket.safe_time, ticket.language) == ("colibri", "evening", "en")


def test_photos_and_places_come_along(world: World, keys: Keys) -> None:
    """What a person sends instead of words reaches the advisor as such."""
    received = world.received("", Channel.WHATSAPP)
    photo = Attachment("https://api.twilio.com/x/Media/ME1", "image/jpeg")
    inbound = replace(received.inbound, media=(Media.IMAGE,), location=Location(18.5, -88.3))
    received = replace(received, inbound=inbound, attachments=(photo,))
    effect = Effect(handoff.SAID, {"ticket": "T1", "text": "", "danger": "possible", "note": ""})
    write = ticket_write((effect,), received, "person", keys)
    assert write is not None
    message = open_message(write.adds[0], "T1", keys)
    assert (message.attachments, message.location, message.danger) == ((photo,), (18.5, -88.3), "possible")
    with pytest.raises(BadRecord):
        open_message(write.adds[0], "T2", keys)


@pytest.mark.parametrize(
    "message",
    [
        Message(1, Voice.EVENT, "taken", author="u1"),
        Message(0, Voice.NOTE, "ñandú \ud83d \U0001f600 \u202e"),
        Message(2, Voice.ADVISOR, "x", author="u", entry="e", answer="main", count=3),
        Message(3, Voice.PERSON, location=(0.0, -88.25), is_first_note=True),
    ],
    ids=lambda message: message.voice.value,
)
def test_every_message_is_read_back_as_it_was(keys: Keys, message: Message) -> None:
    """Also with half a surrogate pair in it."""
    assert open_message(seal_message(message, "T1", keys), "T1", keys) == message


@pytest.mark.parametrize(
    ("why", "outcome"),
    [
        ("menu", Outcome.LEFT),
        ("no_longer", Outcome.LEFT),
        ("exit", Outcome.EXIT),
        ("opted_out", Outcome.OPTED_OUT),
    ],
)
def test_who_leaves_closes_the_ticket(world: World, why: str, outcome: Outcome) -> None:
    """The queue shows only who still wants an answer; nobody can write to who has left."""
    id_ = world.ask(note="hola")
    world.leave(id_, why)
    ticket = world.desk.ticket(id_)
    assert ticket is not None
    assert (ticket.stage, ticket.outcome, ticket.closed_s) == (Stage.CLOSED, outcome, int(world.clock.s))
    assert world.desk.open_tickets() == []
    assert [closed.id for closed in world.desk.closed_tickets(10)] == [id_]
    assert world.desk.contact(id_) is None
    assert CLOSED_TICKET_TTL_S - 5 < ttl_s(world, id_) <= CLOSED_TICKET_TTL_S


@pytest.mark.parametrize("how", ["opened in danger", "possible since", "certain since"])
def test_the_text_of_a_ticket_with_danger_is_kept_for_an_hour_only(world: World, how: str) -> None:
    """Whatever told of danger must be gone soon after (R54)."""
    id_ = world.ask(danger="certain" if how == "opened in danger" else "")
    if how == "possible since":
        fields = {"ticket": id_, "text": "tengo miedo", "danger": "possible", "note": ""}
        world.turn(world.received("tengo miedo", Channel.SMS), saying(Effect(handoff.SAID, fields)))
    if how == "certain since":
        world.turn(world.received("ayuda", Channel.SMS), saying(Effect(handoff.RAISED, {"ticket": id_})))
    ticket = world.desk.ticket(id_)
    assert ticket is not None
    assert ticket.is_dangerous
    world.leave(id_, "menu")
    assert 0 < ttl_s(world, id_) <= DANGER_TICKET_TTL_S


def test_a_flood_does_not_fill_the_store(world: World) -> None:
    """Anybody can send a thousand messages; the advisor is told how many found no room, and can still answer."""
    id_ = world.ask()
    for _ in range(3):  # in few turns: what counts is what the ticket takes
        said = [Effect(handoff.SAID, {"ticket": id_, "text": f"{n}", "danger": "", "note": ""}) for n in range(150)]
        world.turn(world.received("x", Channel.SMS), saying(*said))
    ticket = world.desk.ticket(id_)
    assert ticket is not None
    assert (ticket.messages, ticket.beyond) == (MOST_MESSAGES, 50)
    last = world.desk.messages(id_)[-1]
    assert (last.voice, last.text, last.count) == (Voice.EVENT, "too_many", 50)
    assert world.desk.take(id_, "ana").is_done
    assert world.desk.reply(id_, "ana", "hola", "n1") is Done.DONE


def test_long_messages_fill_a_ticket_as_many_do(world: World) -> None:
    """Two hundred kilobytes are enough for any story."""
    id_ = world.ask()
    for _ in range(60):
        world.say(id_, "ñ" * 4096)
    ticket = world.desk.ticket(id_)
    assert ticket is not None
    assert ticket.size_bytes <= 200_000
    assert ticket.messages + ticket.beyond == 60
    assert ticket.beyond > 0


def test_a_copy_of_the_store_shows_no_word_and_no_number(
    world: World, everything: Callable[[], dict[bytes, bytes]]
) -> None:
    """Who takes the store without the secret learns nothing of anybody (R52)."""
    world.connection.command("CONFIG", "SET", "rdbcompression", "no")  # else the search would prove nothing
    id_ = world.ask(Channel.WHATSAPP, note=MARKER)
    world.turn(
        world.received(MARKER, Channel.WHATSAPP),
        saying(Effect(handoff.CHECK_WORD, {"ticket": id_, "text": MARKER})),
    )
    world.desk.take(id_, "ana")
    world.desk.reply(id_, "ana", MARKER, "n1")
    world.desk.note(id_, "ana", MARKER, "n2")
    world.desk.close(id_, "ana")
    stored = b"".join(key + value for key, value in everything().items())
    assert id_.encode() in stored  # the search finds what is there
    for personal in (MARKER, MARKER.split()[0], NUMBER, NUMBER[1:], "handed back"):
        assert personal.encode() not in stored
    world.connection.command("CONFIG", "SET", "rdbcompression", "yes")


@pytest.mark.parametrize("stage", ["waiting", "talking", "closed"])
def test_delete_removes_the_text_of_a_ticket_at_once(
    world: World, everything: Callable[[], dict[bytes, bytes]], stage: str
) -> None:
    """The receipt says that everything is gone; an advisor with the page open sees only that it was erased."""
    id_ = world.ask(note=MARKER)
    if stage != "waiting":
        world.desk.take(id_, "ana")
        world.desk.reply(id_, "ana", MARKER, "n1")
    if stage == "closed":
        world.desk.close(id_, "ana")
    person = world.person().key
    world.delete()

    ticket = world.desk.ticket(id_)
    assert ticket is not None
    assert (ticket.stage, ticket.outcome, ticket.person) == (Stage.CLOSED, Outcome.ERASED, "")
    assert (world.desk.messages(id_), world.desk.contact(id_), world.desk.open_tickets()) == ([], None, [])
    fields = world.connection.command("HKEYS", Records(person).ticket(id_))
    assert set(fields) == {b"stage", b"outcome", b"closed", b"channel", b"language", b"opened", b"rev"}
    left = everything()
    assert not any(person.encode() in key or person.encode() in value for key, value in left.items())
    assert {key.split(b":")[2] for key in left if b"staff" not in key} == {b"m", b"t", b"closed", b"rev"}
    assert world.desk.take(id_, "ben") is Done.ERASED
    assert world.desk.reply(id_, "ana", "hola", "n2") is Done.ERASED
    assert world.desk.close(id_, "ana") is Done.ERASED


def test_delete_also_reaches_tickets_under_other_codes_of_the_person(world: World) -> None:
    """Asked by SMS before WhatsApp told the user id: the ticket stands under the number."""
    id_ = world.ask(number=NUMBER)
    other = world.person(NUMBER, USER)
    loaded_key = other.user
    assert loaded_key != other.number
    # a message with the user id alone: nothing tells the store yet that both are one person
    world.turn(world.received("hola", Channel.WHATSAPP, "", USER), saying())
    world.delete(Channel.WHATSAPP, number=NUMBER, user=USER)
    ticket = world.desk.ticket(id_)
    assert ticket is not None
    assert ticket.outcome is Outcome.ERASED
    assert world.connection.command("KEYS", f"*{other.number}*") == []


def test_a_turn_for_a_ticket_that_is_gone_says_so(world: World, keys: Keys) -> None:
    """The person must not be left with an advisor who is not there."""
    id_ = world.ask()
    world.connection.command("DEL", Records(world.person().key).ticket(id_))
    fields = {"ticket": id_, "text": "hola?", "danger": "", "note": ""}
    received = world.received("hola?", Channel.SMS)
    committed, _ = world.commit(received, saying(Effect(handoff.SAID, fields)))
    assert committed.outcome is Committing.GONE
    assert world.session().misses == 1  # nothing was written


def test_a_repeated_message_writes_to_the_ticket_once(world: World) -> None:
    """The provider delivers twice; the advisor reads once."""
    id_ = world.ask()
    received = world.received("una vez", Channel.SMS)
    said = saying(Effect(handoff.SAID, {"ticket": id_, "text": "una vez", "danger": "", "note": ""}))
    loaded = world.store.load(received.person, received.inbound, world.codes)
    turn = said(loaded)
    write = ticket_write(turn.effects, received, loaded.key, world.keys)
    outcomes = [world.store.commit(loaded, turn, ticket=write).outcome for _ in range(2)]
    assert outcomes == [Committing.COMMITTED, Committing.REPEAT]
    assert [message.text for message in world.desk.messages(id_)] == ["una vez"]


def test_who_leaves_is_sent_nothing_more_on_that_channel(world: World) -> None:
    """X stops everything (R15): what waits in the outbox is dropped, but not what waits on another channel."""
    id_ = world.ask()
    world.desk.take(id_, "ana")
    world.desk.reply(id_, "ana", "hola", "n1")
    [entry] = world.outbox()
    records = Records(world.person().key)
    world.connection.command("HSET", records.attempts, entry.id, "{}")
    whatsapp = world.ask(Channel.WHATSAPP)
    world.desk.take(whatsapp, "ana")
    world.desk.reply(whatsapp, "ana", "otra", "n2")
    assert len(world.outbox()) == 2
    world.leave(id_, "exit")
    assert [left.channel for left in world.outbox()] == [Channel.WHATSAPP]
    assert world.connection.command("HEXISTS", records.attempts, entry.id) == 0


def test_a_message_of_the_person_makes_what_is_parked_due_at_once(world: World) -> None:
    """The window is open again: the answer that waited goes out now, not at the next look."""
    id_ = world.ask(Channel.WHATSAPP)
    world.desk.take(id_, "ana")
    world.desk.reply(id_, "ana", "hola", "n1")
    records = Records(world.person().key)
    parked_until = int(world.clock.s) + 1800
    world.connection.command("ZADD", records.due, parked_until, world.person().key)
    world.say(id_, "aqui estoy", Channel.WHATSAPP)
    assert float(world.connection.command("ZSCORE", records.due, world.person().key)) == int(world.clock.s)


def test_an_ordinary_turn_touches_no_ticket(world: World) -> None:
    """Most people never ask for an advisor."""
    world.turn(world.received("hola", Channel.SMS), saying())
    assert {key.split(b":")[2] for key in world.connection.command("KEYS", "*")} == {b"m", b"r", b"recent", b"s"}


def test_every_key_of_a_ticket_ends_by_itself(world: World) -> None:
    """Nothing outlives what the privacy page says, even if every process stops."""
    id_ = world.ask(note="hola")
    world.desk.be_on_duty("ana")
    world.desk.take(id_, "ana")
    world.desk.note(id_, "ana", "x", "n1")
    world.desk.close(id_, "ana")
    lifelong = {key for key in world.connection.command("KEYS", "*") if world.connection.command("TTL", key) < 0}
    assert {key.split(b":")[2] for key in lifelong} <= {b"due", b"o"}


def test_a_ticket_closed_meanwhile_frees_the_person(world: World) -> None:
    """The advisor closes while the person writes: the message is stepped again, and the bot answers it."""
    id_ = world.ask()
    world.desk.take(id_, "ana")
    received = world.received("gracias", Channel.SMS)
    loaded = world.store.load(received.person, received.inbound, world.codes)
    assert loaded.state.session.owner is Owner.ADVISOR
    world.desk.close(id_, "ana")
    turn: Turn = saying(Effect(handoff.SAID, {"ticket": id_, "text": "gracias", "danger": "", "note": ""}))(loaded)
    write = ticket_write(turn.effects, received, loaded.key, world.keys)
    assert world.store.commit(loaded, turn, ticket=write).outcome is Committing.CONFLICT
    again = world.store.load(received.person, received.inbound, world.codes)
    assert (again.state.session.owner, again.state.session.ticket) == (Owner.BOT, "")
