"""Actions behind a URL: against Rasa's real server in a child process, and against servers that misbehave."""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from bot.actions.runner import Runner
from bot.inbound import Location
from bot.turn import ActionResult
from tests.action_world import asks, inbound, world
from webhook.action_endpoint import ActionEndpoint, Breaker

ROOT = Path(__file__).parent.parent
FAILED = ActionResult(failed=True)
pytestmark = pytest.mark.xdist_group("action-server")  # one worker, so that the real servers start once
Failures = list[tuple[str, str]]


@pytest.fixture
def failures() -> Failures:
    return []


@pytest.fixture
def endpoint(failures: Failures) -> Iterator[Callable[..., ActionEndpoint]]:
    """Makes endpoints that report to `failures`, and closes them."""
    made: list[ActionEndpoint] = []

    def make(url: str, **options: Any) -> ActionEndpoint:
        options = {"budget_s": 5.0, **options}  # a busy machine must not fail what is not about time
        made.append(ActionEndpoint(url, report=lambda action, why: failures.append((action, why)), **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


# --- the real server -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Rasa's server with our actions and a partner's, as `ventanilla actions --actions` starts it."""
    log = tmp_path_factory.mktemp("actions") / "log"
    port = free_port()
    with child([sys.executable, "-m", "tests.action_child", str(port)], log):
        wait_for(port, log)
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def plain_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A partner's own server, started as Rasa's documentation says; it knows nothing of us."""
    log = tmp_path_factory.mktemp("plain") / "log"
    port = free_port()
    command = [sys.executable, "-m", "rasa_sdk", "--actions", "tests.partner_actions", "--port", str(port)]
    with child(command, log, SANIC_HOST="127.0.0.1"):
        wait_for(port, log)
        yield f"http://127.0.0.1:{port}"


@contextmanager
def child(command: Sequence[str], log: Path, **environment: str) -> Iterator[None]:
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=out, stderr=out, env={**os.environ, **environment}, start_new_session=True
        )
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(port: int, log: Path) -> None:
    for _ in range(300):
        try:
            if requests.get(f"http://127.0.0.1:{port}/health", timeout=1).ok:
                return
        except requests.RequestException:
            time.sleep(0.1)
    raise AssertionError(log.read_text(encoding="utf-8"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


CALLS = [
    asks("action_nearest_place", town="chetumal"),
    asks("action_nearest_place", location=Location(18.494, -88.397), language="es"),
    asks("action_nearest_place", town=""),
    asks("action_office_hours", slots={"country": "mexico"}),
    asks("action_check_restaurants", slots={"cuisine": "belizean"}),
    asks("action_tells_tracker", town="corozal", slots={"country": "belize"}, location=Location(18.4, -88.4)),
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.action)
def test_an_action_answers_the_same_here_and_behind_a_url(
    server: str, endpoint: Callable[..., ActionEndpoint], call: Any
) -> None:
    """Where an action runs is the operator's choice and must make no difference to anybody else."""
    here = Runner(["tests.partner_actions"], budget_s=5)
    there = endpoint(f"{server}/webhook").run(world(), call, inbound())
    assert not there.failed
    assert _timeless(there) == _timeless(here.run(world(), call, inbound()))
    here.close()


def _timeless(result: ActionResult) -> tuple[object, object]:
    events = [{key: value for key, value in event.items() if key != "timestamp"} for event in result.events]
    return events, result.responses


def test_a_partners_own_server_is_called_unchanged(plain_server: str, endpoint: Callable[..., ActionEndpoint]) -> None:
    """The protocol is Rasa's: a server that never heard of us answers."""
    call = asks("action_check_restaurants", slots={"cuisine": "mexican"})
    result = endpoint(f"{plain_server}/webhook").run(world(), call, inbound())
    assert [dict(each) for each in result.responses] == [
        {"text": "I know 1 restaurant(s)."},
        {"matches": "La Cocina", "response": "utter_matches"},
    ]
    assert [(event["name"], event["value"]) for event in result.events] == [("matches", ["La Cocina"])]


def test_any_rasa_bot_sees_our_actions(server: str) -> None:
    """`/health` and `/actions` are Rasa's, with ours and the partner's in the list."""
    assert requests.get(f"{server}/health", timeout=5).json() == {"status": "ok"}
    names = {each["name"] for each in requests.get(f"{server}/actions", timeout=5).json()}
    assert {"action_nearest_place", "action_office_hours", "action_check_restaurants"} <= names


def test_an_action_that_breaks_is_a_failure(
    server: str, endpoint: Callable[..., ActionEndpoint], failures: Failures, caplog: pytest.LogCaptureFixture
) -> None:
    """The person gets spoken words; neither the request nor the reply reaches a log."""
    caplog.set_level(logging.DEBUG)
    call = asks("action_breaks", location=Location(18.123456, -88.4))
    assert endpoint(f"{server}/webhook").run(world(), call, inbound()) == FAILED
    assert failures == [("action_breaks", "status 500")]
    assert "18.123456" not in caplog.text


def test_our_server_does_not_repeat_the_request_in_an_error(server: str) -> None:
    """Rasa's own reply to an error holds the whole request, a location included; a proxy may log it."""
    body = {
        "next_action": "action_breaks",
        "sender_id": "x",
        "tracker": {"sender_id": "x", "slots": {}, "latest_message": {"text": "18.123456"}},
        "domain": {"actions": []},
        "version": "3.0.0",
    }
    reply = requests.post(f"{server}/webhook", json=body, timeout=5)
    assert reply.status_code == 500
    assert reply.json() == {"error": "The action failed."}


def test_an_unknown_action_is_a_failure(
    server: str, endpoint: Callable[..., ActionEndpoint], failures: Failures
) -> None:
    """A flow may name an action that the other side does not have yet."""
    assert endpoint(f"{server}/webhook").run(world(), asks("action_nobody_has"), inbound()) == FAILED
    assert failures == [("action_nobody_has", "status 404")]


def test_a_connection_is_used_again_and_again(server: str, endpoint: Callable[..., ActionEndpoint]) -> None:
    """A hundred calls need no hundred connections, and none of them fails."""
    calling, catalogue = endpoint(f"{server}/webhook"), world()
    results = [calling.run(catalogue, asks("action_nearest_place", town="bacalar"), inbound()) for _ in range(100)]
    assert {result.failed for result in results} == {False}


# --- servers that misbehave ------------------------------------------------------------------------------------------


class QuietServer(ThreadingHTTPServer):
    """A client that hangs up is what some tests are about: no tracebacks for it."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing."""


class Server:
    """Answers every POST with what `answer` does to the handler; counts them."""

    def __init__(self, answer: Callable[[BaseHTTPRequestHandler], None]) -> None:
        self.calls = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                outer.calls += 1
                self.rfile.read(int(self.headers["Content-Length"]))
                answer(self)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = QuietServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/webhook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True)

    def __enter__(self) -> "Server":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def replies(body: bytes, status: int = 200) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


GOOD = replies(json.dumps({"events": [], "responses": [{"text": "hello"}]}).encode())


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (replies(b'{"error": "x", "request_body": {}}', 500), "status 500"),
        (replies(b"{}", 404), "status 404"),
        (replies(b"", 302), "status 302"),
        (replies(b"<html>"), "not an answer"),
        (replies(b""), "not an answer"),
        (replies(b"\xff\xfe\x00"), "not an answer"),
        (replies(b"[" * 100_000), "RecursionError"),
        (replies(b"null"), "not an answer"),
        (replies(b'{"events": 7}'), "not an answer"),
        (replies(b'"' + b"x" * 300_000 + b'"'), "reply too large"),
    ],
    ids=["500", "404", "redirect", "html", "empty", "bytes", "deep", "null", "events", "large"],
)
def test_a_reply_that_is_no_answer_is_a_failure(
    endpoint: Callable[..., ActionEndpoint],
    failures: Failures,
    answer: Callable[[BaseHTTPRequestHandler], None],
    why: str,
) -> None:
    """A server may answer anything; the person gets spoken words all the same."""
    with Server(answer) as server:
        assert endpoint(server.url).run(world(), asks("action_x"), inbound()) == FAILED
        assert server.calls == 1
    assert failures == [("action_x", why)]


def sleeps(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(3)


def drips(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then: no single read ever times out."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(30):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.1)


def drips_headers(handler: BaseHTTPRequestHandler) -> None:
    for _ in range(30):
        handler.wfile.write(b"H")
        handler.wfile.flush()
        time.sleep(0.1)


@pytest.mark.parametrize("answer", [sleeps, drips, drips_headers])
def test_a_late_reply_is_a_failure_in_time(
    endpoint: Callable[..., ActionEndpoint], failures: Failures, answer: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    """Twilio waits for the whole turn; however slowly a server speaks, the action has its budget and no more."""
    with Server(answer) as server:
        calling = endpoint(server.url, budget_s=0.4)
        began = time.monotonic()
        assert calling.run(world(), asks("action_x"), inbound()) == FAILED
        assert time.monotonic() - began < 2.5
        assert server.calls == 1
    assert failures == [("action_x", "timeout")]


def test_a_refused_connection_is_a_failure(endpoint: Callable[..., ActionEndpoint], failures: Failures) -> None:
    """The other side may be down."""
    calling = endpoint(f"http://127.0.0.1:{free_port()}/webhook")
    assert calling.run(world(), asks("action_x"), inbound()) == FAILED
    assert failures == [("action_x", "ConnectionError")]


def hangs_up_once() -> Callable[[BaseHTTPRequestHandler], None]:
    seen: list[int] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        seen.append(1)
        if len(seen) == 1:
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
        else:
            GOOD(handler)

    return answer


def test_a_failed_connection_is_tried_once_more(endpoint: Callable[..., ActionEndpoint], failures: Failures) -> None:
    """A server that restarts drops connections; the second try finds it again."""
    with Server(hangs_up_once()) as server:
        result = endpoint(server.url).run(world(), asks("action_x"), inbound())
        assert [dict(each) for each in result.responses] == [{"text": "hello"}]
        assert server.calls == 2
    assert failures == []


def hangs_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def test_it_is_not_tried_more_than_twice(endpoint: Callable[..., ActionEndpoint]) -> None:
    """A broken server must not be hammered by those it fails."""
    with Server(hangs_up) as server:
        assert endpoint(server.url).run(world(), asks("action_x"), inbound()) == FAILED
        assert server.calls == 2


# --- breaker ---------------------------------------------------------------------------------------------------------


def test_after_some_failures_it_is_left_in_peace_and_tried_again_later(
    endpoint: Callable[..., ActionEndpoint], failures: Failures
) -> None:
    """While a server is down nobody waits for it; when it is back, the first call finds out."""
    now = [100.0]
    body = [replies(b"", 500)]
    with Server(lambda handler: body[0](handler)) as server:
        calling = endpoint(server.url, breaker=Breaker(failures=2, open_s=5, clock=lambda: now[0]))

        def call() -> bool:
            return not calling.run(world(), asks("action_x"), inbound()).failed

        assert [call(), call(), call(), call()] == [False] * 4
        assert server.calls == 2
        assert failures[-1] == ("action_x", "breaker open")
        now[0] += 5
        assert [call(), call()] == [False, False]
        assert server.calls == 3
        body[0] = GOOD
        now[0] += 5
        assert [call(), call()] == [True, True]


def test_only_one_call_tries_a_server_that_was_down() -> None:
    """All others go on without waiting until that one knows."""
    now = [0.0]
    breaker = Breaker(failures=1, open_s=5, clock=lambda: now[0])
    breaker.failed()
    now[0] = 5.0
    assert [breaker.allows() for _ in range(3)] == [True, False, False]
    breaker.succeeded()
    assert [breaker.allows() for _ in range(3)] == [True, True, True]
