"""How long the catalogue takes to load, and how long a person waits who writes while the service starts."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from pathlib import Path

from bench.requests import as_request, form_of
from bench.servers import environment, free_port, stop
from bot.inbound import Channel
from webhook.settings import CHECKOUT

GIVES_UP_AFTER_S = 30.0
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


def first_answer_s(command: str, var: Path) -> float:
    """Seconds from `ventanilla COMMAND` on an empty folder to its first whole answer to a message."""
    port = free_port()
    var.mkdir(mode=0o700, parents=True)
    request = as_request(form_of(Channel.SMS, 0, 0, "hola"))
    started = time.perf_counter()
    with open(var / "said", "wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "webhook.cli", command, "--port", str(port)],
            cwd=CHECKOUT, env=environment(var), stdout=said, stderr=said,
        )  # fmt: skip
    try:
        while not _answers(port, request):
            if time.perf_counter() - started > GIVES_UP_AFTER_S or process.poll() is not None:
                return float("nan")
            time.sleep(0.005)
        return time.perf_counter() - started
    finally:
        stop(process)


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
