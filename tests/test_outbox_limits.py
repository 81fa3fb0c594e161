"""Rates, spending and countries: shared by all senders, and fair."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.inbound import Channel
from tests.outbox_world import Person, World
from webhook.keys import Keys
from webhook.outbox.entries import Kind
from webhook.outbox.limits import Limits, country_of, seconds_to_midnight
from webhook.outbox.reasons import Reason
from webhook.settings import Sending
from webhook.store.connection import Connection


@pytest.fixture
def world(connection: Connection, keys: Keys, tmp_path: Path) -> World:
    return World(connection, keys, tmp_path, sending=Sending())


def sent_at(world: World, people: list[Person], seconds: int) -> list[float]:
    """When each message went out, over some time."""
    moments: list[float] = []
    end_s = world.clock() + seconds
    while world.clock() < end_s:
        before = len(world.twilio.sent)
        for person in people:
            world.run(person)
        moments += [world.clock()] * (len(world.twilio.sent) - before)
        world.clock.move(0.25)
    return moments


def test_one_person_gets_a_burst_of_five_and_then_one_in_six_seconds(world: World) -> None:
    """Meta's limit for one person; above it messages fail."""
    person = world.person()
    for number in range(8):
        world.put(person, f"{number}")
    start_s = world.clock()
    moments = [round(at - start_s) for at in sent_at(world, [person], 30)]
    assert moments == [0, 0, 0, 0, 0, 6, 12, 18]
    assert world.texts() == [f"{number}" for number in range(8)]


def test_an_sms_number_sends_a_segment_a_second_to_all_together(world: World) -> None:
    """A long code takes no more; each gets its turn."""
    people = [world.person(number, Channel.SMS) for number in range(6)]
    for person in people:
        world.put(person, "x" * 200)  # two segments
    start_s = world.clock()
    moments = [at - start_s for at in sent_at(world, people, 15)]
    assert len(moments) == 6
    assert all(later - earlier >= 1.75 for earlier, later in itertools.pairwise(moments))
    assert len({message.to for message in world.twilio.sent}) == 6


def test_the_sandbox_sends_one_in_three_seconds(world: World) -> None:
    """Twilio's own limit for trying out."""
    people = [world.person(number) for number in range(3)]
    for person in people:
        world.put(person, sender="whatsapp:+14155238886")
    start_s = world.clock()
    assert [round(at - start_s) for at in sent_at(world, people, 9)] == [0, 3, 6]


def test_above_the_daily_cap_only_notices_go_and_the_rest_waits_for_the_new_day(
    connection: Connection, keys: Keys, tmp_path: Path
) -> None:
    """A mistake must not spend a year's money; who waits is still told how things stand."""
    world = World(connection, keys, tmp_path, sending=Sending(daily_usd=0.03, whatsapp_usd=0.0135))
    people = [world.person(number) for number in range(3)]
    for person in people:
        world.put(person)
        world.run(person)
    other = world.person(9)
    world.put(other, "notice", kind=Kind.NOTICE)
    world.run(other)
    assert world.texts() == ["Hola", "Hola", "notice"]
    assert world.metric("ventanilla_spend_cap_reached") == 1
    world.clock.move(seconds_to_midnight(world.clock()) - 3600)
    world.connection.command("DEL", people[2].records.outbox)
    world.put(people[2], "tomorrow")
    world.writes(people[2])
    world.settle(people[2])
    assert world.texts()[-1] == "tomorrow"
    assert world.metric("ventanilla_spend_cap_reached") == 0


def test_what_the_cap_held_too_long_says_so(connection: Connection, keys: Keys, tmp_path: Path) -> None:
    """The advisor learns that it was the money, and not the person."""
    world = World(connection, keys, tmp_path, sending=Sending(daily_usd=0.001))
    world.put(person := world.person())
    world.settle(person)
    assert [reason for _, reason, _ in world.reasons()] == [Reason.SPEND_CAP]
    assert world.metric("ventanilla_send_alarms_total") == 1


@pytest.mark.parametrize(
    ("number", "country", "goes"),
    [("+5016100001", "BZ", True), ("+529831234567", "MX", True), ("+442079460958", "GB", False), ("12345", "", False)],
)
def test_an_sms_goes_only_where_it_may(world: World, number: str, country: str, goes: bool) -> None:
    """Fraud sends messages to dear countries at our cost."""
    assert country_of(number) == country
    person = world.person(1, Channel.SMS)
    world.put(person, address=number)
    world.settle(person, 60)
    assert bool(world.texts()) is goes
    assert [reason for _, reason, _ in world.reasons()] == ([] if goes else [Reason.COUNTRY])


def test_whatsapp_is_served_anywhere(world: World) -> None:
    """People there wrote to us, from whatever number they have."""
    person = world.person()
    world.put(person, address="whatsapp:GB.1000000000000003")
    world.run(person)
    assert world.texts() == ["Hola"]
    assert country_of("whatsapp:BZ.1000000000000003") == ""


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pauses=st.lists(st.floats(0, 3), min_size=1, max_size=30), rate=st.sampled_from([0.5, 1.0, 4.0]))
def test_places_agree_with_a_model(
    shared_connection: Connection, keys: Keys, tmp_path: Path, pauses: list[float], rate: float
) -> None:
    """The same arithmetic as ten lines of Python: never faster than the rate, never slower than it must be."""
    shared_connection.command("FLUSHALL")
    world = World(shared_connection, keys, tmp_path)
    limits = Limits(shared_connection, Sending(sms_per_s=rate))
    entry = world.entry(world.person(1, Channel.SMS))
    now_s, free_s = world.clock(), 0.0
    for pause in pauses:
        now_s += pause
        place = limits.ask(entry, "person", now_s)
        wait_s = max(0.0, free_s - now_s)
        assert place.is_reserved is (wait_s <= 30)
        assert place.wait_s == pytest.approx(wait_s, abs=1e-3)
        if place.is_reserved:
            free_s = max(free_s, now_s) + 1 / rate
