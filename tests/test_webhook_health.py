"""What the operator's machinery sees: alive, able to serve, counted."""

import json
import logging
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from flask import Flask

from tests.twilio_samples import INBOUND_URL, encoded, message, twilio_signature
from tests.webhook_world import app_for, settings_for
from webhook.app import services_of
from webhook.embedded import EmbeddedServer
from webhook.observe import set_up_logging
from webhook.store.connection import Connection

SERVING = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.webhook_world import settings_for
from webhook.server import serve
if __name__ == "__main__":
    serve(settings_for(Path(sys.argv[2]), sys.argv[3]), port=int(sys.argv[4]), workers=2)
"""


def ready(app: Flask) -> tuple[int, dict]:
    answer = app.test_client().get("/readyz")
    return answer.status_code, answer.get_json()


def test_alive_is_alive_whatever_else_is_lost(tmp_path: Path) -> None:
    """A process that is restarted because the store is gone would answer nobody."""
    app = app_for(tmp_path, "unix:///nowhere/store.sock")
    assert app.test_client().get("/healthz").status_code == 200


def test_ready_with_a_sound_store(tmp_path: Path, valkey_server: EmbeddedServer) -> None:
    """And it says which content it serves."""
    app = app_for(tmp_path, valkey_server.url)
    code, said = ready(app)
    assert (code, said["status"], said["store"]) == (200, "ok", "ok")
    assert said["catalogue"] == services_of(app).holder.current.version


@pytest.mark.parametrize("url", ["unix:///nowhere/store.sock", ""], ids=["no answer", "none configured"])
def test_not_ready_without_a_store(url: str, tmp_path: Path) -> None:
    """A balancer should send people to a host that remembers them."""
    code, said = ready(app_for(tmp_path, url))
    assert (code, said["status"]) == (503, "unavailable")
    assert said["store"]


def test_not_ready_with_a_store_that_would_lose_data(tmp_path: Path, own_server: EmbeddedServer) -> None:
    """Opt-outs that vanish when memory is short are a broken promise."""
    connection = Connection(own_server.url)
    connection.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    connection.close()
    code, said = ready(app_for(tmp_path, own_server.url))
    assert code == 503
    assert "maxmemory-policy" in said["store"]


def test_stateless_mode_is_ready_without_a_store(tmp_path: Path) -> None:
    """It needs none."""
    assert ready(app_for(tmp_path, stateless=True))[0] == 200


def test_faulty_content_is_told_and_does_not_stop_the_service(tmp_path: Path) -> None:
    """People are still answered from the last good files; the editor must be told why nothing changes."""
    app = app_for(tmp_path, stateless=True)
    services_of(app).holder.keep(("content/a.yaml:3: It is wrong. Mend it.",))
    code, said = ready(app)
    assert (code, said["content"]) == (200, "refused")
    assert said["reasons"] == ["content/a.yaml:3: It is wrong. Mend it."]


def test_a_page_that_does_not_exist_says_so(tmp_path: Path) -> None:
    """Plainly, and nothing about the inside."""
    app = app_for(tmp_path, stateless=True)
    assert app.test_client().get("/nowhere").status_code == 404


def test_an_error_in_a_page_shows_nothing_of_it(tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    """Error pages are read by strangers."""
    app = app_for(tmp_path, stateless=True)

    def fail() -> str:
        raise ValueError("private words")

    app.add_url_rule("/failing", view_func=fail)
    answer = app.test_client().get("/failing")
    logged = capfd.readouterr().err
    assert answer.status_code == 500
    assert "private words" not in answer.text + logged
    assert "ValueError" in logged


# --- log events --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("production", [True, False])
def test_fields_about_people_never_reach_a_log(production: bool, capfd: pytest.CaptureFixture) -> None:
    """Whoever adds a field in a hurry is caught here."""
    set_up_logging(production=production)
    personal = dict.fromkeys(
        ("text", "body", "address", "from_", "from_number", "phone", "user_id", "person"), "code words"
    )
    structlog.get_logger().info("turn_committed", outcome="answered", **personal)
    logging.getLogger("some.library").warning("cannot send %s", "code words")
    try:
        raise ValueError("code words")
    except ValueError:
        logging.getLogger("some.library").exception("code words")
    logged = capfd.readouterr().err
    assert "turn_committed" in logged
    assert logged.count("library_warned") == 2
    assert "ValueError" in logged
    assert "code words" not in logged


def test_events_of_production_are_json(capfd: pytest.CaptureFixture) -> None:
    """One line, one event."""
    set_up_logging(production=True)
    structlog.get_logger().warning("store_lost", why="TimeoutError")
    event = json.loads(capfd.readouterr().err)
    assert (event["event"], event["level"], event["why"]) == ("store_lost", "warning", "TimeoutError")


# --- the server --------------------------------------------------------------------------------------------------


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def server(
    tmp_path: Path, valkey_server: EmbeddedServer, connection: Connection, port: int
) -> Iterator[subprocess.Popen[bytes]]:
    """The real server with two workers, in a process of its own."""
    process = start(tmp_path, valkey_server.url, port)
    yield process
    process.kill()
    process.wait()


def start(var: Path, redis_url: str, port: int) -> subprocess.Popen[bytes]:
    script = var / "serving.py"
    script.write_text(SERVING)
    settings = settings_for(var)
    environ = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(Path(__file__).parent.parent),
        "TWILIO_AUTH_TOKEN": settings.auth_tokens[0],
        "TWILIO_ACCOUNT_SID": settings.account_sid,
        "VENTANILLA_SECRET": settings.secrets[0],
    }
    command = [sys.executable, str(script), str(Path(__file__).parent.parent), str(var), redis_url, str(port)]
    process = subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL)
    for _ in range(150):
        try:
            get(port, "/healthz")
        except OSError:
            time.sleep(0.1)
        else:
            return process
    process.kill()
    raise TimeoutError("the server did not start")


def get(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        return str(answer.read().decode())


def post(port: int, form: dict[str, str]) -> tuple[int, str]:
    signature = twilio_signature(INBOUND_URL, list(form.items()))
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/twilio/inbound", encoded(form), {"X-Twilio-Signature": signature}
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        return answer.status, answer.read().decode()


def test_the_server_answers_and_its_workers_count_together(server: subprocess.Popen[bytes], port: int) -> None:
    """Each worker answers some messages; whoever is asked for counters must tell of all."""
    for number in range(40):
        code, said = post(port, message("menu", id_=number, number=f"+52550000{number:04d}"))
        assert (code, said.count("<Message>")) == (200, 1)
    shown = get(port, "/metrics")
    turns = [line for line in shown.splitlines() if line.startswith("ventanilla_turns_total")]
    assert sum(float(line.rsplit(" ", 1)[1]) for line in turns) == 40


def test_killed_and_started_again_on_the_same_port(
    server: subprocess.Popen[bytes], port: int, tmp_path: Path, valkey_server: EmbeddedServer
) -> None:
    """No orphan keeps the port or answers with old files, and a repeat still gets the reply it was given."""
    form = message("hola", id_=900, number="+525500009000")
    before = post(port, form)
    server.send_signal(signal.SIGKILL)
    server.wait()
    time.sleep(0.5)
    with pytest.raises(urllib.error.URLError):
        get(port, "/healthz")
    again = start(tmp_path, valkey_server.url, port)
    try:
        assert post(port, form) == before
        again.terminate()
        assert again.wait(timeout=10) == 0
    finally:
        again.kill()
        again.wait()
    with pytest.raises(urllib.error.URLError):
        get(port, "/healthz")
