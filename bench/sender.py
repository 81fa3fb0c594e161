"""Sends prepared requests and takes the time of each, in a process of its own.

Plain sockets and one `epoll`: a request costs it some 20 µs, so that it is never what is measured. A lane is one
kept-alive connection on which the next request goes out when the last was answered, as fast as the server can.
"""

from __future__ import annotations

import gc
import multiprocessing
import selectors
import socket
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any

from bench.requests import Crowd

READ_BYTES = 65536
ANSWER_WITHIN_S = 10.0


class Unanswered(Exception):
    """The server closed a connection, or was silent for too long."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of sending: the time of each answer in µs, the time of all in s, and how many answers were not 200."""

    micros: array[float]
    seconds: float
    refused: int
    silent: int
    cpu_s: float

    @property
    def per_second(self) -> float:
        return len(self.micros) / self.seconds

    def percentile_ms(self, percent: float) -> float:
        ordered = sorted(self.micros)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] / 1000


class Sender:
    """The process that sends. `prepare` builds requests there, by a name; `send` can send them to several servers."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def prepare(self, name: str, crowd: Crowd, lanes: int) -> None:
        """Build the requests of a crowd, in place of those of the same name."""
        self._ours.send((name, crowd, lanes))
        self._answer()

    def send(self, name: str, port: int) -> Sent:
        """Send what was prepared to a server on this machine. Raises Unanswered."""
        self._ours.send((name, port))
        sent: Sent = self._answer()
        return sent

    def __enter__(self) -> Sender:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ours.close()
        self._process.join(5)

    def _answer(self) -> Any:
        answer = self._ours.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer


def _work(pipe: Connection) -> None:
    prepared: dict[str, list[list[bytes]]] = {}
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        try:
            match task:
                case str(name), int(port):
                    pipe.send(send(port, prepared[name]))
                case str(name), Crowd() as crowd, int(lanes):
                    prepared[name] = [lane for lane in crowd.lanes(lanes) if lane]
                    pipe.send(None)
        except Exception as error:
            pipe.send(error)


def send(port: int, lanes: Sequence[Sequence[bytes]]) -> Sent:
    """Send every lane on a connection of its own. Raises Unanswered."""
    gc.disable()
    selector = selectors.DefaultSelector()
    micros, refused, silent = array("d"), 0, 0
    clock = time.perf_counter
    cpu_before, started = time.process_time(), clock()
    for requests in lanes:
        link = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_WITHIN_S)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        rest = iter(requests)
        selector.register(link, selectors.EVENT_READ, [rest, clock()])
        link.sendall(next(rest))
    open_lanes = len(lanes)
    while open_lanes:
        ready = selector.select(ANSWER_WITHIN_S)
        if not ready:
            raise Unanswered(f"no answer within {ANSWER_WITHIN_S:g} s")
        for key, _ in ready:
            link = key.fileobj  # type: ignore[assignment]  # what was registered above
            answer = _whole_answer(link)
            now = clock()
            rest, sent_at = key.data
            micros.append((now - sent_at) * 1e6)
            refused += not answer.startswith(b"HTTP/1.1 200")
            silent += b"<Message>" not in answer
            request = next(rest, None)
            if request is None:
                selector.unregister(link)
                link.close()
                open_lanes -= 1
                continue
            key.data[1] = clock()
            link.sendall(request)
    seconds, cpu_s = clock() - started, time.process_time() - cpu_before
    gc.enable()
    return Sent(micros, seconds, refused, silent, cpu_s)


def _whole_answer(link: socket.socket) -> bytes:
    """One answer, head and body. It nearly always comes in one piece."""
    answer = link.recv(READ_BYTES)
    while True:
        head, blank, body = answer.partition(b"\r\n\r\n")
        if blank and len(body) >= _length(head):
            return answer
        more = link.recv(READ_BYTES)
        if not more:
            raise Unanswered("the server closed a connection")
        answer += more


def _length(head: bytes) -> int:
    at = head.lower().find(b"content-length:")
    return int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
