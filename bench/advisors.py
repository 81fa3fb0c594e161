"""Browsers with the console open: each asks at the rate that its page says, and sends the tag of what it has."""

from __future__ import annotations

import asyncio
import html
import random
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

HOST = "bench.example.org"
COOKIE = "__Host-login"
NOT_CHANGED = 304

_POLL = re.compile(r'hx-get="([^"]+)" hx-trigger="every (\d+)(ms|s)')
_CSRF = re.compile(r'"X-CSRFToken": "([^"]+)"')


@dataclass(frozen=True, slots=True)
class Poll:
    """What a page asks for itself, and how often."""

    path: str
    every_s: float


@dataclass(slots=True)
class Answers:
    """How many answers of each status came, and after how many seconds each."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def add(self, status: int, seconds: float) -> None:
        self.statuses[status] += 1
        self.seconds.append(seconds)

    def percentile_ms(self, percent: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] * 1000 if ordered else float("nan")


class Line:
    """One kept-alive connection of a browser in which somebody is logged in."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._token = token
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str, tag: str = "") -> tuple[int, Mapping[str, str], bytes]:
        """Ask for a page, or for what has changed since a tag."""
        return await self._ask("GET", path, {"If-None-Match": tag} if tag else {}, b"")

    async def post(self, path: str, form: Mapping[str, str], csrf: str) -> int:
        """Send a form; the status."""
        sent = {
            "Origin": f"https://{HOST}",
            "X-CSRFToken": csrf,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return (await self._ask("POST", path, sent, urlencode(form).encode()))[0]

    async def _ask(
        self, method: str, path: str, more: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:  # fmt: skip
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        sent = {
            "Host": HOST,
            "Cookie": f"{COOKIE}={self._token}",
            "Sec-Fetch-Site": "same-origin",
            "HX-Request": "true",
            "Content-Length": str(len(body)),
            **more,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
        answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(answer[0].split(" ", 2)[1])
        came = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in answer[1:] if line)}
        length = 0 if status == NOT_CHANGED else int(came.get("content-length", 0))
        return status, came, await reader.readexactly(length)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()


@dataclass(slots=True)
class Advisor:
    """Somebody with a chat open. `chat` is its ticket, `is_theirs` that they answer it."""

    token: str
    chat: str
    tab: str
    is_theirs: bool
    lines: list[Line] = field(default_factory=list)
    polls: list[Poll] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    csrf: str = ""

    async def open(self, port: int) -> None:
        """Open the page, and see what it asks for itself."""
        page = Line(port, self.token)
        status, _, body = await page.get(f"/advisor/chat/{self.chat}?tab={self.tab}")
        text = body.decode()
        if status != 200:
            raise RuntimeError(f"the page of a chat answered {status}")
        self.polls = [
            Poll(html.unescape(path), int(number) / (1000 if unit == "ms" else 1))
            for path, number, unit in _POLL.findall(text)
        ]
        found = _CSRF.search(html.unescape(text))
        if len(self.polls) != 2 or found is None:
            raise RuntimeError("the page of a chat does not ask for itself as it used to")
        self.csrf = found[1]
        self.lines = [page, *(Line(port, self.token) for _ in self.polls)]

    async def write(self, text: str, nonce: str) -> int:
        """Answer the person."""
        return await self.lines[0].post(f"/advisor/chat/{self.chat}/reply", {"text": text, "nonce": nonce}, self.csrf)

    def close(self) -> None:
        for line in self.lines:
            line.close()


async def look(advisors: Sequence[Advisor], seconds: float, answers: Answers, path: str = "") -> None:
    """Everybody's page asks for so long, or asks as often for another page (`path`) in place of its own."""
    until = time.perf_counter() + seconds
    await asyncio.gather(
        *(
            _follow(advisor, line, poll, until, answers, path)
            for advisor in advisors
            for line, poll in zip(advisor.lines[1:], advisor.polls, strict=True)
        )
    )


async def _follow(advisor: Advisor, line: Line, poll: Poll, until: float, answers: Answers, path: str) -> None:
    """One part of a page: asks at fixed moments, and leaves out those that come while it still waits."""
    at = time.perf_counter() + random.uniform(0, poll.every_s)  # nobody opens a page at the same moment
    while at < until:
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        started = time.perf_counter()
        status, came, _ = await line.get(path or poll.path, "" if path else advisor.tags.get(poll.path, ""))
        answers.add(status, time.perf_counter() - started)
        if not path and "etag" in came:
            advisor.tags[poll.path] = came["etag"]
        while at <= time.perf_counter():
            at += poll.every_s
