"""When two codes turn out to be one person, their tickets and what waits to be sent come along: nothing lost or doubled."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from bot import handoff
from bot.inbound import Channel
from bot.session import Codes, Owner
from bot.turn import Effect
from tests.conftest import MONDAY_S
from tests.tickets_world import World, at_once, sample_entry, saying
from webhook.desk.changing import Done
from webhook.desk.records import Outcome, Stage
from webhook.desk.tickets import READ_TICKETS
from webhook.keys import Keys
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown
from webhook.store.keyspace import PREFIXES, Records, prefix_of
from webhook.store.scripts import ADOPT, ADOPT_TICKET, RELEASE_CODE, SETTLE_TICKET, Script
from webhook.store.sessions import SessionStore


@pytest.fixture
def world(connection: Connection, keys: Keys, codes: Codes) -> World:
    return World(connection, keys, codes)


def somebody(world: World, *, stays: bool, start: int = 0) -> tuple[str, str]:
    """A number and a user id whose codes are in the same partition, or in two."""
    for at in range(start, start + 5000):
        number, user = f"+501557{at:04d}", f"BZ.{at}"
        person = world.person(number, user)
        if (prefix_of(person.user) == prefix_of(person.number)) is stays:
            return number, user
    raise AssertionError("no such pair")


def links(world: World, number: str, user: str) -> None:
    """A message that shows number and user id together."""
    world.turn(world.received("hola", Channel.WHATSAPP, number, user), saying())


@pytest.fixture(params=[False, True], ids=["another partition", "the same partition"])
def who(world: World, request: pytest.FixtureRequest) -> tuple[str, str]:
    return somebody(world, stays=request.param)


def keys_of(world: World, code: str) -> list[str]:
    found: list[bytes] = world.connection.command("KEYS", f"*{code}*")
    return [key.decode() for key in found if b":a:" not in key]


def test_a_ticket_comes_along_and_is_answered_as_before(world: World, who: tuple[str, str]) -> None:
    """The advisor notices nothing."""
    number, user = who
    id_ = world.ask(number=number, note="hola", danger="possible")
    world.desk.take(id_, "ana")
    before, said = world.desk.ticket(id_), world.desk.messages(id_)
    links(world, number, user)

    person = world.person(number, user)
    after = world.desk.ticket(id_)
    assert before is not None
    assert after is not None
    assert (after.person, after.stage, after.advisor) == (person.user, Stage.TALKING, "ana")
    assert (after.opened_s, after.danger, after.messages) == (before.opened_s, "possible", 2)
    assert world.desk.messages(id_) == said
    assert [ticket.id for ticket in world.desk.open_tickets()] == [id_]
    assert [ticket.id for ticket in world.another_desk().open_tickets()] == [id_]
    assert keys_of(world, person.number) == []

    world.say(id_, "sigo aqui", number=number)
    assert world.desk.reply(id_, "ana", "bien", "n1") is Done.DONE
    assert [entry.text for entry in world.outbox(person.user)] == ["Advisor: bien"]
    assert world.desk.close(id_, "ana") is Done.DONE
    assert world.session(number=number).owner is Owner.BOT
    world.delete(number=number, user=user)
    erased = world.another_desk().ticket(id_)
    assert erased is not None
    assert erased.outcome is Outcome.ERASED


def test_what_waits_in_the_outbox_comes_along_with_its_attempts(world: World, who: tuple[str, str]) -> None:
    """An attempt whose end is not known must stay known, or the message is sent twice."""
    number, user = who
    id_ = world.ask(number=number)
    world.desk.take(id_, "ana")
    for at in range(3):
        world.desk.reply(id_, "ana", f"{at}", f"n{at}")
    person = world.person(number, user)
    old, new = Records(person.number), Records(person.user)
    entries = world.outbox(person.number)
    world.connection.command("HSET", old.attempts, entries[0].id, '{"attempt_ms":1}', "claim", "token 99")
    world.connection.command("EXPIRE", old.attempts, 1000)
    links(world, number, user)
    assert world.outbox(person.user) == entries
    found = world.connection.command("HMGET", new.attempts, entries[0].id, "claim")
    assert found == [b'{"attempt_ms":1}', b"token 99"]
    assert 0 < world.connection.command("TTL", new.attempts) <= 1000
    assert world.connection.command("ZSCORE", old.due, person.number) is None
    assert world.connection.command("ZSCORE", new.due, person.user) is not None


def test_closed_tickets_come_along_and_are_erased_with_the_person(world: World, who: tuple[str, str]) -> None:
    """Their text is the person's as well."""
    number, user = who
    id_ = world.ask(number=number, note="hola")
    world.leave(id_, "menu", number=number)
    left_ms = world.connection.command("PTTL", Records(world.person(number).key).ticket(id_))
    links(world, number, user)
    assert [ticket.id for ticket in world.desk.closed_tickets(10)] == [id_]
    moved = Records(world.person(number, user).user).ticket(id_)
    assert 0 < world.connection.command("PTTL", moved) <= left_ms
    world.delete(Channel.WHATSAPP, number=number, user=user)
    assert world.desk.messages(id_) == []


class Between(Connection):
    """A connection that lets something happen once, before or after a certain script, or stops there."""

    script: Script | None = None
    happens: Callable[[], object] | None = None
    after = False

    def run(self, script: Script, *args: Any, **options: Any) -> Any:
        happens = self.happens if script is self.script else None
        if happens:
            self.happens = None
        if happens and not self.after:
            happens()
        answer = super().run(script, *args, **options)
        if happens and self.after:
            happens()
        return answer


def stop() -> None:
    raise StoreDown("lost")


@pytest.mark.parametrize("script", [ADOPT_TICKET, ADOPT, RELEASE_CODE], ids=["tickets", "records", "release"])
@pytest.mark.parametrize("what", ["reply", "close", "person writes", "sent", "delete"])
def test_what_happens_in_the_middle_of_a_move_is_neither_lost_nor_doubled(
    world: World, script: Script, what: str
) -> None:
    """An advisor, the person on the other channel, the sender: each at the worst moment."""
    number, user = somebody(world, stays=False)
    id_ = world.ask(number=number)
    world.desk.take(id_, "ana")
    world.desk.reply(id_, "ana", "uno", "n1")
    person = world.person(number, user)
    old = Records(person.number)

    def happens() -> None:
        if what == "reply":
            assert world.another_desk().reply(id_, "ana", "dos", "n2") is Done.DONE
        elif what == "close":
            assert world.another_desk().close(id_, "ana") is Done.DONE
        elif what == "person writes":
            world.say(id_, "dos", number=number)
        elif what == "sent":
            world.connection.command("LPOP", old.outbox)
        else:
            world.delete(number=number, user=user)

    connection = Between(world.connection.address.url)
    connection.script, connection.happens = script, happens
    mine, world.store = world.store, SessionStore(connection, world.keys)
    received = world.received("hola", Channel.WHATSAPP, number, user)
    if script is RELEASE_CODE:  # the first one asks whether there is anything
        connection.script = ADOPT
        connection.after = True
    world.store.load(received.person, received.inbound, world.codes)
    assert connection.happens is None
    world.store = mine

    ticket = world.desk.ticket(id_)
    assert ticket is not None
    sent = [entry.text for entry in world.outbox(person.user)]
    said = [message.text for message in world.desk.messages(id_)]
    if what == "delete":
        assert (ticket.outcome, said, sent) == (Outcome.ERASED, [], [])
    else:
        assert ticket.person == person.user
        assert said[:2] == ["taken", "uno"]
        assert said[2:] == {"reply": ["dos"], "close": ["handed back", "closed"], "person writes": ["dos"]}.get(
            what, []
        )
        uno, more = "Advisor: uno", {"reply": ["Advisor: dos"], "close": ["handed back"]}.get(what, [])
        assert sent == ([] if what == "sent" else [uno, *more])
        assert ticket.stage is (Stage.CLOSED if what == "close" else Stage.TALKING)
        assert world.session(number=number).owner is (Owner.BOT if what == "close" else Owner.ADVISOR)
    assert [open_.id for open_ in world.desk.open_tickets()] == ([id_] if what not in ("close", "delete") else [])
    assert keys_of(world, person.number) == []
    connection.close()


@pytest.mark.parametrize(
    ("script", "after"),
    [(ADOPT_TICKET, False), (ADOPT_TICKET, True), (ADOPT, True), (RELEASE_CODE, True), (SETTLE_TICKET, False)],
    ids=["before copying", "copied", "records copied", "released", "before the end"],
)
def test_a_move_that_stopped_is_no_end_of_the_ticket(world: World, script: Script, after: bool) -> None:
    """A worker may be killed anywhere: advisor and person go on, and the next message completes the move."""
    number, user = somebody(world, stays=False)
    id_ = world.ask(number=number)
    world.desk.take(id_, "ana")
    person = world.person(number, user)
    connection = Between(world.connection.address.url)
    connection.script, connection.happens, connection.after = script, stop, after
    received = world.received("hola", Channel.WHATSAPP, number, user)
    if script is RELEASE_CODE:
        stopped = [0]

        def second() -> None:
            stopped[0] += 1
            if stopped[0] == 1:  # the first one only asks whether there is anything
                connection.happens = second
                return
            stop()

        connection.happens = second
    with pytest.raises(StoreDown):
        SessionStore(connection, world.keys).load(received.person, received.inbound, world.codes)
    connection.close()

    assert world.desk.reply(id_, "ana", "uno", "n1") is Done.DONE
    assert [ticket.id for ticket in world.another_desk().open_tickets()] in ([id_], [])
    links(world, number, user)
    assert world.desk.reply(id_, "ana", "dos", "n2") is Done.DONE
    world.say(id_, "hola", number=number)
    assert [message.text for message in world.desk.messages(id_)] == ["taken", "uno", "dos", "hola"]
    assert [entry.text for entry in world.outbox(person.user)] == ["Advisor: uno", "Advisor: dos"]
    assert [ticket.id for ticket in world.another_desk().open_tickets()] == [id_]
    assert keys_of(world, person.number) == []


def test_a_person_known_by_the_user_id_alone_completes_a_move_that_stopped(world: World) -> None:
    """Their session was copied, the ticket's copy does not count yet: their message must reach it all the same."""
    number, user = somebody(world, stays=False)
    id_ = world.ask(Channel.WHATSAPP, number=number)
    connection = Between(world.connection.address.url)
    connection.script, connection.happens, connection.after = ADOPT, stop, True
    received = world.received("hola", Channel.WHATSAPP, number, user)
    with pytest.raises(StoreDown):
        SessionStore(connection, world.keys).load(received.person, received.inbound, world.codes)
    connection.close()
    said = Effect(handoff.SAID, {"ticket": id_, "text": "sigo", "danger": "", "note": ""})
    world.turn(world.received("sigo", Channel.WHATSAPP, "", user), saying(said))
    assert [message.text for message in world.desk.messages(id_)] == ["sigo"]
    assert keys_of(world, world.person(number).number) == []


def test_nothing_is_lost_while_people_move_and_talk(world: World) -> None:
    """Advisor, SMS and WhatsApp all at once, for people of many partitions."""
    for round_ in range(12):
        number, user = f"+50155444{round_:02d}", f"BZ.444{round_}"
        id_ = world.ask(number=number)
        assert world.desk.take(id_, "ana") is Done.DONE

        def person(number: str = number, id_: str = id_) -> None:
            for at in range(5):
                world.say(id_, f"p{at}", number=number)

        def advisor(id_: str = id_) -> None:
            desk = world.another_desk()
            for at in range(5):
                while not (done := desk.reply(id_, "ana", f"a{at}", f"n{at}")).is_done:
                    assert done is Done.BUSY

        def whatsapp(number: str = number, user: str = user) -> None:
            for _ in range(2):
                links(world, number, user)

        at_once(person, advisor, whatsapp, whatsapp)
        said = [message.text for message in world.desk.messages(id_)]
        assert [text for text in said if text[0] == "p"] == [f"p{at}" for at in range(5)]
        assert [text for text in said if text[0] == "a"] == [f"a{at}" for at in range(5)]
        key = world.person(number, user).user
        assert [entry.text for entry in world.outbox(key)] == [f"Advisor: a{at}" for at in range(5)]


def test_after_the_secret_was_changed_a_ticket_is_still_open(connection: Connection, codes: Codes) -> None:
    """Sealed with the one before, under a code of the one before."""
    old = World(connection, Keys("the secret of before, long enough for a secret"), codes)
    id_ = old.ask(note="hola")
    old.desk.take(id_, "ana")
    keys = Keys("the secret of today, long enough for a secret", "the secret of before, long enough for a secret")
    new = World(connection, keys, codes, sent=old.sent)
    new.clock.s = old.clock.s
    new.say(id_, "sigo")
    assert new.desk.reply(id_, "ana", "bien", "n1") is Done.DONE
    assert [message.text for message in new.desk.messages(id_)] == ["hola", "taken", "sigo", "bien"]
    assert len(new.outbox()) == 1


def test_an_entry_sent_from_the_old_place_between_two_rounds_is_not_sent_again(world: World) -> None:
    """The sender goes on while the records move."""
    number, user = somebody(world, stays=False)
    person = world.person(number, user)
    old = Records(person.number)
    for text in ("uno", "dos"):
        world.connection.command("RPUSH", old.outbox, sample_entry(person.number, world.keys, text))
    world.connection.command("ZADD", old.due, MONDAY_S, person.number)
    connection = Between(world.connection.address.url)
    connection.script, connection.after = ADOPT, True
    connection.happens = lambda: world.connection.command("LPOP", old.outbox)
    received = world.received("hola", Channel.WHATSAPP, number, user)
    SessionStore(connection, world.keys).load(received.person, received.inbound, world.codes)
    assert [entry.text for entry in world.outbox(person.user)] == ["dos"]
    connection.close()


def moves(world: World, connection: Connection, number: str, user: str) -> None:
    """A message of WhatsApp is read, with all that moves then."""
    received = world.received("hola", Channel.WHATSAPP, number, user)
    SessionStore(connection, world.keys).load(received.person, received.inbound, world.codes)


def test_what_somebody_else_let_go_of_after_it_was_copied_is_still_sent(world: World, who: tuple[str, str]) -> None:
    """Both copy it, then the first lets go: to the second, gone from the old place must not look like sent from there."""
    number, user = who
    id_ = world.ask(number=number)
    world.desk.take(id_, "ana")
    world.desk.reply(id_, "ana", "uno", "n1")
    first, second = (Between(world.connection.address.url) for _ in range(2))
    first.script = second.script = ADOPT
    first.after = second.after = True
    both, copied = threading.Event(), threading.Event()
    thread = threading.Thread(target=moves, args=[world, first, number, user])

    def first_waits() -> None:
        copied.set()
        both.wait(30)

    def first_lets_go() -> None:
        both.set()
        thread.join()

    first.happens, second.happens = first_waits, first_lets_go
    thread.start()
    assert copied.wait(30)
    moves(world, second, number, user)
    person = world.person(number, user)
    assert [entry.text for entry in world.outbox(person.user)] == ["Advisor: uno"]
    assert world.desk.reply(id_, "ana", "dos", "n2") is Done.DONE
    assert [entry.text for entry in world.outbox(person.user)] == ["Advisor: uno", "Advisor: dos"]
    assert keys_of(world, person.number) == []
    first.close()
    second.close()


def test_an_entry_that_one_copied_and_the_sender_sent_is_not_sent_again_when_another_completes_the_move(
    world: World, who: tuple[str, str]
) -> None:
    """The one who copied it knows that it was sent; whoever lets go of the old place must know as well."""
    number, user = who
    person = world.person(number, user)
    old = Records(person.number)
    for text in ("uno", "dos"):
        world.connection.command("RPUSH", old.outbox, sample_entry(person.number, world.keys, text))
    connection = Between(world.connection.address.url)
    connection.script, connection.after = ADOPT, True

    def sent_and_moved_by_another() -> None:
        world.connection.command("LPOP", old.outbox)
        moves(world, world.connection, number, user)

    connection.happens = sent_and_moved_by_another
    moves(world, connection, number, user)
    assert [entry.text for entry in world.outbox(person.user)] == ["dos"]
    assert keys_of(world, person.number) == []
    connection.close()


@pytest.mark.parametrize("script", [ADOPT_TICKET, ADOPT, RELEASE_CODE], ids=["tickets", "records", "release"])
@pytest.mark.parametrize("stays", [False, True], ids=["another partition", "the same partition"])
def test_a_delete_by_the_number_alone_reaches_what_is_being_copied(world: World, script: Script, stays: bool) -> None:
    """Whoever deletes by SMS does not show the user id that the records are just going to."""
    number, user = somebody(world, stays=stays)
    id_ = world.ask(number=number, note="hola")
    world.desk.take(id_, "ana")
    world.desk.reply(id_, "ana", "uno", "n1")
    connection = Between(world.connection.address.url)
    connection.script, connection.after = script, False
    if script is RELEASE_CODE:  # the first one asks whether there is anything
        connection.script, connection.after = ADOPT, True
    elif stays:
        connection.script = ADOPT
    connection.happens = lambda: world.delete(number=number)
    moves(world, connection, number, user)
    assert connection.happens is None
    connection.close()

    person = world.person(number, user)
    assert world.outbox(person.user) == []
    assert world.desk.messages(id_) == []
    assert world.session(number=number, user=user).ticket == ""
    assert world.session(number=number).ticket == ""
    kept = [key for key in keys_of(world, person.user) if ":n:" not in key and ":f:" not in key]
    assert kept == []
    assert keys_of(world, person.number) == []


class Counted(Connection):
    """A connection that lets something happen before the question of a certain number."""

    happens: Callable[[], object] | None = None
    left = 0

    def run(self, script: Script, *args: Any, **options: Any) -> Any:
        self._one_more()
        return super().run(script, *args, **options)

    def command(self, *words: str | bytes | int) -> Any:
        self._one_more()
        return super().command(*words)

    def _one_more(self) -> None:
        self.left -= 1
        if self.left == 0 and self.happens:
            self.happens()


@pytest.mark.parametrize("ends", [True, False], ids=["to its end", "up to the last step"])
@pytest.mark.parametrize("stays", [False, True], ids=["another partition", "the same partition"])
def test_whenever_another_lets_go_of_the_same_records_nothing_is_lost_or_doubled(
    world: World, ends: bool, stays: bool
) -> None:
    """Another has copied all, and lets go before any one of the questions that a move asks; it may stop after that."""
    start, asked = 0, 1
    while True:
        number, user = somebody(world, stays=stays, start=start)
        start = int(user.removeprefix("BZ.")) + 1
        id_ = world.ask(number=number, note="hola")
        world.desk.take(id_, "ana")
        world.desk.reply(id_, "ana", "uno", "n1")
        connection, other = Counted(world.connection.address.url), Between(world.connection.address.url)
        copied, goes_on = threading.Event(), threading.Event()

        def waits(other: Between = other, copied: threading.Event = copied, on: threading.Event = goes_on) -> None:
            copied.set()
            on.wait(30)
            if not ends:
                other.script, other.happens, other.after = SETTLE_TICKET, stop, False

        def another(other: Between = other, number: str = number, user: str = user) -> None:
            with suppress(StoreDown):
                moves(world, other, number, user)

        other.script, other.happens, other.after = ADOPT, waits, True
        thread = threading.Thread(target=another)

        def lets_go(on: threading.Event = goes_on, thread: threading.Thread = thread) -> None:
            on.set()
            thread.join()

        connection.left, connection.happens = asked, lets_go
        thread.start()
        assert copied.wait(30)
        moves(world, connection, number, user)
        lets_go()
        connection.close()
        other.close()

        person = world.person(number, user)
        assert [entry.text for entry in world.outbox(person.user)] == ["Advisor: uno"], asked
        assert world.desk.reply(id_, "ana", "dos", "n2") is Done.DONE, asked
        assert [message.text for message in world.desk.messages(id_)] == ["hola", "taken", "uno", "dos"], asked
        assert world.connection.command("TTL", Records(person.user).ticket(id_)) > 3600, asked
        assert keys_of(world, person.number) == []
        if connection.left > 0:  # it asked no more than that
            break
        asked += 1
    assert asked > 8


def test_a_ticket_that_moves_while_it_is_looked_for_is_found(world: World) -> None:
    """It is looked for in one place before it is there, and in the other when it is there no more."""
    found = []
    for start in range(0, 200, 10):  # whichever partition is asked first
        number, user = somebody(world, stays=False, start=start)
        id_ = world.ask(number=number)
        connection = Between(world.connection.address.url)
        connection.script, connection.happens = READ_TICKETS, lambda: None
        desk = world.another_desk(connection)
        old, asked = prefix_of(world.person(number).number), [0]

        def then(
            number: str = number, user: str = user, old: str = old, asked: list[int] = asked,
            connection: Between = connection,
        ) -> None:  # fmt: skip
            if asked[0] == PREFIXES.index(old):
                links(world, number, user)
                return
            asked[0] += 1
            connection.happens = lambda: then()

        connection.happens = then
        found.append((ticket := desk.ticket(id_)) is not None and ticket.id == id_)
        connection.close()
    assert all(found)


def test_two_who_move_at_once_leave_one_ticket(world: World) -> None:
    """Two workers learn it in the same moment."""
    for round_ in range(10):
        number, user = f"+50155333{round_:02d}", f"BZ.333{round_}"
        id_ = world.ask(number=number, note="hola")
        with ThreadPoolExecutor(3) as threads:
            list(threads.map(lambda _, n=number, u=user: links(world, n, u), range(3)))
        assert [message.text for message in world.desk.messages(id_)] == ["hola"]
        assert sum(1 for key in world.connection.command("KEYS", f"*:t:{id_}")) == 1
