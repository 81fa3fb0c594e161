"""The store can be lost and found again, and nobody waits long for it."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.inbound import Inbound
from bot.session import Codes
from bot.turn import Clears, Turn
from webhook.embedded import EmbeddedServer
from webhook.keys import Keys
from webhook.store.breaker import Breaker
from webhook.store.connection import Connection
from webhook.store.faults import StoreDown
from webhook.store.scripts import Script
from webhook.store.sessions import Committed, Outcome, SessionStore

MakeInbound = Callable[..., Inbound]
MakeTurn = Callable[..., Turn]


def test_a_store_that_is_not_there_is_down_at_once(short_directory: Path) -> None:
    """The person is answered without it."""
    connection = Connection(f"unix://{short_directory}/nobody.sock")
    with pytest.raises(StoreDown):
        connection.read(["k"])
    with pytest.raises(StoreDown, match="a moment ago"):
        connection.read(["k"])


def test_a_store_that_does_not_answer_is_down_within_its_time() -> None:
    """The whole webhook has three seconds."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        connection = Connection(f"redis://127.0.0.1:{mute.getsockname()[1]}")
        began = time.monotonic()
        with pytest.raises(StoreDown):
            connection.read(["k"])
        assert time.monotonic() - began < 0.9
        connection.close()


def test_a_lost_connection_is_made_again_without_anybody_noticing(own_server: EmbeddedServer) -> None:
    """Servers close idle connections, and restart."""
    connection = Connection(own_server.url)
    connection.command("SET", "k", "v")
    other = Connection(own_server.url)
    other.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    assert connection.read(["k"]) == [b"v"]
    connection.close()
    other.close()


def test_after_a_restart_the_store_is_back_with_what_it_had(own_server: EmbeddedServer) -> None:
    """Scripts are known to a new server only after the first call; that too goes unnoticed."""
    connection = Connection(own_server.url, breaker=Breaker(open_s=0.05))
    script = Script("redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])")
    assert connection.run(script, ["k"], ["v"]) == b"v"
    assert own_server.pid is not None
    os.kill(own_server.pid, signal.SIGKILL)
    give_up_at = time.monotonic() + 10
    while True:
        try:
            assert connection.read(["k"]) == [b"v"]
            break
        except StoreDown:
            assert time.monotonic() < give_up_at
            time.sleep(0.02)
    assert connection.run(script, ["k"], ["w"]) == b"w"
    connection.close()


def test_a_full_store_is_down_for_writing_and_tells_no_values(own_server: EmbeddedServer) -> None:
    """noeviction means that writes are refused; errors must not carry what was to be written."""
    connection = Connection(own_server.url)
    connection.command("CONFIG", "SET", "maxmemory", "1")
    with pytest.raises(StoreDown) as down:
        connection.command("SET", "k", "what a person wrote")
    assert "person" not in str(down.value)
    assert connection.read(["k"]) == [None]
    connection.close()


def test_each_thread_keeps_one_connection(connection: Connection) -> None:
    """A pool costs nearly twice as much for each call."""
    connection.read(["k"])
    [before] = connection.of_each_server(lambda client: client.info("stats")["total_connections_received"])
    for _ in range(20):
        connection.read(["k"])
    threads = [threading.Thread(target=lambda: [connection.read(["k"]) for _ in range(20)]) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [after] = connection.of_each_server(lambda client: client.info("stats")["total_connections_received"])
    assert after - before == 3


def test_a_forked_process_makes_its_own_connection(connection: Connection) -> None:
    """Two processes on one socket would read each other's answers."""
    connection.command("SET", "k", "parent")
    child = os.fork()
    if child == 0:
        try:
            right = connection.command("GET", "k") == b"parent" and connection.command("CLIENT", "ID") > 0
            os._exit(0 if right else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert connection.command("GET", "k") == b"parent"


class Sleepy(Connection):
    """A connection to a server that falls asleep just before a script, for longer than we wait once."""

    server: EmbeddedServer
    sleeps_s = 0.0

    def run(self, *args: Any, **options: Any) -> Any:
        pid = self.server.pid
        if not self.sleeps_s or pid is None:
            return super().run(*args, **options)
        os.kill(pid, signal.SIGSTOP)
        waking = threading.Timer(self.sleeps_s, os.kill, (pid, signal.SIGCONT))
        waking.start()
        try:
            self.sleeps_s = 0.0
            return super().run(*args, **options)
        finally:
            waking.join()


@pytest.mark.parametrize("clears", [Clears.NOTHING, Clears.ALL])
def test_a_commit_that_timed_out_is_repeated_once_and_counts_once(
    own_server: EmbeddedServer, keys: Keys, inbound: MakeInbound, next_turn: MakeTurn, codes: Codes, clears: Clears
) -> None:
    """The answer was lost, the write was not: the caller must not take its own turn for somebody else's."""
    connection = Sleepy(own_server.url)
    connection.server = own_server
    store = SessionStore(connection, keys)
    person = keys.person_of("", "+5015550001")
    loaded = store.load(person, inbound("SM1"), codes)
    store.commit(loaded, next_turn(loaded), reply="hola")
    loaded = store.load(person, inbound("SM2"), codes)
    connection.sleeps_s = 0.75
    assert store.commit(loaded, next_turn(loaded, clears=clears), reply="hola") == Committed(Outcome.COMMITTED)
    again = store.load(person, inbound("SM2"), codes)
    assert (again.seen, again.state.session.misses) == (True, 2 if clears is Clears.NOTHING else 0)
    connection.close()


def test_a_store_that_sleeps_longer_is_down(
    own_server: EmbeddedServer, keys: Keys, inbound: MakeInbound, next_turn: MakeTurn, codes: Codes
) -> None:
    """Twice half a second is all the time there is."""
    connection = Sleepy(own_server.url)
    connection.server = own_server
    store = SessionStore(connection, keys)
    loaded = store.load(keys.person_of("", "+5015550001"), inbound("SM1"), codes)
    connection.sleeps_s = 1.4
    with pytest.raises(StoreDown):
        store.commit(loaded, next_turn(loaded), reply="hola")
    connection.close()
