"""Tickets through the whole conversation: the turn, the commit, what happens when the store is lost or a ticket is."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot import handoff
from bot.desk import NO_DESK, Desk
from bot.inbound import Inbound, Media
from bot.session import Codes, Owner
from bot.turn import ActionResult, Call, Effect, State, Turn
from tests.tickets_world import NUMBER, SampleCatalogue, World
from tests.twilio_samples import message
from tests.webhook_world import telling
from webhook.conversation import Conversation
from webhook.desk.inbox import TicketInbox
from webhook.desk.records import Attachment
from webhook.keys import Keys
from webhook.observe import Metrics
from webhook.reload import CatalogueHolder
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown
from webhook.store.keyspace import Records
from webhook.twilio_edge.inbound import Received, read_inbound

TEXT = "quiero hablar con alguien"


@pytest.fixture
def world(connection: Connection, keys: Keys, codes: Codes) -> World:
    return World(connection, keys, codes)


def handing_over(catalogue: Any, state: State, inbound: Inbound, *, stateless: bool = False) -> Turn | Call:
    """A tiny bot: opens a ticket at the first message, lets the next ones join it, and needs an action for "?"."""
    if inbound.text == "?":
        return Call("action_hand_over", "advisor", state, "es")
    session, ticket = state.session, state.session.ticket
    effects = [Effect("question_asked", {"entry": "x"})]
    if stateless:
        return Turn(state, "not now", effects=())
    if session.owner is Owner.BOT:
        ticket = handoff.ticket_of(inbound)
        opened = {"ticket": ticket, "language": "es", "topic": "work", "danger": "", "path": "", "promised_s": "1"}
        effects.append(Effect(handoff.OPENED, opened))
    said = {"ticket": ticket, "text": inbound.text, "danger": "", "note": ""}
    effects.append(Effect(handoff.SAID, said))
    session = replace(session, owner=Owner.QUEUE, ticket=ticket, active_s=inbound.at_s, misses=session.misses + 1)
    return Turn(replace(state, session=session), f"in {ticket}", language="es", outcome="ok", effects=tuple(effects))


class Actions:
    """Actions that keep what they were told of the desk."""

    def __init__(self) -> None:
        self.desks: list[Desk] = []

    def run(self, catalogue: Any, call: Call, inbound: Inbound) -> ActionResult:
        self.desks.append(call.desk)
        return ActionResult(responses=[{"text": "waited"}])


Talk = Callable[..., Conversation]


@pytest.fixture
def actions() -> Actions:
    return Actions()


@pytest.fixture
def talk(world: World, actions: Actions) -> Talk:
    def make(**options: Any) -> Conversation:
        holder = CatalogueHolder(SampleCatalogue(world.codes))  # type: ignore[arg-type]  # as much of one as is used
        inbox = TicketInbox(world.desk, world.keys)
        usual: dict[str, Any] = {"store": world.store, "step": handing_over, "resume": telling, "inbox": inbox}
        usual |= options
        store = usual.pop("store")
        return Conversation(holder, store, actions, Metrics(), **usual)

    return make


def received(text: str, id_: int, keys: Keys, **fields: str) -> Received:
    from datetime import UTC, datetime

    form = message(text, id_=id_, number=NUMBER, **fields)
    return read_inbound(list(form.items()), received_at=datetime(2030, 1, 7, 9, 0, id_, tzinfo=UTC), keys=keys)


def soon() -> float:
    return time.monotonic() + 20


def test_a_turn_and_its_ticket_are_committed_together(talk: Talk, world: World, keys: Keys) -> None:
    """What the person reads is true: the case exists when its code is told."""
    conversation = talk()
    first = received(TEXT, 1, keys)
    said = conversation.take_turn(first, deadline=soon())
    id_ = handoff.ticket_of(first.inbound)
    assert said == f"in {id_}"
    assert conversation.take_turn(first, deadline=soon()) == said  # a repeat
    conversation.take_turn(received("hola?", 2, keys), deadline=soon())
    assert [message.text for message in world.desk.messages(id_)] == [TEXT, "hola?"]
    [row] = world.desk.counting.rows(1)
    assert (row.language, row.opened) == ("es", None)


def test_without_the_store_nobody_is_handed_over(talk: Talk, world: World, keys: Keys, actions: Actions) -> None:
    """The reply without memory says that it is not possible now, and promises nothing."""

    class Away:
        def load(self, *_: Any) -> Any:
            raise StoreDown("lost")

    conversation = talk(store=Away())
    assert conversation.take_turn(received(TEXT, 1, keys), deadline=soon()) == "not now"
    conversation.take_turn(received("?", 2, keys), deadline=soon())
    assert actions.desks == [NO_DESK]
    assert world.desk.open_tickets() == []


def test_an_action_knows_the_queue(talk: Talk, world: World, keys: Keys, actions: Actions) -> None:
    """The wait that a person is told is that of the queue at this moment (R39)."""
    world.ask(number="+5015551234")
    world.desk.be_on_duty("ana")
    talk().take_turn(received("?", 1, keys), deadline=soon())
    assert (actions.desks[0].waiting, actions.desks[0].on_duty, actions.desks[0].is_there) == (1, 1, True)
    talk(inbox=None).take_turn(received("?", 2, keys), deadline=soon())
    assert actions.desks[1] == NO_DESK


def test_a_person_whose_ticket_is_lost_is_answered_by_the_bot(talk: Talk, world: World, keys: Keys) -> None:
    """A store that lost its last second must not leave anybody with an advisor who never comes."""
    conversation = talk()
    first = received(TEXT, 1, keys)
    conversation.take_turn(first, deadline=soon())
    world.connection.command("DEL", Records(first.person.key).ticket(handoff.ticket_of(first.inbound)))
    again = received("hola?", 2, keys)
    assert conversation.take_turn(again, deadline=soon()) == f"in {handoff.ticket_of(again.inbound)}"
    assert [message.text for message in world.desk.messages(handoff.ticket_of(again.inbound))] == ["hola?"]


def test_what_joins_a_ticket_is_no_question_for_the_editors(talk: Talk, keys: Keys) -> None:
    """The words of a talk are for the advisor alone; the list of editors gets only what the bot notes for it."""
    noted: list[str] = []

    class Notes:
        def note(self, effects: Any, at_s: int) -> None:
            from webhook.store.noting import questions

            noted.extend(str(effect.fields) for effect in effects if effect.kind in questions.KINDS)

    talk(notes=Notes()).take_turn(received(TEXT, 1, keys), deadline=soon())
    assert not any(TEXT in fields for fields in noted)


def test_attachments_are_read_with_their_types(keys: Keys) -> None:
    """Where the provider keeps them, as many as were sent; one without an address is none."""
    media = {
        "NumMedia": "3",
        "MediaUrl0": "https://api.twilio.com/a/ME1",
        "MediaContentType0": "image/jpeg; q=1",
        "MediaUrl1": "https://api.twilio.com/a/ME2",
        "MediaContentType1": "AUDIO/OGG",
        "MediaContentType2": "video/mp4",
    }
    found = received("", 1, keys, **media)
    assert found.attachments == (
        Attachment("https://api.twilio.com/a/ME1", "image/jpeg"),
        Attachment("https://api.twilio.com/a/ME2", "audio/ogg"),
    )
    assert found.inbound.media == (Media.IMAGE, Media.VOICE, Media.VIDEO)
    assert "ME1" not in repr(found)
    assert received("hola", 2, keys).attachments == ()
    assert received("", 3, keys, **{**media, "MediaUrl0": "x" * 3000}).attachments[0].content_type == "audio/ogg"
