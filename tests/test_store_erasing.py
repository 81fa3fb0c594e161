"""Delete leaves nothing but the marks that a message was seen."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.inbound import Channel, Inbound
from bot.session import Codes, Prefs
from bot.turn import Clears, Turn
from tests.conftest import SECRET
from tests.tickets_world import sample_entry
from webhook.keys import Keys, Person
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown
from webhook.store.keyspace import Records
from webhook.store.scripts import FORGET_CODE, Script
from webhook.store.sessions import Committed, Outcome, SessionStore

MakeInbound = Callable[..., Inbound]
MakeTurn = Callable[..., Turn]
Everything = Callable[[], dict[bytes, bytes]]

NUMBER = "whatsapp:+5215500000001"
USER = "whatsapp:MX.1000000000000009"
WHO = {
    "number only": ("", NUMBER),
    "user id only": (USER, ""),
    "both": (USER, NUMBER),
}


def without_marks(found: dict[bytes, bytes]) -> dict[bytes, bytes]:
    """What is stored, but for seen marks."""
    return {key: value for key, value in found.items() if b":m:" not in key}


def live(store: SessionStore, person: Person, inbound: MakeInbound, next_turn: MakeTurn, codes: Codes) -> None:
    """A conversation on both channels, with all that can be kept of it."""
    for number, channel in enumerate([Channel.SMS, Channel.WHATSAPP, Channel.SMS]):
        loaded = store.load(person, inbound(f"live{number}", channel), codes)
        prefs = Prefs("es", consent=True).opt_out(Channel.SMS)
        turn = next_turn(loaded, node=f"node-{number}", prefs=prefs)
        assert (
            store.commit(loaded, turn, reply="hola", entries=[sample_entry(loaded.key, Keys(SECRET))]).outcome
            is Outcome.COMMITTED
        )


@pytest.mark.parametrize(
    ("lived", "asks"),
    [
        ("number only", "number only"),
        ("number only", "both"),
        ("user id only", "user id only"),
        ("user id only", "both"),
        ("both", "number only"),
        ("both", "user id only"),
        ("both", "both"),
    ],
)
def test_after_delete_only_seen_marks_are_left(
    store: SessionStore,
    keys: Keys,
    inbound: MakeInbound,
    next_turn: MakeTurn,
    codes: Codes,
    everything: Everything,
    lived: str,
    asks: str,
) -> None:
    """The receipt says that everything is gone, whichever way the person was known before and is known now."""
    stranger = keys.person_of("", "+5015559999")
    live(store, stranger, inbound, next_turn, codes)
    before = everything()

    live(store, keys.person_of(*WHO[lived]), inbound, next_turn, codes)
    loaded = store.load(keys.person_of(*WHO[asks]), inbound("delete"), codes)
    committed = store.commit(
        loaded, next_turn(loaded, clears=Clears.ALL), reply="All gone.", entries=[sample_entry(loaded.key, keys)]
    )
    assert committed == Committed(Outcome.COMMITTED)
    assert without_marks(everything()) == without_marks(before)


def test_a_delete_that_comes_again_is_a_repeat_without_words(
    store: SessionStore, keys: Keys, inbound: MakeInbound, next_turn: MakeTurn, codes: Codes, everything: Everything
) -> None:
    """Not even the receipt is kept."""
    person = keys.person_of(USER, NUMBER)
    live(store, person, inbound, next_turn, codes)
    loaded = store.load(person, inbound("delete"), codes)
    store.commit(loaded, next_turn(loaded, clears=Clears.ALL), reply="All gone.")
    assert store.commit(loaded, next_turn(loaded, clears=Clears.ALL)) == Committed(Outcome.REPEAT, None)
    again = store.load(person, inbound("delete"), codes)
    assert (again.seen, again.reply) == (True, None)


def test_records_set_aside_are_deleted_too(
    store: SessionStore,
    keys: Keys,
    inbound: MakeInbound,
    next_turn: MakeTurn,
    codes: Codes,
    connection: Connection,
    everything: Everything,
) -> None:
    """They are about the person, readable or not."""
    person = keys.person_of("", NUMBER)
    for key in (Records(person.key).prefs, *Records(person.key).sessions):
        connection.command("SET", key, "nonsense")
    for channel in Channel:
        store.load(person, inbound("SM1", channel), codes)
    loaded = store.load(person, inbound("delete"), codes)
    store.commit(loaded, next_turn(loaded, clears=Clears.ALL))
    assert without_marks(everything()) == {}


def test_a_turn_begun_before_a_delete_does_not_bring_anything_back(
    store: SessionStore, keys: Keys, inbound: MakeInbound, next_turn: MakeTurn, codes: Codes
) -> None:
    """A slow answer on the other channel is stepped again, from nothing."""
    person = keys.person_of("", NUMBER)
    live(store, person, inbound, next_turn, codes)
    slow = store.load(person, inbound("slow", Channel.WHATSAPP), codes)
    loaded = store.load(person, inbound("delete"), codes)
    store.commit(loaded, next_turn(loaded, clears=Clears.ALL))
    assert store.commit(slow, next_turn(slow)).outcome is Outcome.CONFLICT


class StopsAt(Connection):
    """A connection that is lost when a certain script is to run, as if the process had been killed there."""

    stopped: Script | None = None

    def run(self, script: Script, *args: Any, **options: Any) -> Any:
        if script is self.stopped:
            raise StoreDown("lost")
        return super().run(script, *args, **options)


@pytest.mark.parametrize("who", ["number only", "both"])
def test_a_delete_that_stopped_half_way_is_completed_by_the_retry(
    connection: Connection,
    keys: Keys,
    inbound: MakeInbound,
    next_turn: MakeTurn,
    codes: Codes,
    everything: Everything,
    who: str,
) -> None:
    """What leads from the number to the person stands elsewhere, and must go as well."""
    fragile = StopsAt(connection.address.url)
    store = SessionStore(fragile, keys)
    live(store, keys.person_of(USER, NUMBER), inbound, next_turn, codes)
    fragile.stopped = FORGET_CODE
    person = keys.person_of(*WHO[who])
    loaded = store.load(person, inbound("delete"), codes)
    with pytest.raises(StoreDown):
        store.commit(loaded, next_turn(loaded, clears=Clears.ALL))
    assert without_marks(everything()) != {}

    fragile.stopped = None
    assert store.load(person, inbound("delete"), codes).seen
    assert without_marks(everything()) == {}
    fragile.close()


def test_delete_does_not_touch_the_one_who_has_the_number_now(
    store: SessionStore, keys: Keys, inbound: MakeInbound, next_turn: MakeTurn, codes: Codes, everything: Everything
) -> None:
    """Numbers change hands; the earlier owner's delete is not the new one's."""
    earlier, now = keys.person_of("MX.1", NUMBER), keys.person_of("MX.2", NUMBER)
    live(store, earlier, inbound, next_turn, codes)
    live(store, now, inbound, next_turn, codes)
    kept = {key for key in everything() if now.key.encode() in key}
    loaded = store.load(keys.person_of("MX.1", ""), inbound("delete"), codes)
    store.commit(loaded, next_turn(loaded, clears=Clears.ALL))
    assert kept <= set(everything())
    assert store.load(keys.person_of("", NUMBER), inbound("SM9"), codes).key == now.key
