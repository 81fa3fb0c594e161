"""The embedded store ends with its owner, starts again after anything, and is private."""

import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from webhook.embedded import DirectoryTaken, EmbeddedFault, EmbeddedServer, socket_path
from webhook.store import tether
from webhook.store.connection import Connection

OWNER = """
    import sys, time
    from pathlib import Path
    from webhook.embedded import EmbeddedServer
    server = EmbeddedServer(Path(sys.argv[1]))
    server.start()
    print(server.pid, flush=True)
    {then}
"""


def own(directory: Path, then: str = "time.sleep(60)") -> tuple[subprocess.Popen[str], int]:
    """A process that owns a server, and the process of the server."""
    code = textwrap.dedent(OWNER).format(then=then)
    root = Path(__file__).parent.parent
    owner = subprocess.Popen([sys.executable, "-c", code, directory], stdout=subprocess.PIPE, text=True, cwd=root)
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    owner.stdout.close()
    return owner, pid


def eventually(does_hold: Callable[[], bool], within_s: float = 10) -> None:
    """Wait until something holds."""
    give_up_at = time.monotonic() + within_s
    while not does_hold():
        assert time.monotonic() < give_up_at
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def value_of(server: EmbeddedServer, key: str) -> bytes | None:
    """What the server holds under a key."""
    connection = Connection(server.url)
    [value] = connection.read([key])
    connection.close()
    return value


def set_value(server: EmbeddedServer, key: str, value: str) -> None:
    connection = Connection(server.url)
    connection.command("SET", key, value)
    connection.close()


def test_what_was_stored_is_there_after_a_stop(short_directory: Path) -> None:
    """People do not know of restarts."""
    with EmbeddedServer(short_directory) as server:
        set_value(server, "k", "v")
    with EmbeddedServer(short_directory) as server:
        assert value_of(server, "k") == b"v"


def test_it_is_private(own_server: EmbeddedServer) -> None:
    """Nobody else on the machine can enter, and nobody at all from the network."""
    for path in [own_server.directory, *own_server.directory.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    connection = Connection(own_server.url)
    assert connection.command("CONFIG", "GET", "port") == [b"port", b"0"]
    connection.close()


def test_a_server_that_dies_is_started_again(own_server: EmbeddedServer) -> None:
    """Nobody is awake to do it."""
    set_value(own_server, "k", "v")
    for _ in range(3):
        died = own_server.pid
        assert died is not None
        os.kill(died, signal.SIGKILL)
        eventually(lambda: _answers(own_server))
        assert own_server.pid not in (None, died)
        assert value_of(own_server, "k") == b"v"


def _answers(server: EmbeddedServer) -> bool:
    try:
        value_of(server, "k")
    except Exception:
        return False
    return True


def test_a_killed_owner_leaves_no_server_and_the_next_one_starts_at_once(short_directory: Path) -> None:
    """kill -9 of the parent, and a second start before the old server can have ended."""
    owner, pid = own(short_directory)
    other = Connection(f"unix://{socket_path(short_directory)}")
    other.command("SET", "k", "v")
    other.close()
    owner.kill()
    with EmbeddedServer(short_directory) as server:
        assert value_of(server, "k") == b"v"
        assert not is_running(pid)
    owner.wait()


def test_after_everything_was_killed_it_starts_on_the_same_socket(short_directory: Path) -> None:
    """A stale socket and a lock file are left behind, and are no obstacle."""
    owner, pid = own(short_directory)
    owner.kill()
    os.kill(pid, signal.SIGKILL)
    owner.wait()
    eventually(lambda: not is_running(pid))
    assert socket_path(short_directory).exists()
    with EmbeddedServer(short_directory) as server:
        set_value(server, "k", "v")


@pytest.mark.parametrize("ending", ["sys.exit()", "raise SystemExit(3)", "import os; os._exit(0)"])
def test_an_owner_that_ends_without_a_word_leaves_no_server(short_directory: Path, ending: str) -> None:
    """Whichever way it ends."""
    owner, pid = own(short_directory, ending)
    owner.wait()
    eventually(lambda: not is_running(pid))


def test_ctrl_c_is_for_the_owner(own_server: EmbeddedServer) -> None:
    """The terminal sends it to the whole group; the server must outlive the last reply."""
    assert own_server.pid is not None
    assert os.getsid(own_server.pid) != os.getsid(0)


def test_it_may_be_started_from_a_thread_that_ends(short_directory: Path) -> None:
    """The kernel ends a tethered process with the thread that started it, so one thread stays for that."""
    server = EmbeddedServer(short_directory)
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
    pid = server.pid
    time.sleep(0.3)
    assert pid is not None
    assert server.pid == pid
    server.stop()


def test_a_second_owner_is_told_who_has_the_directory(own_server: EmbeddedServer) -> None:
    """Two servers on one file would destroy it; the message says what to do."""
    with pytest.raises(DirectoryTaken, match=rf"in use by process {os.getpid()}: .* stop it first"):
        EmbeddedServer(own_server.directory).start()
    assert own_server.pid is not None


def test_it_can_be_stopped_twice_and_started_again(short_directory: Path) -> None:
    """`run` stops it in more than one place."""
    server = EmbeddedServer(short_directory)
    server.stop()
    server.start()
    server.stop()
    server.stop()
    assert server.pid is None
    server.start()
    assert server.pid is not None
    server.stop()


def test_a_long_path_gets_a_short_socket_in_a_private_directory(short_directory: Path) -> None:
    """The system allows about a hundred characters, and checkouts lie deep."""
    directory = short_directory / ("deep" * 20) / ("deeper" * 10)
    path = socket_path(directory)
    assert len(str(path)) <= 100
    with EmbeddedServer(directory) as server:
        assert server.url == f"unix://{path}"
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        set_value(server, "k", "v")
    path.parent.rmdir()


def test_a_directory_planted_by_somebody_else_is_not_used(short_directory: Path) -> None:
    """A link in the place of the directory would lead the data elsewhere."""
    (short_directory / "real").mkdir()
    (short_directory / "var").symlink_to(short_directory / "real")
    with pytest.raises(EmbeddedFault, match="not a directory of the user"):
        EmbeddedServer(short_directory / "var").start()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: data[:-7], id="cut off"),
        pytest.param(lambda data: data + b"\0" * 4096, id="zeros"),
        pytest.param(lambda data: data + b"*3\r\n$3\r\nSET\r\n$9", id="half a command"),
        pytest.param(lambda data: data + bytes(range(128, 256)), id="nonsense"),
    ],
)
def test_a_power_cut_costs_the_end_of_the_file_and_nothing_else(
    short_directory: Path, damage: Callable[[bytes], bytes]
) -> None:
    """The last write may be half there, or be nonsense."""
    with EmbeddedServer(short_directory) as server:
        set_value(server, "first", "v")
        set_value(server, "last", "w")
    [appended] = (short_directory / "store" / "appendonlydir").glob("*.incr.aof")
    appended.write_bytes(damage(appended.read_bytes()))
    with EmbeddedServer(short_directory) as server:
        assert value_of(server, "first") == b"v"
        set_value(server, "more", "x")
    with EmbeddedServer(short_directory) as server:
        assert value_of(server, "more") == b"x"


def test_damage_that_cannot_be_mended_is_told_and_nothing_is_thrown_away(short_directory: Path) -> None:
    """A person decides then: restore a copy, or begin anew."""
    with EmbeddedServer(short_directory) as server:
        set_value(server, "k", "v")
    [base] = (short_directory / "store" / "appendonlydir").glob("*.base.rdb")
    base.write_bytes(b"nonsense" * 20)
    with pytest.raises(EmbeddedFault, match=r"did not start(?s:.*)last words"):
        EmbeddedServer(short_directory).start()
    assert base.read_bytes() == b"nonsense" * 20


def test_without_the_kernels_help_a_watcher_ends_the_server(short_directory: Path) -> None:
    """Not every system can tie a process to its parent; there a small process stays and looks."""
    marker = short_directory / "pid"
    child = f"import os, time; open({str(marker)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    watcher = (
        f"import runpy, sys; tether = runpy.run_path({tether.__file__!r}); "
        f"sys.exit(tether['_watch'](int(sys.argv[1]), [sys.executable, '-c', {child!r}]))"
    )
    parent = (
        "import os, subprocess, sys, time; "
        f"subprocess.Popen([sys.executable, '-c', {watcher!r}, str(os.getpid())]); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", parent])
    eventually(lambda: marker.exists() and bool(marker.read_text()))
    pid = int(marker.read_text())
    assert is_running(pid)
    process.kill()
    process.wait()
    eventually(lambda: not is_running(pid))
