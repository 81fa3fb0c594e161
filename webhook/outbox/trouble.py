"""Whether the provider itself is in trouble: then messages wait, instead of each using up its attempts in vain.

One lost answer is an accident. Several in a row, whoever they were for, are an outage: from then on one message is tried
every few seconds, then more and more seldom, and all others wait until one is answered.
"""

import threading
from collections.abc import Callable

from webhook.outbox.outcomes import Answer

ENOUGH_IN_A_ROW = 3
MOST_SELDOM = 32
"""Times the first pause: what waits must not be kept much longer than the outage lasts."""


class Trouble:
    """What the answers of one process tell. Safe from any thread. `pause_s` is the first pause, in seconds of `clock`."""

    def __init__(self, pause_s: float, clock: Callable[[], float]) -> None:
        self._pause_s = pause_s
        self._clock = clock
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._next_at: float | None = None  # None: no trouble

    def waits_s(self) -> float:
        """How long a message must wait before it is looked at again; 0 if it may go. While there is trouble, one may go."""
        if self._next_at is None:  # the usual case takes no lock
            return 0.0
        with self._lock:
            now = self._clock()
            if self._next_at is None:
                return 0.0
            if now < self._next_at:
                return self._next_at - now
            self._next_at = now + self._pause()
            return 0.0

    def told_by(self, answer: Answer) -> None:
        """Take what came of one request."""
        with self._lock:
            if not answer.is_unknown:
                self._in_a_row, self._next_at = 0, None
                return
            self._in_a_row += 1
            if self._in_a_row >= ENOUGH_IN_A_ROW:
                self._next_at = self._clock() + self._pause()

    def _pause(self) -> float:
        times: int = 2 ** min(self._in_a_row - ENOUGH_IN_A_ROW, 9)
        return self._pause_s * min(times, MOST_SELDOM)
