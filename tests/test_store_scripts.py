"""Each script agrees with a small model of itself, and with itself when threads race."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.inbound import Channel, Inbound
from bot.session import Codes, Prefs
from bot.turn import Clears, Turn
from webhook.keys import Keys, Person
from webhook.store.connection import Connection
from webhook.store.scripts import REPLACE_IF_SAME
from webhook.store.sessions import Committed, Loaded, Outcome, SessionStore

MakeInbound = Callable[..., Inbound]
MakeTurn = Callable[..., Turn]


@pytest.fixture(scope="session")
def ana(keys: Keys) -> Person:
    return keys.person_of("", "+5015550001")


@dataclass
class Model:
    """What a store does, as dictionaries. A session is known by its misses."""

    sessions: dict[Channel, int] = field(default_factory=dict)
    prefs: Prefs = field(default_factory=Prefs)
    seen: set[str] = field(default_factory=set)
    copies: dict[str, str] = field(default_factory=dict)
    versions: dict[Channel, int] = field(default_factory=dict)

    def commit(self, loaded: Loaded, turn: Turn, reply: str) -> Committed:
        id_, channel = loaded.message_id, loaded.channel
        if id_ in self.seen:
            return Committed(Outcome.REPEAT, self.copies.get(id_))
        if self.sessions.get(channel, 0) != loaded.state.session.misses:
            return Committed(Outcome.CONFLICT)
        if turn.clears is not Clears.ALL and turn.state.prefs != loaded.state.prefs != self.prefs:
            return Committed(Outcome.CONFLICT)
        self.seen.add(id_)
        if turn.clears is Clears.ALL:
            self.sessions, self.prefs, self.copies = {}, Prefs(), {}
            return Committed(Outcome.COMMITTED)
        self.sessions[channel] = turn.state.session.misses
        if turn.state.prefs != loaded.state.prefs:
            self.prefs = turn.state.prefs
        if turn.clears is Clears.COPIES:
            self.copies = {}
        else:
            self.copies[id_] = reply
        return Committed(Outcome.COMMITTED)


IDS = st.sampled_from([f"SM{number}" for number in range(6)])
LOADS = st.tuples(st.just("load"), IDS, st.sampled_from(list(Channel)))
COMMITS = st.tuples(
    st.just("commit"),
    st.integers(0, 5),
    st.sampled_from([Clears.NOTHING] * 6 + [Clears.COPIES, Clears.ALL]),
    st.sampled_from([None, None, Prefs(), Prefs("es"), Prefs("en").opt_out(Channel.SMS)]),
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(LOADS | COMMITS, max_size=30))
def test_loads_and_commits_in_any_order_agree_with_dictionaries(
    shared_connection: Connection,
    keys: Keys,
    ana: Person,
    inbound: MakeInbound,
    next_turn: MakeTurn,
    codes: Codes,
    moves: list[tuple[Any, ...]],
) -> None:
    """Any interleaving of messages, repeats, exits and deletes ends as a sequence of whole turns would."""
    shared_connection.command("FLUSHALL")
    store, model = SessionStore(shared_connection, keys), Model()
    loads: list[Loaded] = []
    for kind, *rest in moves:
        if kind == "load":
            id_, channel = rest
            loaded = store.load(ana, inbound(id_, channel), codes)
            assert loaded.state.session.misses == model.sessions.get(channel, 0)
            assert loaded.state.prefs == model.prefs
            assert (loaded.seen, loaded.reply) == (id_ in model.seen, model.copies.get(id_))
            loads.append(loaded)
        elif loads:
            at, clears, prefs = rest
            loaded = loads[-1 - at % len(loads)]
            turn = next_turn(loaded, clears=clears, prefs=prefs)
            reply = f"{loaded.message_id} after {loaded.state.session.misses}"
            assert store.commit(loaded, turn, reply=reply) == model.commit(loaded, turn, reply)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(there=st.sampled_from(["", "a", "b"]), expected=st.sampled_from(["", "a"]), value=st.sampled_from(["", "c"]))
def test_replace_if_same_agrees_with_a_dictionary(
    shared_connection: Connection, there: str, expected: str, value: str
) -> None:
    """An alias is taken away only from who has it."""
    shared_connection.command("FLUSHALL")
    if there:
        shared_connection.command("SET", "k", there)
    done = shared_connection.run(REPLACE_IF_SAME, ["k"], [expected, value, 100])
    assert done == (there == expected)
    left = shared_connection.command("GET", "k") or b""
    assert left.decode() == (value if there == expected else there)


def at_once(*works: Callable[[], Committed]) -> list[Committed]:
    """The results of works that threads begin at the same moment."""
    ready = threading.Barrier(len(works))

    def run(work: Callable[[], Committed]) -> Committed:
        ready.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as threads:
        return list(threads.map(run, works))


def test_of_two_turns_at_once_one_is_first(
    store: SessionStore, keys: Keys, inbound: MakeInbound, next_turn: MakeTurn, codes: Codes
) -> None:
    """Never both, never none."""
    for round_ in range(50):
        person = keys.person_of("", f"+501555{round_:04d}")
        one, two = (store.load(person, inbound(f"SM{round_}-{which}"), codes) for which in "ab")
        done = at_once(*(partial(store.commit, loaded, next_turn(loaded)) for loaded in (one, two)))
        assert sorted(result.outcome for result in done) == [Outcome.COMMITTED, Outcome.CONFLICT]


def test_of_a_delete_and_a_turn_at_once_either_is_first(
    store: SessionStore,
    keys: Keys,
    inbound: MakeInbound,
    next_turn: MakeTurn,
    codes: Codes,
    connection: Connection,
) -> None:
    """Whatever comes first, after the delete there is nothing of what was before it."""
    for round_ in range(50):
        connection.command("FLUSHALL")
        person = keys.person_of("", f"+501555{round_:04d}")
        first = store.load(person, inbound("first"), codes)
        store.commit(first, next_turn(first, prefs=Prefs("es")), reply="hola")
        turn, delete = (store.load(person, inbound(id_), codes) for id_ in ("turn", "delete"))
        done = at_once(
            partial(store.commit, turn, next_turn(turn), reply="again"),
            partial(store.commit, delete, next_turn(delete, clears=Clears.ALL)),
        )
        assert sorted(result.outcome for result in done) == [Outcome.COMMITTED, Outcome.CONFLICT]
        if done[1].outcome is Outcome.COMMITTED:
            assert {key.split(b":")[2] for key in connection.command("KEYS", "*")} == {b"m"}


def test_the_same_message_fifty_times_from_eight_threads_is_one_turn(
    store: SessionStore, keys: Keys, inbound: MakeInbound, next_turn: MakeTurn, codes: Codes
) -> None:
    """Retries, double deliveries and the fallback address: one change, and one reply for all."""
    person = keys.person_of("BZ.1001", "+5015550001")
    writers = set()

    def deliver(attempt: int) -> str | None:
        for _ in range(10):
            loaded = store.load(person, inbound("SM1", Channel.WHATSAPP), codes)
            if loaded.seen:
                return loaded.reply
            reply = f"reply of attempt {attempt}"
            committed = store.commit(loaded, next_turn(loaded), reply=reply)
            if committed.outcome is Outcome.COMMITTED:
                writers.add(attempt)
                return reply
            if committed.outcome is Outcome.REPEAT:
                return committed.reply
        raise AssertionError("ten conflicts in a row")

    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(deliver, range(50)))
    assert len(writers) == 1
    assert set(replies) == {f"reply of attempt {writers.pop()}"}
    assert store.load(person, inbound("SM2", Channel.WHATSAPP), codes).state.session.misses == 1


def test_many_messages_of_one_person_at_once_all_count(
    store: SessionStore, keys: Keys, ana: Person, inbound: MakeInbound, next_turn: MakeTurn, codes: Codes
) -> None:
    """A conflict is stepped again from what is there now; nothing is lost and nothing counts twice."""

    def deliver(number: int) -> None:
        channel = Channel.SMS if number % 2 else Channel.WHATSAPP
        while True:
            loaded = store.load(ana, inbound(f"SM{number}", channel), codes)
            prefs = loaded.state.prefs.opt_out(channel) if number < 2 else None
            if store.commit(loaded, next_turn(loaded, prefs=prefs)).outcome is Outcome.COMMITTED:
                return

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(deliver, range(80)))
    found = [store.load(ana, inbound("end", channel), codes).state for channel in Channel]
    assert [state.session.misses for state in found] == [40, 40]
    assert [state.session.version for state in found] == [40, 40]
    assert found[0].prefs.opted_out == set(Channel)
