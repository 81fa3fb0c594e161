"""`ventanilla run` as a whole: what it starts comes back when it dies, and nothing of it is left when it ends."""

import http.client
import os
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import structlog
from click.testing import CliRunner
from simulator_world import Served, serving

from webhook.cli import main
from webhook.outbox.heartbeat import Heartbeat
from webhook.processes import FIRST_PAUSE_S, Beside, Part

pytestmark = pytest.mark.xdist_group("run")

WITHIN_S = 60.0


@pytest.fixture
def served() -> Iterator[Served]:
    """Everything in one command, for one test."""
    with serving() as served:
        yield served


def until(holds: Callable[[], bool], why: Callable[[], str] = str) -> None:
    """Wait for something to become true."""
    give_up_at = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < give_up_at, why()
        time.sleep(0.05)


def asked(url: str) -> tuple[int, str]:
    """Status and target of a page; (0, "") when nobody answers."""
    parts = urlsplit(url)
    link = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        link.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""))
        answer = link.getresponse()
        return answer.status, answer.getheader("Location", "")
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        link.close()


def parent_of(pid: int) -> int:
    """The parent of a process; 0 when there is no such process any more, or only what is left to be collected."""
    try:
        state, parent = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return 0
    return 0 if state == "Z" else int(parent)


def below(pid: int) -> set[int]:
    """All processes that come from this one, however far down."""
    parents = {int(name): parent_of(int(name)) for name in os.listdir("/proc") if name.isdigit()}
    found, waiting = set(), {pid}
    while waiting:
        waiting = {child for child, parent in parents.items() if parent in waiting} - found
        found |= waiting
    return found


def ours(pid: int) -> set[int]:
    """The same without the store, which is another program with a keeper of its own."""
    return {child for child in below(pid) if b"webhook.cli" in command_of(child)}


def command_of(pid: int) -> bytes:
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_bytes()
    except OSError:
        return b""


def everything_runs(served: Served) -> bool:
    pages = asked(f"{served.url}healthz")[0] == 200 and asked(f"{served.console_url}/login")[0] == 200
    return pages and Heartbeat(served.store).is_there()


def test_it_says_what_to_open_and_the_login_works_once(served: Served) -> None:
    """Whoever tries it for the first time opens three addresses and reads nothing else."""
    said = served.until_all_run()
    assert served.url in said
    assert f"{served.console_url}/advisor" in said
    assert "/content" in said
    login = re.search(rf"{re.escape(served.console_url)}/run/\S+", said)
    assert login is not None
    assert asked(f"{served.url}advisor/tickets/1?x=2") == (302, f"{served.console_url}/advisor/tickets/1?x=2")
    assert asked(f"{served.url}staff") == (302, f"{served.console_url}/staff")
    first, target = asked(login[0])
    assert first in (200, 302, 303)
    assert "login" not in target
    assert everything_runs(served)


def test_every_part_that_is_killed_comes_back(served: Served) -> None:
    """An advisor must not wait for a console, nor a person for a message, until somebody looks at the server."""
    served.until_all_run()
    before = ours(served.process.pid)
    assert len(before) >= 4  # a web worker, the sender, the console and its worker
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    until(lambda: not before & ours(served.process.pid), lambda: served.log)
    until(lambda: len(ours(served.process.pid)) >= len(before) and everything_runs(served), lambda: served.log)
    died = set(re.findall(r"part_died .*part=(\w+)", served.log))
    assert died == {"sender", "console"}
    assert served.process.poll() is None


def test_nothing_is_left_when_it_is_killed(served: Served) -> None:
    """An orphan would hold a port or, worse, go on sending."""
    served.until_all_run()
    family = below(served.process.pid)
    assert len(family) >= 5
    served.process.kill()
    served.process.wait()
    until(lambda: not any(parent_of(pid) for pid in family), lambda: str([command_of(pid) for pid in family]))
    assert asked(f"{served.console_url}/login")[0] == asked(f"{served.url}healthz")[0] == 0


def test_it_ends_in_good_order(served: Served) -> None:
    """Ctrl+C and a stop by the system leave nothing behind and are no error."""
    served.until_all_run()
    family = below(served.process.pid)
    served.process.terminate()
    assert served.process.wait(WITHIN_S) == 0
    assert not any(parent_of(pid) for pid in family)
    assert "Traceback" not in served.log


# --- one part ----------------------------------------------------------------------------------------------------


def live_briefly(file: Path) -> None:
    """A part that dies at once, and leaves a line."""
    with file.open("a") as written:
        written.write(f"{os.getpid()}\n")


def live(file: Path) -> None:
    """A part that stays."""
    live_briefly(file)
    while True:
        time.sleep(60)


def lines(file: Path) -> list[str]:
    return file.read_text().split() if file.exists() else []


def yes() -> bool:
    return True


def test_a_part_that_dies_again_and_again_waits_longer(tmp_path: Path) -> None:
    """A part that cannot run must not take the machine's time from those that can."""
    file, announced = tmp_path / "lines", []
    part = Part("brief", partial(live_briefly, file), lambda: False)
    with structlog.testing.capture_logs() as logs:
        with Beside([part], server_answers=yes, announce=lambda: announced.append(1)):
            until(lambda: len(lines(file)) >= 3)
        waits = [entry["again_in_s"] for entry in logs if entry["event"] == "part_died"]
    assert waits[:2] == [FIRST_PAUSE_S, 2 * FIRST_PAUSE_S]
    assert announced == []


def test_nothing_is_announced_before_all_answer(tmp_path: Path) -> None:
    """Who is told too early finds a page that does not open."""
    files = [tmp_path / "one", tmp_path / "two"]
    answers, announced = {"server": False, "two": False}, []
    parts = [
        Part("one", partial(live, files[0]), yes),
        Part("two", partial(live, files[1]), lambda: answers["two"]),
    ]
    with Beside(parts, server_answers=lambda: answers["server"], announce=lambda: announced.append(1)) as beside:
        assert beside.pids == {}
        answers["server"] = True
        until(lambda: bool(lines(files[0]) and lines(files[1])))
        assert announced == []
        answers["two"] = True
        until(lambda: announced == [1])
        pids = beside.pids
        assert set(pids) == {"one", "two"}
    assert not any(parent_of(pid) for pid in pids.values())


def test_a_port_that_is_taken_is_said_before_anything_starts(tmp_path: Path) -> None:
    """Somebody's other program is on the console's port: plain words, and no half of a service."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        environ = {"VENTANILLA_VAR": str(tmp_path / "var"), "VENTANILLA_ENV": "development"}
        for first in (port, port - 1):
            result = CliRunner().invoke(main, ["run", "--port", str(first)], env=environ)
            assert result.exit_code == 1
            assert f"Port {port} of 127.0.0.1 cannot be used" in result.output
    assert not (tmp_path / "var" / "valkey").exists()
