"""Keeps the parts that run beside the web server: starts them as processes of their own, and again when they die.

A part is started as a copy of this process where the system can fork, so that the content is in memory once for all of
them. A part that dies is started again, later each time it dies soon. None outlives this process: a sender without its
web server would go on sending with nobody to stop it.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType

import structlog

from webhook.observe import fault_of
from webhook.server import can_fork, end_with_parent

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_AFTER_S = 30.0
"""A part that has lived so long begins with a short pause again."""
ANSWERS_WITHIN_S = 30.0
STOPS_WITHIN_S = 8.0
_LOOK_EVERY_S = 0.1

log = structlog.get_logger()

_gate = threading.RLock()
"""Held while the keeper does anything. A copy of this process that is made in the middle of that, a new web worker say,
would wait for ever for a lock that a thread had which does not exist in the copy (of an import, of a look-up of a name)."""


def _reopen() -> None:
    global _gate
    _gate = threading.RLock()


os.register_at_fork(
    before=lambda: _gate.acquire(), after_in_parent=lambda: _gate.release(), after_in_child=_reopen
)  # not the methods themselves: the gate of a copy is another one


@dataclass(frozen=True, slots=True)
class Part:
    """One part. `run` is called in its process and does not come back; `answers` is asked here, of a living process.

    `answers` must take half a second at most: meanwhile no worker can be started.

    `run` must be a function of a module, or of values that can be pickled, for systems that cannot fork.
    """

    name: str
    run: Callable[[], None]
    answers: Callable[[], bool]


class Beside:
    """The parts beside a server, as a context: they run while it lasts.

    They begin when `server_answers` says so, which keeps them from slowing down its first answer, and `announce` is
    called once all have answered. The thread that starts them lives as long as they do: the kernel ends a tethered
    process with the thread that started it.
    """

    def __init__(
        self, parts: Sequence[Part], *, server_answers: Callable[[], bool], announce: Callable[[], None]
    ) -> None:
        self._kept = [_Kept(part) for part in parts]
        self._server_answers = server_answers
        self._announce = announce
        self._stopping = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="parts", daemon=True)

    def __enter__(self) -> "Beside":
        self._keeper.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._keeper.join()

    @property
    def pids(self) -> dict[str, int]:
        """The processes that run now, by the name of their part."""
        return {kept.part.name: pid for kept in self._kept if (pid := kept.pid)}

    def _keep(self) -> None:
        try:
            self._wait_until(self._server_answers)
            announced = False
            while not self._stopping.is_set():
                with _gate:
                    for kept in self._kept:
                        kept.look(time.monotonic())
                    if not announced and all(kept.has_answered for kept in self._kept):
                        announced = True
                        self._tell()
                self._stopping.wait(_LOOK_EVERY_S)
        finally:
            for kept in self._kept:
                kept.terminate()
            for kept in self._kept:
                kept.end()

    def _wait_until(self, answers: Callable[[], bool]) -> None:
        while not self._stopping.is_set():
            with _gate:
                if answers():
                    return
            self._stopping.wait(_LOOK_EVERY_S)

    def _tell(self) -> None:
        try:
            self._announce()
        except Exception as error:  # what is said about the parts must not end them
            log.error("announcing_failed", **fault_of(error))


class _Kept:
    """A part and its present process."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.has_answered = False
        self._process: BaseProcess | None = None
        self._started_at = 0.0
        self._start_at = 0.0
        self._pause_s = FIRST_PAUSE_S

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process is not None and process.is_alive() else None

    def look(self, now: float) -> None:
        """Start it if it is time; note that it has answered, or that it has died or never will answer."""
        if self._process is None:
            if now >= self._start_at:
                self._start(now)
            return
        if not self._process.is_alive():
            self._died(now)
        elif not self.has_answered:
            self.has_answered = self.part.answers()
            if not self.has_answered and now - self._started_at > ANSWERS_WITHIN_S:
                log.error("part_silent", part=self.part.name)
                self._process.kill()

    def terminate(self) -> None:
        """Ask it to end."""
        if self._process is not None:
            self._process.terminate()

    def end(self) -> None:
        """Wait until it has ended, and help if it does not."""
        if self._process is None:
            return
        self._process.join(STOPS_WITHIN_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process = None

    def _start(self, now: float) -> None:
        forking = can_fork()
        context = multiprocessing.get_context("fork") if forking else multiprocessing.get_context("spawn")
        self._process = context.Process(target=_run, args=(self.part.run, self.part.name), name=self.part.name)
        self._process.start()
        self._started_at = now
        self.has_answered = False

    def _died(self, now: float) -> None:
        assert self._process is not None
        if now - self._started_at >= STEADY_AFTER_S:
            self._pause_s = FIRST_PAUSE_S
        log.error("part_died", part=self.part.name, code=self._process.exitcode, again_in_s=self._pause_s)
        self._process.join()
        self._process = None
        self._start_at = now + self._pause_s
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)


def _run(part: Callable[[], None], name: str) -> None:
    """In the new process: stand on its own feet, but end with the one that started it."""
    _be_called(name)
    os.setsid()  # Ctrl-C is for the parent, which ends us
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, signal.SIG_DFL)  # the copied handlers would act for the parent
    end_with_parent()
    part()


def _be_called(name: str) -> None:
    """Show the part's name in `ps` and `top`: all are copies of one process, and bear its command line."""
    with suppress(OSError):  # where the system has no such file
        Path("/proc/self/comm").write_text(name)
