"""A few threads that run jobs within a time budget, each with one event loop for all its jobs.

Python cannot stop a thread. A job over its budget is left behind: its caller goes on, its thread is free again when the
job ends. When all are left behind, the next caller is told at once instead of waiting in vain. The threads are daemons:
a job that never ends must not keep the process from stopping.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
Job = Callable[[asyncio.AbstractEventLoop], T]

MOST = 8


class AllBusy(TimeoutError):
    """Every thread still runs a job that is over its budget."""


class Workers:
    """Threads, begun when needed."""

    def __init__(self, most: int = MOST) -> None:
        self._free = threading.Semaphore(most)
        self._idle = threading.Semaphore(0)
        self._jobs: SimpleQueue[tuple[Future[Any], Job[Any]] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def run(self, job: Job[T], budget_s: float) -> T:
        """What the job returns or raises. Raises TimeoutError when it takes longer, AllBusy when nobody is free."""
        if not self._free.acquire(blocking=False):
            raise AllBusy("all workers are busy")
        future: Future[T] = Future()
        self._jobs.put((future, job))
        if not self._idle.acquire(blocking=False):
            thread = threading.Thread(target=self._work, name="action", daemon=True)
            self._threads.append(thread)
            thread.start()
        return future.result(timeout=budget_s)

    def close(self) -> None:
        """End the threads that are idle, and the others when their job ends."""
        for _ in self._threads:
            self._jobs.put(None)

    def _work(self) -> None:
        with asyncio.Runner() as runner:
            while (job := self._jobs.get()) is not None:
                future, run = job
                try:
                    future.set_result(run(runner.get_loop()))
                except BaseException as error:
                    with suppress(Exception):
                        future.set_exception(error)
                finally:
                    del future, run, job
                    self._idle.release()
                    self._free.release()
