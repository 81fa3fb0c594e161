"""What tests share: a real Valkey server for each test process, a store emptied before each test, and sample values."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.inbound import Channel, Inbound
from bot.session import Prefs
from bot.turn import Clears, State, Turn
from webhook.embedded import EmbeddedServer
from webhook.keys import Keys
from webhook.store.connection import Connection
from webhook.store.sessions import Loaded, SessionStore

SECRET = "a secret for tests, as long as it must be"
MONDAY_S = int(datetime(2030, 1, 7, 9, 0, tzinfo=UTC).timestamp())


class SampleCodes:
    """Short codes for any ids, as the catalogue has them for its own."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}

    def code(self, id_: str) -> str:
        code = hashlib.sha256(id_.encode()).hexdigest()[:4]
        self._ids[code] = id_
        return code

    def id(self, code: str) -> str:
        return self._ids[code]


@pytest.fixture
def short_directory() -> Iterator[Path]:
    """An empty directory whose path is short enough for a socket."""
    directory = Path(tempfile.mkdtemp(prefix="v-", dir="/tmp"))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def own_server(short_directory: Path) -> Iterator[EmbeddedServer]:
    """A server that this test has for itself, and may kill."""
    with EmbeddedServer(short_directory) as server:
        yield server


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[EmbeddedServer]:
    """The server of this test process. Its `url` is what `REDIS_URL` would be."""
    directory = Path(tempfile.mkdtemp(prefix="v-", dir="/tmp"))
    with EmbeddedServer(directory) as server:
        yield server
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def shared_connection(valkey_server: EmbeddedServer) -> Iterator[Connection]:
    """The way to that server; as it was left by the test before."""
    connection = Connection(valkey_server.url)
    yield connection
    connection.close()


@pytest.fixture
def connection(shared_connection: Connection) -> Connection:
    """The way to that server, which is empty."""
    shared_connection.command("FLUSHALL")
    return shared_connection


@pytest.fixture(scope="session")
def keys() -> Keys:
    return Keys(SECRET)


@pytest.fixture(scope="session")
def codes() -> SampleCodes:
    return SampleCodes()


@pytest.fixture
def store(connection: Connection, keys: Keys) -> SessionStore:
    """An empty store."""
    return SessionStore(connection, keys)


@pytest.fixture(scope="session")
def inbound() -> Callable[..., Inbound]:
    """Makes inbound messages: `inbound("SM1", text="hola", after_s=60)`."""

    def make(id_: str, channel: Channel = Channel.SMS, *, text: str = "", after_s: int = 0) -> Inbound:
        return Inbound(id_, channel, text, datetime.fromtimestamp(MONDAY_S + after_s, UTC))

    return make


@pytest.fixture(scope="session")
def next_turn() -> Callable[..., Turn]:
    """Makes turns that follow from what was loaded: each counts one miss more, so that lost turns show."""

    def make(
        loaded: Loaded,
        *,
        node: str = "main",
        prefs: Prefs | None = None,
        clears: Clears = Clears.NOTHING,
        sensitive: bool = False,
    ) -> Turn:
        before = loaded.state.session
        session = replace(before, node=node, misses=before.misses + 1, active_s=loaded.at_s, sensitive=sensitive)
        return Turn(State(session, loaded.state.prefs if prefs is None else prefs), reply=None, clears=clears)

    return make


@pytest.fixture
def everything(connection: Connection) -> Callable[[], dict[bytes, bytes]]:
    """Reads all keys and values of the store, as the server itself would write them down."""

    def read() -> dict[bytes, bytes]:
        return {key: connection.command("DUMP", key) for key in sorted(connection.command("KEYS", "*"))}

    return read
