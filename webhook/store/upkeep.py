"""Upkeep: what was deleted or has expired must leave the append-only file too.

The file is a history: it holds every value ever written until it is rewritten. The server itself rewrites it only
when it has grown, so every 15 minutes we look whether anything went away, and ask for it.
"""

import threading
import time
from typing import Any

import structlog

from webhook.store.connection import Client, Connection
from webhook.store.faults import StoreDown

REWRITE_EVERY_S = 15 * 60
_LOOK_EVERY_S = 5.0
_RETRY_AFTER_S = 60.0
_REMOVING = ("cmdstat_del", "cmdstat_unlink", "cmdstat_set", "cmdstat_lpop", "cmdstat_zrem", "cmdstat_flushdb")

log = structlog.get_logger()


class Upkeep:
    """Has the append-only file of each server rewritten, when there is reason to. One process does it for a store."""

    def __init__(self, connection: Connection, every_s: float = REWRITE_EVERY_S) -> None:
        self._connection = connection
        self._every_s = every_s
        self._next_at = float("-inf")
        self._removals_before: list[int | None] = []
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def tick(self, now: float) -> bool:
        """Rewrite, if it is time and anything was removed since; the first time always. Says whether it was begun."""
        if now < self._next_at:
            return False
        self._next_at = now + min(_RETRY_AFTER_S, self._every_s)  # unless all goes well
        removals = self._connection.of_each_server(_removals)
        if removals == self._removals_before:
            self._next_at = now + self._every_s
            return False
        if not all(self._connection.of_each_server(_rewrite)):
            return False  # one is going on, and began before the last removals
        self._removals_before = removals
        self._next_at = now + self._every_s
        return True

    def start(self) -> None:
        """Tick in a thread of its own until `stop`, or the end of the process."""
        self._thread = threading.Thread(target=self._run, name="store-upkeep", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if self.tick(time.monotonic()):
                    log.info("append_only_file_rewritten")
            except StoreDown as fault:
                log.warning("upkeep_failed", reason=str(fault))
            self._stopping.wait(min(_LOOK_EVERY_S, self._every_s))


def _removals(client: Client) -> int | None:
    """How many values have gone away or been overwritten, as the server counts; None if it does not append to a file.

    The server's own counts see what every process did. They begin again with the server, which counts as a change.
    """
    if not client.info("persistence").get("aof_enabled"):
        return None
    commands: dict[str, Any] = client.info("commandstats")
    calls = sum(int(commands[name]["calls"]) for name in _REMOVING if name in commands)
    return calls + int(client.info("stats")["expired_keys"])


def _rewrite(client: Client) -> bool:
    persistence = client.info("persistence")
    if not persistence.get("aof_enabled"):
        return True
    if persistence.get("aof_rewrite_in_progress") or persistence.get("aof_rewrite_scheduled"):
        return False
    client.execute_command("BGREWRITEAOF")
    return True
