"""Whether a sender is at work: each tells every few seconds that it is alive."""

from __future__ import annotations

import time

from webhook.store.connection import Connection
from webhook.store.keyspace import OUT_PREFIX

LIFE_S = 30.0
_BEATS = f"{OUT_PREFIX}senders"


class Heartbeat:
    """The signs of life of all senders. Raises StoreDown."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def beat(self, sender: str, now_s: float) -> None:
        """One sender is alive."""
        self._connection.command("ZADD", _BEATS, f"{now_s:.3f}", sender)
        self._connection.command("ZREMRANGEBYSCORE", _BEATS, "-inf", f"{now_s - LIFE_S:.3f}")

    def stop(self, sender: str) -> None:
        """One sender ends in good order."""
        self._connection.command("ZREM", _BEATS, sender)

    def senders(self, now_s: float | None = None, within_s: float = LIFE_S) -> int:
        """How many have told within the last half minute, or less, that they are alive."""
        since_s = (time.time() if now_s is None else now_s) - within_s
        return int(self._connection.command("ZCOUNT", _BEATS, f"{since_s:.3f}", "+inf"))

    def is_there(self, now_s: float | None = None) -> bool:
        """Whether anybody sends."""
        return self.senders(now_s) > 0
