"""The real server in a process of its own, and people who write to it as Twilio passes their messages on."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree

from tests import learned_world
from tests.twilio_samples import ACCOUNT, FORM, TOKEN, message, twilio_signature

SECRET = "an invented secret, as long as it must be"
STARTS_WITHIN_S = 90.0


class Server:
    """`ventanilla web` on a folder and a port; it may be killed and started again."""

    def __init__(self, var: Path, *arguments: str, environ: dict[str, str] | None = None) -> None:
        self.var = var
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self._arguments = arguments
        self._environ = environ or {}
        self._process: subprocess.Popen[bytes] | None = None

    def environ(self) -> dict[str, str]:
        """What it is started with; for other processes of the same installation."""
        return {
            **os.environ,
            "VENTANILLA_VAR": str(self.var),
            "VENTANILLA_SECRET": SECRET,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "PUBLIC_BASE_URL": self.base_url,
            **learned_world.environ(),
            **self._environ,
        }

    def start(self) -> Server:
        """Start it and wait until it can serve."""
        command = [sys.executable, "-m", "webhook.cli", "web", "--port", str(self.port), *self._arguments]
        self.var.mkdir(parents=True, exist_ok=True)
        with (self.var / "server.log").open("ab") as log:
            self._process = subprocess.Popen(command, env=self.environ(), stdout=log, stderr=log)
        give_up_at = time.monotonic() + STARTS_WITHIN_S
        while not self.is_ready():
            if self._process.poll() is not None or time.monotonic() > give_up_at:
                raise AssertionError((self.var / "server.log").read_text(errors="replace")[-2000:])
            time.sleep(0.05)
        return self

    def is_ready(self) -> bool:
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            return False

    def get(self, path: str) -> tuple[int, str]:
        """The status and text of a page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def kill(self) -> None:
        """kill -9, as the kernel does when memory runs out."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """End it in good order."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def post(self, form: dict[str, str], path: str = "/twilio/inbound", timeout_s: float = 4.0) -> tuple[int, bytes]:
        """One attempt to deliver a message. Raises OSError when there is nobody."""
        signature = twilio_signature(self.base_url + path, list(form.items()))
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        try:
            connection.request("POST", path, urlencode(form), {"Content-Type": FORM, "X-Twilio-Signature": signature})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def deliver(self, form: dict[str, str], patience_s: float = 30.0) -> str | None:
        """Deliver a message as Twilio is told to: again after a lost connection, a timeout or a 5xx. Gives the reply."""
        give_up_at = time.monotonic() + patience_s
        while time.monotonic() < give_up_at:
            try:
                status, body = self.post(form)
            except (OSError, http.client.HTTPException):
                time.sleep(0.1)
                continue
            if status < 500:
                assert status == 200, (status, body)
                return ElementTree.fromstring(body).findtext("Message")
        raise AssertionError("never answered")

    def say(self, text: str, id_: int, number: str = "+525500000001", channel: str = "sms", **more: str) -> str | None:
        """One message of a person, and what comes back."""
        return self.deliver(message(text, number=number, id_=id_, channel=channel, **more))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
