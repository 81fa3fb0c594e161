"""The sender: a scout that sees who is due, threads that send, and what has to be done every now and then.

Any number of sender processes share one store. Each can be killed at any moment; what it had claimed is taken over.
"""

from __future__ import annotations

import os
import queue
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from webhook.observe import fault_of
from webhook.outbox.dispatch import Dispatcher, Parts
from webhook.outbox.given_up import GivenUp
from webhook.outbox.heartbeat import Heartbeat
from webhook.outbox.limits import Limits
from webhook.outbox.store import Outbox
from webhook.store.faults import StoreDown

THREADS = 8
SCOUT_EVERY_S = 0.2
BEAT_EVERY_S = 5.0
SWEEP_EVERY_S = 5.0
PEOPLE_A_LOOK = 16  # of each partition
STEPS_A_TURN = 20  # then others come first

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Chore:
    """Something a sender does every `every_s` seconds beside sending. A lost store or an error ends nothing."""

    name: str
    every_s: float
    work: Callable[[], object]


class Sender:
    """One sender process. `run` goes on until `stop`; the message in hand is finished then."""

    def __init__(self, parts: Parts, *, threads: int = THREADS, chores: tuple[Chore, ...] = ()) -> None:
        self._parts = parts
        self._threads = threads
        self._outbox = Outbox(parts.connection)
        self._dispatcher = Dispatcher(parts)
        self._name = f"{os.getpid()}-{secrets.token_urlsafe(6)}"
        self._heart = Heartbeat(parts.connection)
        self._chores = (Chore("beat", BEAT_EVERY_S, self._beat), *chores)
        self._waiting: queue.Queue[str | None] = queue.Queue(threads * 4)
        self._in_hand: set[str] = set()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._store_is_lost = False

    def run(self) -> None:
        """Send until `stop` is called."""
        workers = [threading.Thread(target=self._work, name=f"sender-{at}") for at in range(self._threads)]
        helpers = [threading.Thread(target=self._repeat, args=[each], name=each.name) for each in self._chores]
        for thread in (*workers, *helpers):
            thread.start()
        log.info("sender_started", threads=self._threads)
        try:
            while not self._stopping.is_set():
                if not self._scout():
                    self._stopping.wait(SCOUT_EVERY_S)
        finally:
            self._stopping.set()
            for _ in workers:
                self._waiting.put(None)
            for thread in (*workers, *helpers):
                thread.join()
            self._leave()
            log.info("sender_stopped")

    def stop(self) -> None:
        """Take nothing more. Can be called from a signal handler."""
        self._stopping.set()

    @property
    def is_stopping(self) -> bool:
        return self._stopping.is_set()

    def _scout(self) -> bool:
        """Hand out the people who are due. True if there were any."""
        try:
            due = self._outbox.due(self._parts.clock(), PEOPLE_A_LOOK)
        except StoreDown as down:
            self._note_store(lost=True, why=str(down))
            return False
        self._note_store(lost=False)
        handed = False
        for person in due:
            with self._lock:
                if person in self._in_hand:
                    continue
                self._in_hand.add(person)
            handed = self._hand_out(person) or handed
        return handed

    def _hand_out(self, person: str) -> bool:
        while not self._stopping.is_set():
            try:
                self._waiting.put(person, timeout=0.2)
                return True
            except queue.Full:
                continue
        return False

    def _work(self) -> None:
        while True:
            person = self._waiting.get()
            if person is None:
                return
            if self._stopping.is_set():
                continue
            try:
                self._serve(person)
            finally:
                with self._lock:
                    self._in_hand.discard(person)

    def _serve(self, person: str) -> None:
        """Some messages of one person, one after the other."""
        try:
            for _ in range(STEPS_A_TURN):
                if not self._dispatcher.dispatch(person) or self._stopping.is_set():
                    return
        except StoreDown:
            pass  # the scout tells; what was begun is found out when the store is back
        except Exception as error:  # one message must not stop the others
            log.error("dispatch_failed", **fault_of(error))

    def _repeat(self, chore: Chore) -> None:
        while not self._stopping.is_set():
            try:
                chore.work()
            except StoreDown:
                pass
            except Exception as error:  # it is tried again, and the others go on
                log.error("chore_failed", chore=chore.name, **fault_of(error))
            self._stopping.wait(chore.every_s)

    def _beat(self) -> None:
        """Tell that this sender is alive, and measure what waits."""
        parts, now_s = self._parts, self._parts.clock()
        self._heart.beat(self._name, now_s)
        people, overdue_s = self._outbox.waiting(now_s)
        parts.metrics.waiting.set(people)
        parts.metrics.overdue_s.set(overdue_s)
        parts.metrics.letters.set(GivenUp(parts.connection).count())
        parts.metrics.spent_usd.set(Limits(parts.connection, parts.sending).spent_usd(now_s))

    def _leave(self) -> None:
        with suppress(StoreDown):  # it is forgotten soon by itself
            self._heart.stop(self._name)

    def _note_store(self, *, lost: bool, why: str = "") -> None:
        if lost == self._store_is_lost:
            return
        self._store_is_lost = lost
        if lost:
            log.error("store_lost", why=why)
        else:
            log.info("store_back")
