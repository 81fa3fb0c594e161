"""Senders that are killed at any moment, over real HTTP: nothing is lost, nothing is sent twice without saying so."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.inbound import Channel
from tests.fake_twilio import FAULT, TOO_MANY, Breaks, Twilio, at_random, serving
from tests.outbox_world import World
from webhook.embedded import EmbeddedServer
from webhook.keys import Keys
from webhook.outbox.heartbeat import Heartbeat
from webhook.outbox.reasons import Reason
from webhook.settings import CHECKOUT
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown

PEOPLE, EACH, KILLS = 50, 6, 10
PATIENCE_S = 150.0


class Children:
    """Sender processes on one store and one Twilio."""

    def __init__(self, store: str, twilio: str, var: Path) -> None:
        self._command = [sys.executable, "-m", "tests.sender_child", store, twilio, str(var)]
        self._log = var / "senders.log"
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        environ = {**os.environ, "VENTANILLA_LEARN": "0"}
        with self._log.open("ab") as log:
            self.running.append(subprocess.Popen(self._command, cwd=CHECKOUT, env=environ, stdout=log, stderr=log))

    def end_oldest(self, how: signal.Signals) -> int:
        child = self.running.pop(0)
        child.send_signal(how)
        return child.wait(30)

    def said(self) -> str:
        return self._log.read_text(encoding="utf-8")


@pytest.fixture
def twilio() -> Twilio:
    return Twilio()


@pytest.fixture
def children(own_server: EmbeddedServer, twilio: Twilio, tmp_path: Path) -> Iterator[Children]:
    with serving(twilio) as address:
        started = Children(own_server.url, address, tmp_path)
        yield started
        while started.running:
            started.end_oldest(signal.SIGKILL)


def until(is_so: Callable[[], bool], told: Callable[[], str]) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < give_up_at, told()[-3000:]
        time.sleep(0.02)


@pytest.mark.xdist_group("sender")
def test_senders_killed_at_random_moments_lose_nothing_and_double_nothing_unmarked(
    own_server: EmbeddedServer, keys: Keys, tmp_path: Path, twilio: Twilio, children: Children
) -> None:
    """A crash between the request and our own note is the one moment in which nobody knows; it is found out, or told."""
    connection = Connection(own_server.url)
    world = World(connection, keys, tmp_path)
    world.clock.now_s = time.time()
    dice = random.Random(7)
    twilio.choose = at_random(
        7, {Breaks.LOST: 0.04, Breaks.SWALLOWED: 0.02, TOO_MANY: 0.03, FAULT: 0.02, Breaks.UNREACHED: 0.01}
    )
    people = [world.person(number, Channel.SMS) for number in range(PEOPLE)]
    entries = {person.address: [world.put(person, f"message {at}") for at in range(EACH)] for person in people}
    whole = PEOPLE * EACH
    for _ in range(2):
        children.start()
    for threshold in sorted(dice.sample(range(10, whole - 10), KILLS)):
        until(lambda threshold=threshold: len(twilio.sent) >= threshold, children.said)  # type: ignore[misc]
        children.end_oldest(signal.SIGKILL)
        children.start()
    until(lambda: not any(world.outbox.entries(person.key) for person in people), children.said)

    assert twilio.faults == []
    # only what twice ended without an answer, and was not listed, may have been given up, and then it says so
    letters = {letter.id: letter.reason for letter in world.given_up.latest()}
    assert set(letters.values()) <= {Reason.OUTCOME_UNKNOWN}
    assert len(letters) <= KILLS
    got = Counter(message.entry for message in twilio.sent)
    deliveries = world.deliveries.of(entry.id for mine in entries.values() for entry in mine)
    for address, mine in entries.items():
        in_order = list(dict.fromkeys(twilio.bodies_to(address)))
        assert in_order == [entry.text for entry in mine if got[entry.id]]
        for entry in mine:
            if entry.id in letters:
                assert deliveries[entry.id].double
            else:
                assert got[entry.id] == 1 or (got[entry.id] == 2 and deliveries[entry.id].double)
    connection.close()


@pytest.mark.xdist_group("sender")
def test_sigterm_finishes_the_message_in_hand(
    own_server: EmbeddedServer, keys: Keys, tmp_path: Path, twilio: Twilio, children: Children
) -> None:
    """An update of the software must not make doubtful messages."""
    connection = Connection(own_server.url)
    world = World(connection, keys, tmp_path)
    world.clock.now_s = time.time()
    people = [world.person(number, Channel.SMS) for number in range(40)]
    for person in people:
        for at in range(5):
            world.put(person, f"message {at}")
    children.start()
    until(lambda: len(twilio.sent) > 20, children.said)
    assert Heartbeat(connection).is_there()
    assert children.end_oldest(signal.SIGTERM) == 0
    assert not Heartbeat(connection).is_there()
    begun = [name for person in people for name in attempts_begun(connection, person.records.attempts)]
    assert begun == []
    left = sum(len(world.outbox.entries(person.key)) for person in people)
    assert len(twilio.sent) + left == 200
    connection.close()


@pytest.mark.xdist_group("sender")
def test_a_sender_outlives_its_store(
    own_server: EmbeddedServer, keys: Keys, tmp_path: Path, twilio: Twilio, children: Children
) -> None:
    """It waits, and goes on when the store is back."""
    connection = Connection(own_server.url)
    world = World(connection, keys, tmp_path)
    children.start()
    until(lambda: Heartbeat(connection).is_there(), children.said)
    own_server.stop()
    until(lambda: "store_lost" in children.said(), children.said)
    own_server.start()
    world.clock.now_s = time.time()
    until(lambda: can_put(world), children.said)
    until(lambda: len(twilio.sent) == 1, children.said)
    assert "store_back" in children.said()
    connection.close()


def attempts_begun(connection: Connection, key: str) -> list[bytes]:
    fields = connection.command("HGETALL", key)
    pairs = fields.items() if isinstance(fields, dict) else zip(fields[::2], fields[1::2], strict=True)
    return [name for name, value in pairs if len(name) == 17 and b"attempt_ms" in value]


def can_put(world: World) -> bool:
    try:
        world.put(world.person(1, Channel.SMS))
    except StoreDown:
        return False
    return True
