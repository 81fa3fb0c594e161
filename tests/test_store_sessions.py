"""Sessions are read and written whole, once for each message."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.inbound import Channel, Inbound
from bot.session import OPT_OUT_TTL_S, PREFS_TTL_S, SENSITIVE_TTL_S, SESSION_TTL_S, Codes, Prefs, Session, dump
from bot.turn import Clears, State, Turn
from tests.tickets_world import sample_entry
from webhook.keys import Keys, Person
from webhook.outbox.entries import read
from webhook.store.connection import Connection
from webhook.store.keyspace import Records
from webhook.store.lifetimes import COPY_TTL_S, SEEN_TTL_S
from webhook.store.sessions import Committed, Outcome, SessionStore

MakeInbound = Callable[..., Inbound]
MakeTurn = Callable[..., Turn]
Everything = Callable[[], dict[bytes, bytes]]


@pytest.fixture
def ana(keys: Keys) -> Person:
    """Somebody with a number only."""
    return keys.person_of("", "+5015550001")


def test_a_stranger_has_an_empty_session(store: SessionStore, ana: Person, inbound: MakeInbound, codes: Codes) -> None:
    """The first message finds nothing, and that is no fault."""
    loaded = store.load(ana, inbound("SM1"), codes)
    assert loaded.state == State(Session(), Prefs())
    assert not loaded.seen


def test_what_was_committed_is_loaded(
    store: SessionStore, ana: Person, inbound: MakeInbound, next_turn: MakeTurn, codes: Codes
) -> None:
    """The next message continues where the last one ended, one version later."""
    loaded = store.load(ana, inbound("SM1"), codes)
    turn = next_turn(loaded, node="work", prefs=Prefs("es", consent=True))
    assert store.commit(loaded, turn, reply="<Response/>") == Committed(Outcome.COMMITTED)

    again = store.load(ana, inbound("SM2"), codes)
    assert again.state == State(replace(turn.state.session, version=1), Prefs("es", consent=True))


def test_the_channels_of_a_person_have_sessions_of_their_own_and_common_preferences(
    store: SessionStore, ana: Person, inbound: MakeInbound, next_turn: MakeTurn, codes: Codes
) -> None:
    """ "3" means what was offered on this channel; the language is the person's."""
    loaded = store.load(ana, inbound("SM1"), codes)
    store.commit(loaded, next_turn(loaded, prefs=Prefs("es")))
    other = store.load(ana, inbound("SM2", Channel.WHATSAPP), codes)
    assert other.state == State(Session(), Prefs("es"))


def test_a_message_that_comes_again_gets_the_reply_it_had(
    store: SessionStore, ana: Person, inbound: MakeInbound, next_turn: MakeTurn, codes: Codes
) -> None:
    """A retry must neither move the person on nor say something else."""
    loaded = store.load(ana, inbound("SM1"), codes)
    store.commit(loaded, next_turn(loaded), reply="<Response>ñ</Response>")
    again = store.load(ana, inbound("SM1"), codes)
    assert (again.seen, again.reply) == (True, "<Response>ñ</Response>")
    assert store.commit(again, next_turn(again), reply="other") == Committed(Outcome.REPEAT, "<Response>ñ</Response>")
    assert store.load(ana, inbound("SM2"), codes).state.session.misses == 1


def test_a_message_that_comes_again_after_the_copy_is_gone_gets_nothing(
    store: SessionStore,
    ana: Person,
    inbound: MakeInbound,
    next_turn: MakeTurn,
    codes: Codes,
    connection: Connection,
) -> None:
    """It was answered; the words are no longer kept."""
    loaded = store.load(ana, inbound("SM1"), codes)
    store.commit(loaded, next_turn(loaded), reply="hola")
    connection.command("PEXPIRE", Records(ana.key).copy("SM1"), 0)
    again = store.load(ana, inbound("SM1"), codes)
    assert (again.seen, again.reply) == (True, None)


def test_a_turn_on_an_old_session_is_a_conflict(
    store: SessionStore, ana: Person, inbound: MakeInbound, next_turn: MakeTurn, codes: Codes, everything: Everything
) -> None:
    """Two messages at once: the second must be stepped again from what the first made."""
    first, second = store.load(ana, inbound("SM1"), codes), store.load(ana, inbound("SM2"), codes)
    store.commit(first, next_turn(first), reply="one")
    before = everything()
    assert store.commit(second, next_turn(second), reply="two") == Committed(Outcome.CONFLICT)
    assert everything() == before


def test_preferences_written_on_both_channels_at_once_are_a_conflict(
    store: SessionStore, ana: Person, inbound: MakeInbound, next_turn: MakeTurn, codes: Codes
) -> None:
    """An opt-out by SMS must not be undone by a language chosen on WhatsApp in the same second."""
    by_sms = store.load(ana, inbound("SM1"), codes)
    by_whatsapp = store.load(ana, inbound("SM2", Channel.WHATSAPP), codes)
    store.commit(by_sms, next_turn(by_sms, prefs=Prefs().opt_out(Channel.SMS)))
    assert store.commit(by_whatsapp, next_turn(by_whatsapp, prefs=Prefs("es"))).outcome is Outcome.CONFLICT
    assert store.commit(by_whatsapp, next_turn(by_whatsapp)).outcome is Outcome.COMMITTED
    assert store.load(ana, inbound("SM3"), codes).state.prefs.opted_out == {Channel.SMS}


@pytest.mark.parametrize(
    ("turn", "ttl_s"),
    [({}, SESSION_TTL_S), ({"sensitive": True}, SENSITIVE_TTL_S)],
    ids=["usual", "sensitive"],
)
def test_records_live_as_long_as_promised(
    store: SessionStore,
    ana: Person,
    inbound: MakeInbound,
    next_turn: MakeTurn,
    codes: Codes,
    connection: Connection,
    turn: dict[str, bool],
    ttl_s: int,
) -> None:
    """The privacy page says how long; nothing is without an end."""
    loaded = store.load(ana, inbound("SM1"), codes)
    store.commit(loaded, next_turn(loaded, prefs=Prefs("es"), **turn), reply="hola")
    records = Records(ana.key)
    for key, expected_s in [
        (records.session(Channel.SMS), ttl_s),
        (records.prefs, PREFS_TTL_S),
        (records.seen("SM1"), SEEN_TTL_S),
        (records.copy("SM1"), COPY_TTL_S),
        (records.recent, COPY_TTL_S),
    ]:
        assert expected_s * 1000 - 5000 < connection.command("PTTL", key) <= expected_s * 1000
    assert len(connection.command("KEYS", "*")) == 5


def test_an_opt_out_lives_a_year_and_each_day_of_use_makes_preferences_live_on(
    store: SessionStore,
    ana: Person,
    inbound: MakeInbound,
    next_turn: MakeTurn,
    codes: Codes,
    connection: Connection,
) -> None:
    """Somebody who writes every week must not lose the language because it was chosen a month ago."""
    loaded = store.load(ana, inbound("SM1"), codes)
    store.commit(loaded, next_turn(loaded, prefs=Prefs("es").opt_out(Channel.SMS)))
    prefs = Records(ana.key).prefs
    assert connection.command("TTL", prefs) > OPT_OUT_TTL_S - 5

    connection.command("EXPIRE", prefs, 100)
    same_day = store.load(ana, inbound("SM2", after_s=60), codes)
    store.commit(same_day, next_turn(same_day))
    assert connection.command("TTL", prefs) <= 100
    next_day = store.load(ana, inbound("SM3", after_s=24 * 3600), codes)
    store.commit(next_day, next_turn(next_day))
    assert connection.command("TTL", prefs) > OPT_OUT_TTL_S - 5


def test_a_session_with_nothing_in_it_is_not_kept(
    store: SessionStore, ana: Person, inbound: MakeInbound, codes: Codes, connection: Connection
) -> None:
    """What need not be known is not stored."""
    loaded = store.load(ana, inbound("SM1"), codes)
    store.commit(loaded, Turn(State(Session(), Prefs()), reply=None))
    assert connection.command("KEYS", "*") == [Records(ana.key).seen("SM1").encode()]


def test_exit_removes_the_copies_of_recent_replies_and_leaves_none_of_its_own(
    store: SessionStore,
    ana: Person,
    inbound: MakeInbound,
    next_turn: MakeTurn,
    codes: Codes,
    connection: Connection,
) -> None:
    """Somebody may be taking the phone: what was said must not come back by a retry."""
    for id_, channel in [("SM1", Channel.SMS), ("SM2", Channel.WHATSAPP)]:
        loaded = store.load(ana, inbound(id_, channel), codes)
        store.commit(loaded, next_turn(loaded), reply="hola")
    connection.command("HSET", Records(ana.key).attempts, "c:Axyz", "1 a reply that left through the outbox, sealed")
    loaded = store.load(ana, inbound("SM3"), codes)
    store.commit(loaded, next_turn(loaded, clears=Clears.COPIES), reply="ok")
    kept = {key.split(b":")[2] for key in connection.command("KEYS", "*")}
    assert kept == {b"s", b"m"}
    assert store.load(ana, inbound("SM1"), codes).seen


def test_the_record_of_recent_ids_forgets_old_ones(
    store: SessionStore,
    ana: Person,
    inbound: MakeInbound,
    next_turn: MakeTurn,
    codes: Codes,
    connection: Connection,
) -> None:
    """A long conversation must not make it grow without end."""
    for number in range(80):
        loaded = store.load(ana, inbound(f"SM{number}", after_s=number), codes)
        store.commit(loaded, next_turn(loaded), reply="hola")
    kept = connection.command("GET", Records(ana.key).recent).split(b" ")
    assert len(kept) == 2 * 64
    assert kept[-1] == b"SM79"
    loaded = store.load(ana, inbound("SM-later", after_s=1000), codes)
    store.commit(loaded, next_turn(loaded), reply="hola")
    assert connection.command("GET", Records(ana.key).recent).split(b" ")[1:] == [b"SM-later"]


def test_outbox_entries_are_sealed_in_order_and_make_the_person_due(
    store: SessionStore,
    ana: Person,
    keys: Keys,
    inbound: MakeInbound,
    next_turn: MakeTurn,
    codes: Codes,
    connection: Connection,
) -> None:
    """Nothing is sent before the state that explains it is stored, and nobody reads addresses in the store."""
    loaded = store.load(ana, inbound("SM1"), codes)
    store.commit(
        loaded,
        next_turn(loaded),
        entries=[sample_entry(ana.key, keys, text) for text in ("to +5015550001: one", "two")],
    )
    records = Records(ana.key)
    sealed = connection.command("LRANGE", records.outbox, 0, -1)
    assert [read(entry, keys).text for entry in sealed] == ["to +5015550001: one", "two"]
    assert connection.command("ZRANGE", records.due, 0, -1) == [ana.key.encode()]

    connection.command("ZADD", records.due, 99, ana.key)  # a sender has claimed the person
    loaded = store.load(ana, inbound("SM2"), codes)
    store.commit(loaded, next_turn(loaded), entries=[sample_entry(ana.key, keys, "three")])
    assert float(connection.command("ZSCORE", records.due, ana.key)) == 99


@pytest.mark.parametrize("what", ["sms", "prefs"])
def test_a_record_that_cannot_be_read_is_counted_and_set_aside(
    connection: Connection, keys: Keys, ana: Person, inbound: MakeInbound, next_turn: MakeTurn, codes: Codes, what: str
) -> None:
    """The person is answered as a new one, and somebody can find out why."""
    counted: list[str] = []
    store = SessionStore(connection, keys, counted.append)
    records = Records(ana.key)
    connection.command("SET", records.prefs if what == "prefs" else records.session(Channel.SMS), '[99,"x"]')
    loaded = store.load(ana, inbound("SM1"), codes)
    assert loaded.state == State(Session(), Prefs())
    assert counted == ["prefs_unreadable" if what == "prefs" else "session_unreadable"]
    assert connection.command("GET", records.aside(what)) == b'[99,"x"]'
    assert connection.command("TTL", records.aside(what)) > 0
    assert store.commit(loaded, next_turn(loaded)).outcome is Outcome.COMMITTED
    assert store.load(ana, inbound("SM2"), codes).state.session.misses == 1


def test_a_copy_sealed_with_a_forgotten_secret_is_no_copy(
    connection: Connection, keys: Keys, ana: Person, inbound: MakeInbound, next_turn: MakeTurn, codes: Codes
) -> None:
    """The retry is then answered with silence, never with an error."""
    counted: list[str] = []
    store = SessionStore(connection, keys, counted.append)
    loaded = store.load(ana, inbound("SM1"), codes)
    store.commit(loaded, next_turn(loaded), reply="hola")
    connection.command("SET", Records(ana.key).copy("SM1"), b"something else entirely")
    assert store.load(ana, inbound("SM1"), codes).reply is None
    assert counted == ["copy_unreadable"]


def test_the_usual_turn_costs_one_read_and_one_script(
    store: SessionStore,
    keys: Keys,
    inbound: MakeInbound,
    next_turn: MakeTurn,
    codes: Codes,
    connection: Connection,
) -> None:
    """Every round trip is a wait for the person and work for the store."""
    for name, person in [
        ("number", keys.person_of("", "+5015550002")),
        ("both", keys.person_of("BZ.1", "+5015550003")),
    ]:
        loaded = store.load(person, inbound(f"{name}1"), codes)
        store.commit(loaded, next_turn(loaded), reply="hola")
        before = _calls(connection)
        loaded = store.load(person, inbound(f"{name}2"), codes)
        store.commit(loaded, next_turn(loaded), reply="hola")
        after = _calls(connection)
        asked = {key: after[key] - before.get(key, 0) for key in after if after[key] != before.get(key, 0)}
        assert asked.pop("info") == 1
        assert asked.pop("mget") == 1
        assert asked.pop("evalsha") == 1
        inside_the_script = {"get", "set", "exists"}
        assert set(asked) <= inside_the_script


def _calls(connection: Connection) -> dict[str, int]:
    [stats] = connection.of_each_server(lambda client: client.info("commandstats"))
    return {name.removeprefix("cmdstat_"): found["calls"] for name, found in stats.items()}


def test_a_strange_message_id_cannot_pass_for_a_key_or_another_id(
    store: SessionStore,
    ana: Person,
    inbound: MakeInbound,
    next_turn: MakeTurn,
    codes: Codes,
    connection: Connection,
) -> None:
    """Ids come from outside."""
    strange = ["SM 1 2 3", "a}:{p01}", "\ud800", "x" * 500, ""]
    for id_ in strange:
        loaded = store.load(ana, inbound(id_), codes)
        assert store.commit(loaded, next_turn(loaded), reply=repr(id_)).outcome is Outcome.COMMITTED
    assert [store.load(ana, inbound(id_), codes).reply for id_ in strange] == [repr(id_) for id_ in strange]
    loaded = store.load(ana, inbound("SM9"), codes)
    store.commit(loaded, next_turn(loaded, clears=Clears.COPIES))
    assert not [key for key in connection.command("KEYS", "*") if b":r:" in key]


def test_a_loaded_session_prints_without_its_records(
    store: SessionStore, ana: Person, inbound: MakeInbound, next_turn: MakeTurn, codes: Codes
) -> None:
    """Values end up in error reports."""
    loaded = store.load(ana, inbound("SM1"), codes)
    store.commit(loaded, next_turn(loaded), reply="what was said")
    assert "what was said" not in repr(store.load(ana, inbound("SM1"), codes))
    assert len(dump(loaded.state.session, loaded.codes)) < 400
