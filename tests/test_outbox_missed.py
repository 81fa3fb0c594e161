"""Messages that Twilio has and our webhook never saw: answered while they are young, kept for the advisor when they are old."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.inbound import Channel
from bot.session import Owner, Session, dump
from tests.conftest import SampleCodes
from tests.fake_twilio import Breaks
from tests.outbox_world import WHATSAPP, World
from tests.webhook_world import echoing
from webhook.conversation import Conversation
from webhook.keys import Keys
from webhook.observe import Metrics
from webhook.outbox.missed import SETTLING_S, Missed
from webhook.store.connection import Connection
from webhook.store.sessions import SessionStore
from webhook.twilio_edge.inbound import read_inbound

PERSON = "whatsapp:+5016100001"


class Holder:
    """A catalogue of which only the codes are used."""

    def __init__(self, codes: SampleCodes) -> None:
        self.current = self
        self.codes = codes


@pytest.fixture
def world(connection: Connection, keys: Keys, tmp_path: Path) -> World:
    return World(connection, keys, tmp_path)


@pytest.fixture
def counted() -> list[str]:
    return []


@pytest.fixture
def conversation(store: SessionStore, codes: SampleCodes) -> Conversation:
    return Conversation(Holder(codes), store, None, Metrics(), step=echoing)  # type: ignore[arg-type]  # no action is run


@pytest.fixture
def look(world: World, keys: Keys, conversation: Conversation, counted: list[str]) -> Callable[[], bool]:
    missed = Missed(
        connection=world.connection,
        keys=keys,
        provider=world.parts.provider,
        senders=(WHATSAPP,),
        conversation=lambda: conversation,
        count=counted.append,
        clock=world.clock,
        every_s=180,
    )

    def look() -> bool:
        world.connection.command("DEL", "v1:{out}:missed")  # as if the pause were over
        return missed.look()

    return look


def key_of(world: World) -> str:
    return world.keys.person_of("", PERSON).key


def test_a_young_message_is_answered_once_through_the_outbox(
    world: World, look: Callable[[], bool], counted: list[str]
) -> None:
    """The person who wrote into the void gets the ordinary answer."""
    world.twilio.arrive(PERSON, WHATSAPP, "hola", world.clock() - 60)
    for _ in range(3):
        assert look()
        world.clock.move(60)
    world.dispatcher.dispatch(key_of(world))
    assert world.texts() == ["1: hola"]
    assert world.twilio.sent[0].to == PERSON
    assert counted == ["answered"]


def test_what_the_webhook_has_answered_is_left_alone(
    world: World, look: Callable[[], bool], conversation: Conversation, counted: list[str], keys: Keys
) -> None:
    """Nearly all that is listed has been answered long ago."""
    sid = world.twilio.arrive(PERSON, WHATSAPP, "hola", world.clock() - 60)
    fields = [("MessageSid", sid), ("From", PERSON), ("To", WHATSAPP), ("Body", "hola")]
    received = read_inbound(fields, received_at=datetime.fromtimestamp(world.clock(), UTC), keys=keys)
    assert conversation.take_turn(received, deadline=float("inf")) == "1: hola"
    look()
    assert world.outbox.entries(key_of(world)) == []
    assert counted == []


def test_an_old_message_is_counted_once_and_not_answered(
    world: World, look: Callable[[], bool], counted: list[str]
) -> None:
    """An answer out of nowhere would frighten."""
    look()
    world.twilio.arrive(PERSON, WHATSAPP, "hola", world.clock())
    world.clock.move(3600)
    look()
    look()
    assert world.outbox.entries(key_of(world)) == []
    assert counted == ["counted"]


def test_what_may_still_be_at_the_webhook_is_left_for_the_next_look(
    world: World, look: Callable[[], bool], counted: list[str]
) -> None:
    """The webhook has a right to be first."""
    world.twilio.arrive(PERSON, WHATSAPP, "hola", world.clock() - 3)
    look()
    assert counted == []
    world.clock.move(SETTLING_S)
    look()
    assert counted == ["answered"]


def test_all_pages_are_read_and_answers_keep_the_order(
    world: World, look: Callable[[], bool], counted: list[str]
) -> None:
    """After a long failure there is more than one page."""
    for number in range(230):
        world.twilio.arrive(PERSON, WHATSAPP, f"{number}", world.clock() - 300 + number)
    world.twilio.arrive(WHATSAPP, PERSON, "ours", world.clock() - 100)
    look()
    assert counted == ["answered"] * 230
    person = world.person(1)
    assert key_of(world) == person.key
    world.settle(person, 3600)
    assert world.texts() == [f"{number + 1}: {number}" for number in range(230)]


def test_only_one_of_several_senders_looks(world: World, look: Callable[[], bool]) -> None:
    """Listing costs time, and everybody sees the same."""
    assert look()
    asked = len(world.twilio.requests)
    missed = look.__closure__[0].cell_contents  # type: ignore[index]  # the one the fixture has made
    assert not missed.look()
    assert len(world.twilio.requests) == asked


def test_a_provider_that_does_not_answer_is_asked_again_from_the_same_moment(
    world: World, look: Callable[[], bool], counted: list[str]
) -> None:
    """What was not listed is not lost."""
    look()
    world.clock.move(200)
    world.twilio.arrive(PERSON, WHATSAPP, "hola", world.clock() - 100)
    real = world.twilio.answer
    world.twilio.answer = lambda request: Breaks.SWALLOWED  # type: ignore[method-assign]
    look()
    world.twilio.answer = real  # type: ignore[method-assign]
    world.clock.move(200)
    look()
    assert counted == ["answered"]


def test_an_old_message_of_somebody_with_a_ticket_joins_it(
    world: World, look: Callable[[], bool], conversation: Conversation, counted: list[str], codes: SampleCodes
) -> None:
    """The advisor reads it in its place, instead of nobody."""
    seen = []

    class Inbox:
        def asked(self, turn, received, loaded):  # type: ignore[no-untyped-def]
            seen.extend((effect.kind, effect.fields["ticket"], effect.fields["text"]) for effect in turn.effects)

        def committed(self, turn, loaded):  # type: ignore[no-untyped-def]
            pass

    conversation._inbox = Inbox()  # type: ignore[assignment]
    person = world.person(1)
    waiting = Session(node="main", owner=Owner.QUEUE, ticket="T2345678", active_s=int(world.clock()))
    world.connection.command("SET", person.records.session(Channel.WHATSAPP), dump(waiting, codes))
    look()
    world.twilio.arrive(PERSON, WHATSAPP, "sigo aquí", world.clock())
    world.clock.move(3600)
    look()
    assert counted == ["joined"]
    assert seen == [("ticket_said", "T2345678", "sigo aquí")]
