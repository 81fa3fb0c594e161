"""How long the catalogue takes to load, and how long a person waits who writes while the service starts."""

from __future__ import annotations

import http.client
import math
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.requests import as_request, form_of
from bench.servers import descendants, environment, free_port_pair, pss_kb, stop
from bot.inbound import Channel
from webhook.settings import CHECKOUT

GIVES_UP_AFTER_S = 60.0
ALL_RUN = b"Ventanilla is running."
MAIN, WEB = "main process", "web workers"
_LOAD = """
import time
from pathlib import Path
from bot.loading import load_catalogue
started = time.perf_counter()
catalogue = load_catalogue(Path("."), show_unconfirmed=False)
loaded = time.perf_counter()
catalogue.understanding, catalogue.language_guess, catalogue.codes
print(loaded - started, time.perf_counter() - loaded)
"""


def catalogue_load_s() -> tuple[float, float]:
    """Seconds to load the catalogue in a fresh process, and to make what its first turns need besides."""
    done = subprocess.run([sys.executable, "-c", _LOAD], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    loaded, made = map(float, done.stdout.split())
    return loaded, made


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds from `ventanilla COMMAND` on an empty folder to its first whole answer to a message, and until all of its
    parts have answered; then the memory of its processes in MB, by what they are. NaN for what did not come."""

    first_s: float
    all_s: float
    memory_mb: Mapping[str, float]


def start(command: str, var: Path) -> Start:
    """Start it, look, and end it."""
    port = free_port_pair()
    var.mkdir(mode=0o700, parents=True)
    request = as_request(form_of(Channel.SMS, 0, 0, "hola"))
    started = time.perf_counter()
    with open(var / "said", "wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "webhook.cli", command, "--port", str(port)],
            cwd=CHECKOUT, env=environment(var), stdout=said, stderr=said,
        )  # fmt: skip
    try:
        first_s = _seconds_until(lambda: _answers(port, request), started, process)
        if command != "run" or math.isnan(first_s):
            return Start(first_s, first_s, {})
        all_s = _seconds_until(lambda: ALL_RUN in (var / "said").read_bytes(), started, process)
        return Start(first_s, all_s, _memory_mb(process.pid))
    finally:
        stop(process)


def _seconds_until(has_come: Callable[[], bool], started: float, process: subprocess.Popen[bytes]) -> float:
    while not has_come():
        if time.perf_counter() - started > GIVES_UP_AFTER_S or process.poll() is not None:
            return math.nan
        time.sleep(0.005)
    return time.perf_counter() - started


def _memory_mb(main: int) -> dict[str, float]:
    """What each kind of process takes, its share of what they have in common included (PSS)."""
    found = {MAIN: pss_kb(main) / 1024}
    for pid in descendants(main):
        name = (Path("/proc") / str(pid) / "comm").read_text().strip()
        kind = WEB if name.startswith("python") or name == "ventanilla" else name
        found[kind] = found.get(kind, 0.0) + pss_kb(pid) / 1024
    return found


def _answers(port: int, request: bytes) -> bool:
    try:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        link.connect()
        link.sock.sendall(request)
        response = http.client.HTTPResponse(link.sock, method="POST")
        response.begin()
        return response.status == 200 and b"<Message>" in response.read()
    except OSError:
        return False
