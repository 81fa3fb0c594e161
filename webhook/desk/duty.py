"""Who is on duty: the advisors whose page was open within the last two minutes."""

import threading
from collections.abc import Callable

from webhook.store.connection import Connection
from webhook.store.keyspace import STAFF_PREFIX
from webhook.store.lifetimes import DAY_S

ON_DUTY_S = 120
WRITE_EVERY_S = 20
DUTY_KEY = f"{STAFF_PREFIX}duty"


class Duty:
    """Remembers when each advisor's page was last open. Raises StoreDown. `now` gives seconds since 1970."""

    def __init__(self, connection: Connection, now: Callable[[], float]) -> None:
        self._connection = connection
        self._now = now
        self._written: dict[str, float] = {}
        self._lock = threading.Lock()

    def begin(self, user: str) -> None:
        """An advisor's page is open. It asks every second or two; that is written now and then."""
        now = self._now()
        with self._lock:
            if 0 <= now - self._written.get(user, 0) < WRITE_EVERY_S:
                return
            self._written[user] = now
        self._connection.command("ZADD", DUTY_KEY, int(now), user)
        self._connection.command("ZREMRANGEBYSCORE", DUTY_KEY, "-inf", int(now) - DAY_S)
        self._connection.command("EXPIRE", DUTY_KEY, DAY_S)

    def end(self, user: str) -> None:
        """An advisor has logged out."""
        with self._lock:
            self._written.pop(user, None)
        self._connection.command("ZREM", DUTY_KEY, user)

    def users(self) -> list[str]:
        """Who is on duty, in order of their ids."""
        since = int(self._now()) - ON_DUTY_S
        return sorted(user.decode() for user in self._connection.command("ZRANGEBYSCORE", DUTY_KEY, since, "+inf"))
