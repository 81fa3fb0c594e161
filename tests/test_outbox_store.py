"""The scripts of the outbox agree with a small model of themselves, bear being run twice, and let one sender in at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.inbound import Channel, Inbound
from bot.session import Codes, Prefs, dump_prefs
from bot.turn import Clears, Turn
from tests.conftest import MONDAY_S
from webhook.keys import Keys
from webhook.outbox.attempts import NO_ATTEMPTS
from webhook.outbox.entries import BadEntry, Entry, Kind, id_of, new_id, read, write
from webhook.outbox.given_up import GivenUp, Letter
from webhook.outbox.heartbeat import Heartbeat
from webhook.outbox.store import CLAIM_S, Begun, Claimed, Outbox
from webhook.store.connection import Connection
from webhook.store.keyspace import Records
from webhook.store.scripts import Script
from webhook.store.sessions import SessionStore

PERSON = "Person-code-of-22-char"
SID = "SM" + "1" * 32


class Twice(Connection):
    """A connection that always loses the first answer: every script runs twice."""

    def run(self, script: Script, *args: Any, **options: Any) -> Any:
        super().run(script, *args, **options)
        return super().run(script, *args, **options)


@pytest.fixture
def outbox(connection: Connection) -> Outbox:
    return Outbox(connection)


def written(id_: str, text: str = "words") -> bytes:
    return f"{id_} ".encode() + text.encode()


def ids(outbox: Outbox) -> list[str]:
    return [id_of(entry) for entry in outbox.entries(PERSON)]


@dataclass
class Model:
    """An outbox as a list, a moment and a claim."""

    entries: list[str] = field(default_factory=list)
    due_s: float | None = None
    after_s: float = 0.0
    claim: tuple[str, float] | None = None
    copies: dict[str, str] = field(default_factory=dict)

    def put(self, id_: str, now_s: float) -> None:
        if id_ not in self.entries:
            self.entries.append(id_)
            self.due_s = now_s if self.due_s is None else min(self.due_s, now_s)

    def can_claim(self, now_s: float) -> bool:
        if self.due_s is None or self.due_s > now_s:
            return False
        if self.claim is not None and self.claim[1] > now_s:
            self.due_s = self.claim[1]
            return False
        if not self.entries:
            self.due_s, self.claim, self.after_s = None, None, 0.0
            return False
        if self.after_s > now_s:
            self.due_s = self.after_s
            return False
        return True

    def holds(self, claimed: Claimed) -> bool:
        mine = self.claim is not None and self.claim[0] == claimed.token
        return mine and self.entries[:1] == [claimed.entry_id]

    def finish(self, claimed: Claimed, now_s: float, at_s: float | None, *, not_before: bool = False) -> bool:
        if not self.holds(claimed):
            return False
        self.claim, self.after_s = None, at_s if at_s and not_before else 0.0
        if at_s is None:
            self.entries.pop(0)
        self.due_s = None if not self.entries else now_s if at_s is None else at_s
        return True


IDS = [f"P{number:016d}" for number in range(5)]
MOVES = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(IDS)),
    st.tuples(st.just("claim")),
    st.tuples(st.just("begin"), st.integers(0, 3)),
    st.tuples(st.just("sent"), st.integers(0, 3)),
    st.tuples(st.just("later"), st.integers(0, 3), st.sampled_from([5, 50])),
    st.tuples(st.just("park"), st.integers(0, 3)),
    st.tuples(st.just("drop"), st.integers(0, 3)),
    st.tuples(st.just("wait"), st.sampled_from([1, 10, 40])),
)


@pytest.mark.parametrize("twice", [False, True])
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(MOVES, max_size=40))
def test_any_moves_of_any_senders_agree_with_the_model(
    valkey_server: Any, shared_connection: Connection, moves: list[tuple[Any, ...]], twice: bool
) -> None:
    """Order, claims and moments are kept whatever happens in between, even if every answer is lost once."""
    shared_connection.command("FLUSHALL")
    outbox = Outbox(Twice(valkey_server.url) if twice else shared_connection)
    model, now_s, claims = Model(), float(MONDAY_S), []
    for kind, *rest in moves:
        if kind == "put":
            outbox.put(PERSON, written(rest[0]), now_s)
            model.put(rest[0], now_s)
        elif kind == "claim":
            claimed = outbox.claim(PERSON, now_s)
            assert (claimed is not None) is model.can_claim(now_s)
            if claimed is not None:
                assert claimed.entry_id == model.entries[0]
                model.claim, model.due_s = (claimed.token, now_s + CLAIM_S), now_s + CLAIM_S
                claims.append(claimed)
        elif kind == "wait":
            now_s += rest[0]
        elif claims:
            claimed = claims[-1 - rest[0] % len(claims)]
            before = model.holds(claimed)
            if kind == "begin":
                begun = outbox.begin(claimed, NO_ATTEMPTS, now_s, CLAIM_S)
                assert (begun is Begun.BEGUN) is before
                if before:
                    model.claim, model.due_s = (claimed.token, now_s + CLAIM_S), now_s + CLAIM_S
                continue
            at_s = now_s + (rest[1] if kind == "later" else 1000) if kind in ("later", "park") else None
            if at_s is None:
                done = outbox.sent(claimed, SID, NO_ATTEMPTS, now_s) if kind == "sent" else outbox.drop(claimed, now_s)
            else:
                done = (outbox.later if kind == "later" else outbox.park)(claimed, NO_ATTEMPTS, now_s, at_s)
            if before:
                assert done
                model.finish(claimed, now_s, at_s, not_before=kind == "later")
        assert ids(outbox) == model.entries
        score = shared_connection.command("ZSCORE", Records(PERSON).due, PERSON)
        assert (None if score is None else float(score)) == model.due_s


def test_of_many_senders_at_once_one_has_the_person(outbox: Outbox) -> None:
    """Two would send the same message."""
    for round_ in range(30):
        outbox.put(PERSON, written(new_id(PERSON)), MONDAY_S)
        now_s = MONDAY_S + 100.0 * (round_ + 1)
        ready = threading.Barrier(6)

        def claim(now_s: float = now_s, ready: threading.Barrier = ready) -> Claimed | None:
            ready.wait()
            return outbox.claim(PERSON, now_s)

        with ThreadPoolExecutor(6) as threads:
            claims = [
                each for each in [future.result() for future in [threads.submit(claim) for _ in range(6)]] if each
            ]
        assert len(claims) == 1
        assert outbox.drop(claims[0], now_s)


def test_a_claim_that_has_ended_is_taken_over_and_the_first_can_do_nothing_more(outbox: Outbox) -> None:
    """A sender that hung for a minute must not send on."""
    outbox.put(PERSON, written(IDS[0]), MONDAY_S)
    first = outbox.claim(PERSON, MONDAY_S)
    assert outbox.claim(PERSON, MONDAY_S + CLAIM_S - 1) is None
    second = outbox.claim(PERSON, MONDAY_S + CLAIM_S + 1)
    assert first is not None
    assert second is not None
    assert outbox.begin(first, NO_ATTEMPTS, MONDAY_S + 32) is Begun.LOST
    assert not outbox.sent(first, SID, NO_ATTEMPTS, MONDAY_S + 32)
    assert outbox.begin(second, NO_ATTEMPTS, MONDAY_S + 32) is Begun.BEGUN
    assert ids(outbox) == [IDS[0]]


def test_an_attempt_is_seen_by_whoever_takes_over(outbox: Outbox) -> None:
    """It may have reached the person."""
    outbox.put(PERSON, written(IDS[0]), MONDAY_S)
    first = outbox.claim(PERSON, MONDAY_S)
    assert first is not None
    outbox.begin(first, replace(NO_ATTEMPTS, attempt_ms=MONDAY_S * 1000), MONDAY_S)
    second = outbox.claim(PERSON, MONDAY_S + 60)
    assert second is not None
    assert second.attempts.attempt_ms == MONDAY_S * 1000


def test_who_writes_while_a_message_is_on_its_way_does_not_free_the_person(
    outbox: Outbox, connection: Connection
) -> None:
    """A turn makes the person due again; the claim holds all the same."""
    outbox.put(PERSON, written(IDS[0]), MONDAY_S)
    assert outbox.claim(PERSON, MONDAY_S) is not None
    connection.command("ZADD", Records(PERSON).due, MONDAY_S, PERSON)
    assert outbox.claim(PERSON, MONDAY_S + 1) is None


def test_a_change_of_wishes_between_claim_and_attempt_is_seen(outbox: Outbox, connection: Connection) -> None:
    """An opt-out must win until the last moment."""
    outbox.put(PERSON, written(IDS[0]), MONDAY_S)
    claimed = outbox.claim(PERSON, MONDAY_S)
    assert claimed is not None
    connection.command("SET", Records(PERSON).prefs, dump_prefs(Prefs("es").opt_out(Channel.SMS)))
    assert outbox.begin(claimed, NO_ATTEMPTS, MONDAY_S) is Begun.CHANGED


def test_a_person_who_was_deleted_or_has_moved_is_found_no_more(outbox: Outbox, connection: Connection) -> None:
    """Then nothing is sent, and nothing is written back."""
    outbox.put(PERSON, written(IDS[0]), MONDAY_S)
    claimed = outbox.claim(PERSON, MONDAY_S)
    assert claimed is not None
    records = Records(PERSON)
    connection.command("DEL", records.outbox, records.attempts)
    connection.command("ZREM", records.due, PERSON)
    assert outbox.begin(claimed, NO_ATTEMPTS, MONDAY_S) is Begun.LOST
    assert not outbox.sent(claimed, SID, NO_ATTEMPTS, MONDAY_S)
    assert connection.command("KEYS", "*") == []


def test_all_of_a_person_is_gone_some_time_after_the_last_message(outbox: Outbox, connection: Connection) -> None:
    """Not even the sealed copy stays."""
    outbox.put(PERSON, written(IDS[0]), MONDAY_S)
    claimed = outbox.claim(PERSON, MONDAY_S)
    assert claimed is not None
    assert outbox.sent(claimed, SID, NO_ATTEMPTS, MONDAY_S)
    (key,) = connection.command("KEYS", "*")
    assert 0 < connection.command("TTL", key) <= 1800
    copy = outbox.copy(PERSON, IDS[0])
    assert copy is not None
    assert (copy.sid, copy.written) == (SID, written(IDS[0]))


@pytest.mark.parametrize("again", [1, 2])
def test_bringing_back_can_be_repeated(outbox: Outbox, again: int) -> None:
    """Two receipts of one failure make one message."""
    outbox.put(PERSON, written(IDS[0]), MONDAY_S)
    outbox.put(PERSON, written(IDS[1]), MONDAY_S)
    claimed = outbox.claim(PERSON, MONDAY_S)
    assert claimed is not None
    outbox.sent(claimed, SID, NO_ATTEMPTS, MONDAY_S)
    copy = outbox.copy(PERSON, IDS[0])
    assert copy is not None
    for _ in range(again):
        assert outbox.bring_back(PERSON, IDS[0], copy, NO_ATTEMPTS, MONDAY_S, MONDAY_S + 60)
    assert ids(outbox) == [IDS[0], IDS[1]]
    assert outbox.claim(PERSON, MONDAY_S + 59) is None


def test_letters_are_found_by_id_by_age_and_by_person(connection: Connection) -> None:
    """The newest first; and a person who is deleted leaves none."""
    given_up = GivenUp(connection)
    letters = [Letter(IDS[at], f"person{at % 2}", "bug", 21617, MONDAY_S + at, b"sealed \x00\xff") for at in range(4)]
    for letter in letters:
        given_up.put(letter)
        given_up.put(letter)
    assert given_up.latest() == letters[::-1]
    assert given_up.of([IDS[2], "unknown"]) == [letters[2]]
    given_up.forget(["person0", "nobody"])
    assert given_up.latest() == [letters[3], letters[1]]
    assert given_up.drop(letters[1])
    assert given_up.drop(letters[3])
    assert connection.command("KEYS", "*") == []


def test_a_letter_ends_after_seven_days(connection: Connection) -> None:
    """Nobody sends a week-old answer, and its words must not stay."""
    given_up = GivenUp(connection)
    given_up.put(Letter(IDS[0], PERSON, "bug", 0, MONDAY_S, b"sealed"))
    assert all(connection.command("TTL", key) <= 7 * 86400 for key in connection.command("KEYS", "*:g:*"))
    given_up.put(Letter(IDS[1], PERSON, "bug", 0, MONDAY_S + 8 * 86400, b"sealed"))
    assert [letter.id for letter in given_up.latest()] == [IDS[1]]


def test_a_heart_that_beats_no_more_is_noticed(connection: Connection) -> None:
    """`/readyz` and `run` ask whether anybody sends."""
    heart = Heartbeat(connection)
    heart.beat("one", 1000.0)
    heart.beat("two", 1020.0)
    assert [heart.senders(at) for at in (1021.0, 1040.0, 1060.0)] == [2, 1, 0]
    heart.stop("two")
    assert not heart.is_there(1021.0) or heart.senders(1021.0) == 1


@pytest.mark.parametrize("broken", [b"", b"no-space", b"id rubbish", b"\xff\xfe sealed"])
def test_an_entry_that_is_none_is_refused(keys: Keys, broken: bytes) -> None:
    """It is set aside, never sent as it stands."""
    with pytest.raises(BadEntry):
        read(broken, keys)


def test_an_entry_does_not_pass_under_another_id(keys: Keys) -> None:
    """Its news would be another message's."""
    entry = Entry(IDS[0], Kind.ADVISOR, Channel.SMS, "+5016100001", "+12025550142", "words", MONDAY_S)
    sealed = write(entry, keys)
    assert read(sealed, keys) == entry
    assert b"words" not in sealed
    with pytest.raises(BadEntry):
        read(IDS[1].encode() + sealed[len(IDS[0]) :], keys)


def test_delete_takes_everything_of_the_outbox_and_what_was_given_up(
    store: SessionStore,
    connection: Connection,
    keys: Keys,
    inbound: Callable[..., Inbound],
    next_turn: Callable[..., Turn],
    codes: Codes,
) -> None:
    """DELETE means all of it: what waits, what was sent a moment ago, and what could not be sent."""
    person = keys.person_of("", "+5016100001")
    outbox, given_up = Outbox(connection), GivenUp(connection)
    for id_ in IDS[:2]:
        outbox.put(person.key, written(id_), MONDAY_S)
    claimed = outbox.claim(person.key, MONDAY_S)
    assert claimed is not None
    outbox.sent(claimed, SID, NO_ATTEMPTS, MONDAY_S)
    given_up.put(Letter(IDS[4], person.key, "bug", 0, MONDAY_S, b"sealed"))
    loaded = store.load(person, inbound("delete"), codes)
    store.commit(loaded, next_turn(loaded, clears=Clears.ALL))
    kinds = {key.split(b":")[2] for key in connection.command("KEYS", "*")}
    assert kinds == {b"m"}
    assert outbox.claim(person.key, MONDAY_S + 100) is None


def test_an_attempt_follows_a_person_who_moves_to_another_code(
    store: SessionStore, connection: Connection, keys: Keys, inbound: Callable[..., Inbound], codes: Codes
) -> None:
    """WhatsApp tells a user id for the first time while a message is on its way: it is not sent blindly again."""
    before, after = keys.person_of("", "+5016100001"), keys.person_of("BZ.1001", "+5016100001")
    outbox = Outbox(connection)
    outbox.put(before.key, written(IDS[0]), MONDAY_S)
    claimed = outbox.claim(before.key, MONDAY_S)
    assert claimed is not None
    outbox.begin(claimed, replace(NO_ATTEMPTS, attempt_ms=MONDAY_S * 1000), MONDAY_S)
    assert store.load(after, inbound("first", Channel.WHATSAPP), codes).key == after.key
    assert not outbox.sent(claimed, SID, NO_ATTEMPTS, MONDAY_S + 1)
    assert outbox.claim(after.key, MONDAY_S + 10) is None
    again = outbox.claim(after.key, MONDAY_S + 100)
    assert again is not None
    assert (again.entry_id, again.attempts.attempt_ms) == (IDS[0], MONDAY_S * 1000)


def test_a_person_who_writes_wakes_what_waits_for_them(
    store: SessionStore,
    connection: Connection,
    keys: Keys,
    inbound: Callable[..., Inbound],
    next_turn: Callable[..., Turn],
    codes: Codes,
) -> None:
    """Their message opens the window; nobody waits half an hour for the next look."""
    person = keys.person_of("", "+5016100001")
    outbox = Outbox(connection)
    outbox.put(person.key, written(IDS[0]), MONDAY_S)
    claimed = outbox.claim(person.key, MONDAY_S)
    assert claimed is not None
    outbox.park(claimed, replace(NO_ATTEMPTS, parked=True), MONDAY_S, MONDAY_S + 1800)
    assert outbox.claim(person.key, MONDAY_S + 60) is None
    loaded = store.load(person, inbound("SM1", after_s=60), codes)
    store.commit(loaded, next_turn(loaded), reply="hola")
    assert outbox.claim(person.key, MONDAY_S + 60) is not None
