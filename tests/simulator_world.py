"""The simulator as somebody uses it: the real server in a process of its own, and a real browser on its page."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

from playwright.sync_api import Browser, Locator, Page, Playwright, expect

from bot.inbound import Channel
from tests import learned_world
from webhook.embedded import socket_path
from webhook.keys import Keys
from webhook.outbox.entries import Entry, Kind, new_id, write
from webhook.outbox.store import Outbox
from webhook.settings import CHECKOUT
from webhook.store.connection import Connection

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_SWITCHES = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
]
STARTS_WITHIN_S = 60


@dataclass(frozen=True)
class Served:
    """A running server: where its page is, the folder with the content it follows, and its process."""

    url: str
    root: Path
    process: subprocess.Popen[bytes]

    @property
    def port(self) -> int:
        return int(self.url.rstrip("/").rpartition(":")[2])

    @property
    def console_url(self) -> str:
        return f"http://127.0.0.1:{self.port + 1}"

    @property
    def log(self) -> str:
        return (self.root / "server.log").read_text(errors="replace")

    @property
    def store(self) -> Connection:
        """The way to its store."""
        return Connection(f"unix://{socket_path(self.root / 'var' / 'valkey')}")

    @property
    def keys(self) -> Keys:
        return Keys((self.root / "var" / "ventanilla_secret").read_text().strip())

    def until_all_run(self) -> str:
        """Wait until sender and console are there as well. Gives what was printed then."""
        give_up_at = time.monotonic() + STARTS_WITHIN_S
        while "Ctrl+C ends it" not in self.log:
            assert self.process.poll() is None, self.log
            assert time.monotonic() < give_up_at, self.log
            time.sleep(0.1)
        return self.log[self.log.index("Ventanilla is running") :]

    def send(self, wire: dict[str, str], text: str) -> str:
        """Put a message into the outbox for who sent a form, as an advisor's is put there. Gives the entry's id."""
        person = self.keys.person_of(wire.get("ExternalUserId", ""), wire["From"]).key
        channel = Channel.WHATSAPP if wire["From"].startswith("whatsapp:") else Channel.SMS
        now_s = time.time()
        id_ = new_id(person)
        entry = Entry(id_, Kind.ADVISOR, channel, wire["From"], wire["To"], text, int(now_s))
        Outbox(self.store).put(person, write(entry, self.keys), now_s)
        return id_


@contextmanager
def serving() -> Iterator[Served]:
    """Everything in one command, on a free port, over a copy of the content that a test may edit."""
    folder = Path(tempfile.mkdtemp(prefix="v-", dir="/tmp"))
    for name in ("content", "flows"):
        shutil.copytree(CHECKOUT / name, folder / name)
    port = _free_port()
    own = {"VENTANILLA_ROOT": str(folder), "VENTANILLA_VAR": str(folder / "var"), "VENTANILLA_ENV": "development"}
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "webhook.cli", "run", "--port", str(port), "--workers", "1"],
            env={**_without_settings(), **learned_world.environ(), **own},
            cwd=CHECKOUT,
            stdout=log,
            stderr=log,
        )
        try:
            url = f"http://127.0.0.1:{port}/"
            _wait_for(url, process, folder / "server.log")
            yield Served(url, folder, process)
        finally:
            process.terminate()
            process.wait(20)
            shutil.rmtree(folder, ignore_errors=True)


def _without_settings() -> dict[str, str]:
    """The environment without what would make it another installation."""
    ours = (
        "VENTANILLA_",
        "TWILIO_",
        "PUBLIC_BASE_URL",
        "CONSOLE_BASE_URL",
        "REDIS_URL",
        "ACTION_ENDPOINT_URL",
        "PROMETHEUS_",
    )
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _free_port() -> int:
    """A port that is free together with the next one, where the console goes."""
    while True:
        with socket.socket() as listening, socket.socket() as next_one:
            listening.bind(("127.0.0.1", 0))
            port: int = listening.getsockname()[1]
            try:
                next_one.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up_at = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < give_up_at and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}healthz", timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"the server did not start:\n{log.read_text(errors='replace')}")


def until(holds: Callable[[], bool]) -> None:
    """Wait for something to become true."""
    give_up_at = time.monotonic() + STARTS_WITHIN_S
    while not holds():
        assert time.monotonic() < give_up_at
        time.sleep(0.05)


def launched(playwright: Playwright) -> Browser:
    """Debian's Chromium. There is none of playwright's own."""
    found = [path for name in CHROMIUM_NAMES if (path := shutil.which(name))]
    assert found, "Chromium is not installed: sh deploy/ensure-chromium.sh"
    return playwright.chromium.launch(executable_path=found[0], args=CHROMIUM_SWITCHES)


class Phone:
    """The page in a browser, by what a person does on it and sees."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def last_reply(self) -> Locator:
        return self.page.locator(".message.theirs:not(.writing)").last

    @property
    def last_sent(self) -> Locator:
        return self.page.locator(".message.mine").last

    def say(self, text: str) -> None:
        """Write a message and wait until it is answered."""
        self.page.locator("#text").fill(text)
        self.page.locator("#text").press("Enter")
        self.settle()

    def tap(self, name: str) -> None:
        """Tap a choice of the last reply."""
        self.last_reply.get_by_role("button", name=name).click()
        self.settle()

    def share(self, name: str) -> None:
        """Share something from the sheet."""
        self.page.locator("#attach").click()
        self.page.locator("#sheet").get_by_role("button", name=name).click()
        self.settle()

    def on(self, channel: str) -> None:
        self.page.get_by_role("radio", name=channel, exact=True).check()

    def settle(self) -> None:
        """Wait until nothing is on its way."""
        expect(self.page.locator(".mine.sending, .mine.sent, .writing")).to_have_count(0)

    def wire(self) -> dict[str, str]:
        """The form that was posted last."""
        names = self.page.locator("#wire-fields dt").all_text_contents()
        values = self.page.locator("#wire-fields dd").all_text_contents()
        return dict(zip(names, values, strict=True))

    def memory(self, name: str) -> str:
        """A row of what is remembered."""
        row = self.page.locator(".pair").filter(has=self.page.get_by_text(name, exact=True))
        return row.locator("dd").inner_text()
