"""Writes the editors' list beside the answering: a person never waits for it, and no failure of it reaches them.

What a turn asks for is put in a queue of the process; one thread writes it. Losing a question is no harm and only
counted. Taking one back is a promise, so that is tried for longer.
"""

import os
import queue
import threading
import time
from collections.abc import Callable, Sequence

import structlog

from bot import questions
from bot.turn import Effect
from webhook.observe import fault_of
from webhook.store.faults import StoreDown
from webhook.store.lifetimes import DAY_S
from webhook.store.questions import QuestionList

MOST_WAITING = 1000
TRIES_TO_WITHDRAW = 30
PAUSE_S = 2.0

log = structlog.get_logger()


class QuestionNotes:
    """Takes effects of committed turns, from any thread and after any fork. `count` is told what was lost."""

    def __init__(
        self,
        listed: QuestionList,
        count: Callable[[str], None],
        *,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._listed = listed
        self._count = count
        self._pause = pause
        self._lock = threading.Lock()
        self._waiting: queue.Queue[tuple[Effect, int]] = queue.Queue(MOST_WAITING)
        self._pid = 0

    def note(self, effects: Sequence[Effect], at_s: int) -> None:
        """Have what a turn asks for written soon. Gives nothing, takes no time, raises nothing."""
        for effect in effects:
            if effect.kind not in questions.KINDS:
                continue
            self._run_in_this_process()
            try:
                self._waiting.put_nowait((effect, at_s // DAY_S))
            except queue.Full:
                self._count("question_lost")

    def settle(self) -> None:
        """Wait until all is written; for tests and the end of a process."""
        if self._pid == os.getpid():
            self._waiting.join()

    def _run_in_this_process(self) -> None:
        """A thread does not survive a fork: each process has its own, and its own queue."""
        if self._pid == os.getpid():
            return
        with self._lock:
            if self._pid != os.getpid():
                self._waiting = queue.Queue(MOST_WAITING)
                threading.Thread(target=self._write, args=[self._waiting], name="questions", daemon=True).start()
                self._pid = os.getpid()

    def _write(self, waiting: queue.Queue[tuple[Effect, int]]) -> None:
        while True:
            effect, day = waiting.get()
            try:
                self._write_one(effect, day)
            except Exception as error:  # whatever broke, the next one is written
                self._count("question_lost")
                log.error("question_lost", **fault_of(error))
            finally:
                waiting.task_done()

    def _write_one(self, effect: Effect, day: int) -> None:
        tries = TRIES_TO_WITHDRAW if effect.kind == questions.WITHDRAWN else 1
        for left in reversed(range(tries)):
            try:
                self._listed.note(effect, day)
                return
            except StoreDown:
                if left:
                    self._pause(PAUSE_S)
        self._count("question_lost")
