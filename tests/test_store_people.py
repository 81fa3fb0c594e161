"""A person known in two ways is one person, and loses nothing when that is learnt."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.inbound import Channel, Inbound
from bot.session import OPT_OUT_TTL_S, Codes, Prefs, Session, dump, dump_prefs, load, load_prefs
from bot.turn import Clears, Turn
from tests.tickets_world import sample_entry
from webhook.embedded import EmbeddedServer
from webhook.keys import Keys
from webhook.outbox.entries import read
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown
from webhook.store.keyspace import Records
from webhook.store.lifetimes import ALIAS_TTL_S, DAY_S
from webhook.store.people import People
from webhook.store.scripts import ADOPT, Script
from webhook.store.sessions import Outcome, SessionStore

MakeInbound = Callable[..., Inbound]
MakeTurn = Callable[..., Turn]

NUMBER = "+5015550001"
USER = "whatsapp:BZ.1000000000000001"
OLD_SECRET = "the secret of before, long enough for a secret"
NEW_SECRET = "the secret of today, long enough for a secret"


def say(
    store: SessionStore,
    keys: Keys,
    user: str,
    number: str,
    inbound: Inbound,
    next_turn: MakeTurn,
    codes: Codes,
    prefs: Prefs | None = None,
) -> int:
    """One message taken in, as the webhook does it; how many turns the session has now."""
    while True:
        loaded = store.load(keys.person_of(user, number), inbound, codes)
        if loaded.seen:
            return loaded.state.session.misses
        turn = next_turn(loaded, prefs=prefs)
        if store.commit(loaded, turn, reply=f"reply to {inbound.id}").outcome is not Outcome.CONFLICT:
            return turn.state.session.misses


def test_a_number_alone_leads_to_who_wrote_with_both(
    store: SessionStore, keys: Keys, inbound: MakeInbound, next_turn: MakeTurn, codes: Codes
) -> None:
    """SMS gives no user id; the language chosen on WhatsApp holds there too."""
    say(store, keys, USER, NUMBER, inbound("WA1", Channel.WHATSAPP), next_turn, codes, Prefs("es"))
    loaded = store.load(keys.person_of("", NUMBER), inbound("SM1"), codes)
    assert loaded.state.prefs.language == "es"
    assert loaded.key == keys.person_of(USER, "").key


def test_what_was_kept_under_the_number_moves(
    store: SessionStore,
    keys: Keys,
    inbound: MakeInbound,
    next_turn: MakeTurn,
    codes: Codes,
    connection: Connection,
) -> None:
    """Session, opt-out, reply copy, seen mark and outbox: the retry of an SMS still gets its reply afterwards."""
    loaded = store.load(keys.person_of("", NUMBER), inbound("SM1"), codes)
    turn = next_turn(loaded, prefs=Prefs("en").opt_out(Channel.SMS))
    store.commit(loaded, turn, reply="reply to SM1", entries=[sample_entry(loaded.key, keys)])
    connection.command("PEXPIRE", Records(loaded.key).session(Channel.SMS), 5000)

    say(store, keys, USER, NUMBER, inbound("WA1", Channel.WHATSAPP), next_turn, codes)
    person = keys.person_of(USER, NUMBER)
    again = store.load(keys.person_of("", NUMBER), inbound("SM1"), codes)
    assert (again.key, again.seen, again.reply) == (person.user, True, "reply to SM1")
    assert again.state.session.misses == 1
    assert again.state.prefs == Prefs("en").opt_out(Channel.SMS)

    theirs, mine = Records(person.number), Records(person.user)
    assert connection.command("TTL", mine.prefs) > OPT_OUT_TTL_S - 5
    assert 0 < connection.command("PTTL", mine.session(Channel.SMS)) <= 5000
    [entry] = connection.command("LRANGE", mine.outbox, 0, -1)
    assert read(entry, keys).text == "later"
    assert connection.command("ZSCORE", mine.due, person.user) is not None
    left = [key.decode() for key in connection.command("KEYS", f"*{person.number}*")]
    assert left == [theirs.alias]
    assert connection.command("ZSCORE", theirs.due, person.number) is None
    assert ALIAS_TTL_S - 5 < connection.command("TTL", theirs.alias) <= ALIAS_TTL_S


LANGUAGES = st.sampled_from(["", "en", "es"])
CONSENTS = st.sampled_from([None, True, False])
OPT_OUTS = st.frozensets(st.sampled_from(list(Channel)))
PREFS = st.none() | st.builds(Prefs, LANGUAGES, CONSENTS, OPT_OUTS)
LAST_USED = st.fixed_dictionaries({channel: st.sampled_from([0, 1, 2]) for channel in Channel})


class StopsBeforeLettingGo(Connection):
    """A connection that is lost when a code is to be let go, as if the process had been killed there."""

    stops = False

    def run(self, script: Script, *args: Any, **options: Any) -> Any:
        if self.stops and script is ADOPT:
            super().run(script, *args, **options)
            raise StoreDown("lost")
        return super().run(script, *args, **options)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(theirs=PREFS, mine=PREFS, their_use=LAST_USED, my_use=LAST_USED, stops=st.booleans())
def test_moving_agrees_with_two_dictionaries(
    valkey_server: EmbeddedServer,
    keys: Keys,
    codes: Codes,
    theirs: Prefs | None,
    mine: Prefs | None,
    their_use: dict[Channel, int],
    my_use: dict[Channel, int],
    stops: bool,
) -> None:
    """The session used last stays, what is missing comes from the number, an opt-out of either holds.

    It is the same if the first attempt was cut off between the two places.
    """
    connection = StopsBeforeLettingGo(valkey_server.url)
    connection.command("FLUSHALL")
    person = keys.person_of(USER, NUMBER)
    for code, prefs, use in [(person.number, theirs, their_use), (person.user, mine, my_use)]:
        if prefs is not None:
            connection.command("SET", Records(code).prefs, dump_prefs(prefs))
        for channel, active_s in use.items():
            if active_s:
                raw = dump(Session(node=code, active_s=active_s), codes)
                connection.command("SET", Records(code).session(channel), raw, "EX", 1000)

    people = People(connection, lambda _: None)
    connection.stops = stops
    if stops and (theirs is not None or any(their_use.values())):
        with pytest.raises(StoreDown):
            people.settle(person, None, codes, is_known=True, at_s=0)
    connection.stops = False
    people.settle(person, None, codes, is_known=True, at_s=0)

    left, right = theirs or Prefs(), mine or Prefs()
    expected = Prefs(
        right.language or left.language,
        left.consent if right.consent is None else right.consent,
        left.opted_out | right.opted_out,
    )
    records = Records(person.user)
    assert load_prefs(connection.command("GET", records.prefs)) == expected
    for channel in Channel:
        found = load(connection.command("GET", records.session(channel)), codes)
        whose = person.number if their_use[channel] > my_use[channel] else person.user
        last_used = max(their_use[channel], my_use[channel])
        assert (found.node, found.active_s) == (whose if last_used else "", last_used)
    assert len(connection.command("KEYS", f"*{person.number}*")) == 1
    connection.close()


def test_a_move_that_a_delete_has_overtaken_brings_nothing_back(
    connection: Connection, keys: Keys, inbound: MakeInbound, next_turn: MakeTurn, codes: Codes
) -> None:
    """Two webhooks learn at once that two codes are one person; the second is slow, and there was a delete between."""
    person = keys.person_of(USER, NUMBER)

    class Slow(Connection):
        overtaken = False

        def run(self, script: Script, *args: Any, **options: Any) -> Any:
            if script is ADOPT and not self.overtaken:
                self.overtaken = True
                store = SessionStore(connection, keys)
                loaded = store.load(person, inbound("WA1"), codes)
                store.commit(loaded, next_turn(loaded, clears=Clears.ALL))
            return super().run(script, *args, **options)

    store = SessionStore(connection, keys)
    say(store, keys, "", NUMBER, inbound("SM1"), next_turn, codes, Prefs("es"))
    slow = Slow(connection.address.url)
    loaded = SessionStore(slow, keys).load(person, inbound("WA2", Channel.WHATSAPP), codes)
    assert slow.overtaken
    assert loaded.state.prefs == Prefs()
    assert {key.split(b":")[2] for key in connection.command("KEYS", "*")} <= {b"m", b"a", b"n", b"f"}
    slow.close()


def test_no_turn_is_lost_while_the_records_move(
    store: SessionStore, keys: Keys, inbound: MakeInbound, next_turn: MakeTurn, codes: Codes
) -> None:
    """SMS go on coming from one thread while WhatsApp tells, in another, that both are one person."""
    for round_ in range(25):
        number, user = f"+50155520{round_:02d}", f"BZ.20{round_:02d}"

        def write_sms(number: str = number, round_: int = round_) -> None:
            for at in range(6):
                say(store, keys, "", number, inbound(f"SM{round_}-{at}"), next_turn, codes)

        def write_whatsapp(number: str = number, user: str = user, round_: int = round_) -> None:
            for at in range(2):
                message = inbound(f"WA{round_}-{at}", Channel.WHATSAPP)
                say(store, keys, user, number, message, next_turn, codes)

        with ThreadPoolExecutor(3) as threads:
            for done in [threads.submit(work) for work in (write_sms, write_whatsapp, write_whatsapp)]:
                done.result()
        sms = store.load(keys.person_of("", number), inbound("end"), codes)
        whatsapp = store.load(keys.person_of("", number), inbound("end", Channel.WHATSAPP), codes)
        assert (sms.state.session.misses, whatsapp.state.session.misses) == (6, 2)


def test_the_alias_is_written_once_a_day(
    store: SessionStore,
    keys: Keys,
    inbound: MakeInbound,
    next_turn: MakeTurn,
    codes: Codes,
    connection: Connection,
) -> None:
    """Thirty days from the last contact need no write for each message."""
    alias = Records(keys.person_of("", NUMBER).number).alias
    say(store, keys, USER, NUMBER, inbound("WA1"), next_turn, codes)
    connection.command("EXPIRE", alias, 100)
    say(store, keys, USER, NUMBER, inbound("WA2", after_s=60), next_turn, codes)
    assert connection.command("TTL", alias) <= 100
    say(store, keys, USER, NUMBER, inbound("WA3", after_s=DAY_S), next_turn, codes)
    assert connection.command("TTL", alias) > ALIAS_TTL_S - 5


def test_a_number_that_changed_hands_leads_to_the_new_owner(
    store: SessionStore, keys: Keys, inbound: MakeInbound, next_turn: MakeTurn, codes: Codes
) -> None:
    """The new owner must not be shown where the earlier one stood."""
    say(store, keys, "BZ.1", NUMBER, inbound("WA1"), next_turn, codes, Prefs("es"))
    assert say(store, keys, "BZ.2", NUMBER, inbound("WA2"), next_turn, codes) == 1
    loaded = store.load(keys.person_of("", NUMBER), inbound("SM1"), codes)
    assert (loaded.key, loaded.state.prefs.language) == (keys.person_of("BZ.2", "").key, "")


def test_a_person_whose_number_changed_is_not_found_by_the_old_one(
    store: SessionStore, keys: Keys, inbound: MakeInbound, next_turn: MakeTurn, codes: Codes
) -> None:
    """The old number may be somebody else's tomorrow."""
    say(store, keys, USER, NUMBER, inbound("WA1"), next_turn, codes)
    assert say(store, keys, USER, "+5015550002", inbound("WA2"), next_turn, codes) == 2
    assert store.load(keys.person_of("", NUMBER), inbound("SM1"), codes).state.session.misses == 0
    assert store.load(keys.person_of("", "+5015550002"), inbound("SM1"), codes).state.session.misses == 2


BY_NUMBER, BY_USER_ID, BY_BOTH = ("", NUMBER), (USER, ""), (USER, NUMBER)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        pytest.param(BY_NUMBER, BY_NUMBER, id="number, number"),
        pytest.param(BY_NUMBER, BY_BOTH, id="number, both"),
        pytest.param(BY_USER_ID, BY_USER_ID, id="user id, user id"),
        pytest.param(BY_USER_ID, BY_BOTH, id="user id, both"),
        pytest.param(BY_BOTH, BY_NUMBER, id="both, number"),
        pytest.param(BY_BOTH, BY_USER_ID, id="both, user id"),
        pytest.param(BY_BOTH, BY_BOTH, id="both, both"),
    ],
)
def test_after_the_secret_was_changed_everybody_is_still_known(
    connection: Connection,
    inbound: MakeInbound,
    next_turn: MakeTurn,
    codes: Codes,
    before: tuple[str, str],
    now: tuple[str, str],
) -> None:
    """An opt-out given under the old secret is honoured under the new one."""
    old, new = Keys(OLD_SECRET), Keys(NEW_SECRET, OLD_SECRET)
    opted_out = Prefs("es").opt_out(Channel.SMS)
    store = SessionStore(connection, old)
    say(store, old, *before, inbound("SM1"), next_turn, codes, opted_out)

    store = SessionStore(connection, new)
    again = store.load(new.person_of(*now), inbound("SM1"), codes)
    assert (again.seen, again.reply) == (True, "reply to SM1")
    assert say(store, new, *now, inbound("SM2"), next_turn, codes) == 2
    assert store.load(new.person_of(*now), inbound("SM3"), codes).state.prefs == opted_out
    if before == BY_BOTH:  # and whichever part is seen next leads to the same person
        assert say(store, new, USER, NUMBER, inbound("SM4"), next_turn, codes) == 3
        assert say(store, new, "", NUMBER, inbound("SM5"), next_turn, codes) == 4
        old_codes = {old.person_of(*before).user, old.person_of(*before).number}
        left = {key for key in connection.command("KEYS", "*") if any(code.encode() in key for code in old_codes)}
        assert left == set()
