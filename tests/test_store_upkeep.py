"""What was deleted or has expired leaves the files as well."""

import time
from collections.abc import Callable
from pathlib import Path

from bot.inbound import Inbound
from bot.session import Codes, Prefs
from bot.turn import Clears, Turn
from tests.tickets_world import sample_entry
from webhook.embedded import EmbeddedServer
from webhook.keys import Keys
from webhook.store.connection import Connection
from webhook.store.sessions import SessionStore
from webhook.store.upkeep import Upkeep

NUMBER = "+5015557312"
MARKER = "zorzal-marker-phrase"


def wait_for_rewrite(connection: Connection) -> None:
    """Until the server has finished what it was asked for."""
    give_up_at = time.monotonic() + 10
    while time.monotonic() < give_up_at:
        [found] = connection.of_each_server(lambda client: client.info("persistence"))
        if not found["aof_rewrite_in_progress"] and not found["aof_rewrite_scheduled"]:
            return
        time.sleep(0.02)
    raise AssertionError("the rewrite does not end")


def in_files(directory: Path, *words: str) -> set[str]:
    """Which words stand in any file of a directory."""
    found = b"\n".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())
    return {word for word in words if word.encode() in found}


def test_it_rewrites_at_first_and_then_only_when_something_went_away(own_server: EmbeddedServer) -> None:
    """A rewrite costs; without a removal there is nothing to gain."""
    connection = Connection(own_server.url)
    upkeep = Upkeep(connection, every_s=900)
    assert upkeep.tick(0)
    wait_for_rewrite(connection)
    assert not upkeep.tick(1000)
    connection.command("SET", "a", "1")
    connection.command("DEL", "a")
    assert not upkeep.tick(1500)
    assert upkeep.tick(1901)
    wait_for_rewrite(connection)
    connection.command("SET", "a", "1", "PX", 1)
    time.sleep(0.01)
    assert connection.command("GET", "a") is None
    assert upkeep.tick(3000)
    wait_for_rewrite(connection)
    connection.close()


def test_in_its_thread_it_does_the_same_and_ends_when_told(own_server: EmbeddedServer) -> None:
    """The owner of the server runs it and nobody has to think of it."""
    connection = Connection(own_server.url)
    before = sorted((own_server.directory / "store").rglob("*.base.*"))
    upkeep = Upkeep(connection)
    upkeep.start()
    give_up_at = time.monotonic() + 10
    while sorted((own_server.directory / "store").rglob("*.base.*")) == before:
        assert time.monotonic() < give_up_at
        time.sleep(0.02)
    upkeep.stop()
    connection.close()


def test_no_word_and_no_number_is_in_the_store_or_its_files(
    own_server: EmbeddedServer,
    keys: Keys,
    inbound: Callable[..., Inbound],
    next_turn: Callable[..., Turn],
    codes: Codes,
) -> None:
    """Who takes the disk or a copy of the store learns neither who wrote nor what was said."""
    connection = Connection(own_server.url)
    connection.command("CONFIG", "SET", "rdbcompression", "no")  # else the search would prove nothing
    connection.command("SET", "control", "control-phrase")
    store = SessionStore(connection, keys)
    person = keys.person_of("whatsapp:BZ.77777777", f"whatsapp:{NUMBER}")
    for id_ in ("SM1", "SM2"):
        message = inbound(id_, text=MARKER)
        loaded = store.load(person, message, codes)
        turn = next_turn(loaded, prefs=Prefs("es"))
        store.commit(
            loaded,
            turn,
            reply=f"<Response>{MARKER} {NUMBER}</Response>",
            entries=[sample_entry(person.key, keys, f"{NUMBER} {MARKER}")],
        )
    hidden = (MARKER, NUMBER, NUMBER[1:], "BZ.77777777", "77777777")
    assert in_files(own_server.directory, "control-phrase", *hidden) == {"control-phrase"}

    connection.command("DEL", "control")
    loaded = store.load(person, inbound("SM3"), codes)
    store.commit(loaded, next_turn(loaded, clears=Clears.ALL), reply=MARKER)
    assert in_files(own_server.directory, "control-phrase", person.key) == {"control-phrase", person.key}
    assert Upkeep(connection).tick(0)
    wait_for_rewrite(connection)
    assert in_files(own_server.directory, "control-phrase", person.key, person.number, *hidden) == set()
    connection.close()
