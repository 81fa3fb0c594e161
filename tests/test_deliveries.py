"""Receipts in any order, repeated, or before we know the message: they always end in the same state."""

from __future__ import annotations

import random
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.twilio_samples import BASE_URL, encoded, status_form, twilio_signature
from tests.webhook_world import Caller, app_for
from webhook.embedded import EmbeddedServer
from webhook.outbox.deliveries import Deliveries, Delivery
from webhook.outbox.entries import new_id
from webhook.store.connection import Connection
from webhook.twilio_edge.status import Receipt, Status

SIDS = [f"SM{number:032x}" for number in (1, 2)]
RECEIPTS = st.builds(Receipt, st.sampled_from(SIDS), st.sampled_from(list(Status)), st.sampled_from([0, 30008, 63016]))
ENTRY = new_id("person")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(receipts=st.lists(RECEIPTS, min_size=1, max_size=8), seed=st.integers(0, 999))
def test_any_order_of_receipts_ends_in_the_same_state(
    shared_connection: Connection, receipts: list[Receipt], seed: int
) -> None:
    """The provider promises no order and repeats itself; what the console shows must not depend on luck."""

    def end(order: list[Receipt]) -> Delivery:
        shared_connection.command("FLUSHALL")
        deliveries = Deliveries(shared_connection)
        for receipt in order:
            deliveries.receive(ENTRY, receipt)
        return deliveries.of([ENTRY])[ENTRY]

    shuffled = [*receipts, *receipts[:3]]
    random.Random(seed).shuffle(shuffled)
    assert end(receipts) == end(shuffled)


def test_a_status_only_rises_and_a_failure_is_the_last_word(connection: Connection) -> None:
    """A late "sent" must not hide a "delivered", nor anything a failure."""
    deliveries = Deliveries(connection)
    seen = []
    for status in (Status.DELIVERED, Status.SENT, Status.READ, Status.DELIVERED, Status.UNDELIVERED, Status.READ):
        deliveries.receive(ENTRY, Receipt(SIDS[0], status))
        seen.append(deliveries.of([ENTRY])[ENTRY].status)
    assert seen == [Status.DELIVERED] * 2 + [Status.READ] * 2 + [Status.UNDELIVERED] * 2


def test_only_the_first_of_two_equal_receipts_is_news(connection: Connection) -> None:
    """What follows from a failure must follow once."""
    deliveries = Deliveries(connection)
    told = Receipt(SIDS[0], Status.FAILED, 30008)
    assert [deliveries.receive(ENTRY, told).is_news for _ in range(3)] == [True, False, False]


def test_of_two_copies_the_one_that_arrived_counts(connection: Connection) -> None:
    """The person has the message, whatever became of the other copy."""
    deliveries = Deliveries(connection)
    deliveries.receive(ENTRY, Receipt(SIDS[0], Status.DELIVERED))
    deliveries.receive(ENTRY, Receipt(SIDS[1], Status.FAILED, 30008))
    delivery = deliveries.of([ENTRY])[ENTRY]
    assert (delivery.status, delivery.sid, delivery.sids) == (Status.DELIVERED, SIDS[0], set(SIDS))


def test_what_was_given_up_and_arrived_after_all_is_shown_as_arrived(connection: Connection) -> None:
    """The truth may come late."""
    deliveries = Deliveries(connection)
    deliveries.given_up(ENTRY, "outcome_unknown", 0)
    assert deliveries.of([ENTRY])[ENTRY].reason == "outcome_unknown"
    deliveries.receive(ENTRY, Receipt(SIDS[0], Status.SENT))
    delivery = deliveries.of([ENTRY])[ENTRY]
    assert (delivery.status, delivery.reason) == (Status.SENT, "")


def test_many_are_read_at_once_and_unknown_ones_are_left_out(connection: Connection) -> None:
    """The console asks for a whole chat every second or two."""
    deliveries = Deliveries(connection)
    entries = [new_id(letter * 3) for letter in "ABCDEFGHabcdefgh01234"]
    for entry in entries[::2]:
        deliveries.receive(entry, Receipt(SIDS[0], Status.SENT))
    assert set(deliveries.of([*entries, *entries, "not an id", ""])) == set(entries[::2])


def test_no_words_and_no_address_are_kept_and_all_of_it_ends(connection: Connection) -> None:
    """Deliveries outlive what was said."""
    deliveries = Deliveries(connection)
    deliveries.accepted(ENTRY, SIDS[0], "person", double=True)
    delivery, whose = sorted(connection.command("KEYS", "*"))
    assert 0 < connection.command("TTL", delivery) <= 31 * 24 * 3600
    assert set(connection.command("HGETALL", delivery)) == {SIDS[0].encode(), b"double", b"again", b"reason"}
    assert connection.command("GET", whose) == b"person"
    assert 0 < connection.command("TTL", whose) <= 1800


STATUS_PAGE = f"{BASE_URL}/twilio/status"


@pytest.mark.parametrize("name", ["whatsapp delivered", "whatsapp read"])
def test_a_callback_with_an_entry_is_kept(
    valkey_server: EmbeddedServer, connection: Connection, tmp_path: Path, name: str
) -> None:
    """It is signed over the whole address, the entry's id included, and counts before we know Twilio's id."""
    caller = Caller(app_for(tmp_path, valkey_server.url))
    form = status_form(name)
    answer = caller.send(form, f"{STATUS_PAGE}?o={ENTRY}")
    assert (answer.code, answer.body) == (200, b"")
    delivery = Deliveries(connection).of([ENTRY])[ENTRY]
    assert (delivery.sid, delivery.status.value) == (form["MessageSid"], form["MessageStatus"])


def test_a_callback_whose_entry_was_changed_on_the_way_is_refused(
    valkey_server: EmbeddedServer, connection: Connection, tmp_path: Path
) -> None:  # fmt: skip
    """Nobody else can tell us how a message stands."""
    caller = Caller(app_for(tmp_path, valkey_server.url))
    form = status_form("whatsapp delivered")
    signature = twilio_signature(f"{STATUS_PAGE}?o={ENTRY}", list(form.items()))
    answer = caller.post("/twilio/status", encoded(form), signature, query=f"o={new_id('another')}")
    assert answer.code == 403
    assert connection.command("KEYS", "*d:*") == []


@pytest.mark.parametrize("entry", ["", "short", "x" * 17 + "y", "a b c d e f g h i", "ñ" * 17])
def test_a_callback_with_an_odd_entry_is_only_counted(
    valkey_server: EmbeddedServer, connection: Connection, tmp_path: Path, entry: str
) -> None:  # fmt: skip
    """A reply by TwiML has no entry, and no text may pass for a key."""
    caller = Caller(app_for(tmp_path, valkey_server.url))
    assert caller.send(status_form("whatsapp delivered"), f"{STATUS_PAGE}?o={quote(entry)}").code == 200
    assert connection.command("KEYS", "*d:*") == []


def test_a_callback_without_a_store_is_answered(tmp_path: Path) -> None:
    """Never a 5xx to Twilio: it would be repeated, and means nothing to it."""
    caller = Caller(app_for(tmp_path, "unix:///nowhere/at/all.sock"))
    assert caller.send(status_form("whatsapp delivered"), f"{STATUS_PAGE}?o={ENTRY}").code == 200
