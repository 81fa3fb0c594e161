"""Starts the servers that are measured, and reads from /proc what their workers used."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.requests import ACCOUNT, PUBLIC_URL, TOKEN
from webhook.cli import models_folder
from webhook.settings import CHECKOUT

VENTANILLA = ("-m", "webhook.cli", "web")
FLOOR = ("-m", "bench.serve_floor", "floor")
LEAN = ("-m", "bench.serve_floor", "lean")
STARTS_WITHIN_S = 30.0
STOPS_WITHIN_S = 15.0

_TICKS = os.sysconf("SC_CLK_TCK")
_STORE = b"valkey"
_TRACKER = b"resource_tracker"  # a helper process of Python's multiprocessing
_CHECK = b"\0check\0"  # of content that somebody has edited meanwhile


class NotStarted(Exception):
    """A server did not come up. The message holds what it said."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What the processes of a server have used so far, in seconds of CPU."""

    workers_s: float
    store_s: float


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers, on `port` of this machine."""

    port: int
    process: subprocess.Popen[bytes]

    def workers(self) -> list[int]:
        """The processes that answer: all but the store and Python's own."""
        return [pid for pid in descendants(self.process.pid) if not _is_other(_command(pid))]

    def usage(self) -> Usage:
        """What workers and store have used so far."""
        stores = [pid for pid in descendants(self.process.pid) if _STORE in _program(_command(pid))]
        return Usage(sum(map(cpu_s, self.workers())), sum(map(cpu_s, stores)))

    def memory_mb(self) -> float:
        """The memory of one worker, its share of what processes have in common included (PSS)."""
        sizes = [pss_kb(pid) for pid in self.workers()]
        return sum(sizes) / len(sizes) / 1024


def environment(var: Path, **more: str) -> Mapping[str, str]:
    """A production environment on a folder of its own, with nothing of the one that surrounds us but the paths."""
    kept = {
        name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT")
    }
    return {
        **kept,
        "PYTHONPATH": os.fspath(CHECKOUT),
        "VENTANILLA_ENV": "production",
        "VENTANILLA_ROOT": os.fspath(CHECKOUT),
        "VENTANILLA_VAR": os.fspath(var),
        "VENTANILLA_MODELS": os.fspath(models_folder()),
        "VENTANILLA_LEARN": "0",
        "VENTANILLA_SECRET": "an invented secret for measurements only",
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "PUBLIC_BASE_URL": PUBLIC_URL,
        **more,
    }


@contextmanager
def running(arguments: tuple[str, ...], var: Path, *, workers: int | None = None, **more: str) -> Iterator[Running]:
    """Run a server until the block ends, with `more` in its environment. Raises NotStarted."""
    port = free_port()
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = [sys.executable, *arguments, "--port", str(port), *(["--workers", str(workers)] if workers else [])]
    with open(var / "said", "wb") as said:
        process = subprocess.Popen(command, cwd=CHECKOUT, env=environment(var, **more), stdout=said, stderr=said)
    try:
        _wait_until_listening(port, process, var / "said")
        yield Running(port, process)
    finally:
        stop(process)


def _wait_until_listening(port: int, process: subprocess.Popen[bytes], said: Path) -> None:
    give_up_at = time.monotonic() + STARTS_WITHIN_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > give_up_at:
                raise NotStarted(said.read_text(errors="replace")[-2000:]) from None
            time.sleep(0.01)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server, and wait until it is gone."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOPS_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def free_port_pair() -> int:
    """A port that nobody listens on, and nobody on the next one either, which the console takes."""
    while True:
        port = free_port()
        with socket.socket() as probe:
            if port < 65_535 and probe.connect_ex(("127.0.0.1", port + 1)) != 0:
                return port


def descendants(pid: int) -> list[int]:
    """The children of a process, theirs, and so on."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *descendants(child)]
    return found


def _is_other(command: bytes) -> bool:
    return not command or _STORE in _program(command) or _TRACKER in command or _CHECK in command


def _program(command: bytes) -> bytes:
    return command.split(b"\0")[0]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def cpu_s(pid: int) -> float:
    """User and system time of a process (fields 14 and 15 of /proc/PID/stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def pss_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Pss:")).split()[1])
